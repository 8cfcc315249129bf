"""The task model has no room beside the chat model."""

from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import size
from tray_app.core.values.finding import TaskModelDoesNotFit
from tray_app.core.values.fit import Verdict


def sentence(finding: TaskModelDoesNotFit, tr: Translator) -> str:
    if finding.verdict is Verdict.SPILLS:
        text = tr.gettext(
            "The task model {model} has no room beside {chat} (needs {need}, left {room}): "
            "it would run on the slow CPU."
        )
    else:
        text = tr.gettext(
            "The task model {model} has no room beside {chat} (needs {need}, left {room}): Ollama evicts {chat} "
            "for every task."
        )
    chat = short(finding.chat_model)
    need, room = size(finding.need_bytes), size(finding.room_bytes)
    return text.format(model=short(finding.model), chat=chat, need=need, room=room)


def headline(finding: TaskModelDoesNotFit, tr: Translator) -> str:
    return tr.gettext("{model} does not fit beside the chat model").format(model=short(finding.model))


def labels(tr: Translator) -> dict[str, str]:
    return {
        "need_bytes": tr.gettext("Needed"),
        "room_bytes": tr.gettext("Left"),
        "chat_model": tr.gettext("Chat model"),
    }
