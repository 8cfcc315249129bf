"""Where automatic relief stands, for the menu."""

from tray_app.core.text.text import Translator
from tray_app.core.values.remedy import ReliefStage


def standing(stage: ReliefStage, tr: Translator) -> str:
    """What it does now that it would otherwise not; empty where the row's own words say it."""
    return {
        ReliefStage.OFF: "",
        ReliefStage.READY: "",
        ReliefStage.IN_FORCE: tr.gettext("In force now; taken back when it is calm again"),
        ReliefStage.LEFT_TO_USER: tr.gettext("You took it back: to have it again, choose Off and then it"),
        ReliefStage.COOLS_DOWN: tr.gettext("Used a short while ago: not again so soon"),
        ReliefStage.NOT_OFFERED: tr.gettext("Not among the fixes for what is found now"),
        ReliefStage.ASKS: tr.gettext("It asks first now: choose it among the fixes"),
        ReliefStage.NOT_ALLOWED: tr.gettext("Open WebUI's settings cannot be changed from here now"),
    }[stage]
