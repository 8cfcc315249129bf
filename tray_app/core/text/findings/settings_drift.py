"""A setting was changed elsewhere."""

from tray_app.core.text.names import short
from tray_app.core.text.plan import value_word
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import SettingsDrift


def sentence(finding: SettingsDrift, tr: Translator) -> str:
    name, written, now = _drifted(finding, tr)
    return tr.gettext(
        "{name} is {now} now; Elbowroom had set {written}. It was changed elsewhere, or Open WebUI was restarted and "
        "does not keep settings (ENABLE_PERSISTENT_CONFIG=False)."
    ).format(name=name, written=written, now=now)


def _drifted(finding: SettingsDrift, tr: Translator) -> tuple[str, str, str]:
    written, now = (short(value_word(finding.setting, value, tr)) for value in (finding.written, finding.now))
    return setting_name(finding.setting, tr), written, now


def headline(finding: SettingsDrift, tr: Translator) -> str:
    name, written, _now = _drifted(finding, tr)
    return tr.gettext("{name} is no longer {written}").format(name=name, written=written)


def labels(tr: Translator) -> dict[str, str]:
    return {
        "written": tr.gettext("We set"),
        "now": tr.gettext("Now"),
    }
