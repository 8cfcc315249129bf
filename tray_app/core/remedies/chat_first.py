"""Chat first: everything stays on, and nothing stands before a chat."""

from tray_app.core.remedies.case import Case
from tray_app.core.remedies.switches import planned, running_tasks
from tray_app.core.tasks.ollama_connections import told_as
from tray_app.core.tasks.releases import TASK_IN_HEADERS_SINCE
from tray_app.core.tasks.same_ollama import relay_address
from tray_app.core.values.plan import Action, ActionKind, Change, Plan
from tray_app.core.values.remedy import PutChatsFirst, Reason, is_chat_first
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import parse_version


def chat_first(here: Case, port: int) -> PutChatsFirst | None:
    """Where tasks run, Open WebUI can tell what a request is for, and a connection of it leads to the watched Ollama.

    `port`: where our relay stands.
    """
    facts = here.facts
    server = facts.open_webui
    version = parse_version(server.version) if server is not None else None
    if version is None or version < TASK_IN_HEADERS_SINCE or facts.is_remote or not running_tasks(here):
        return None
    if facts.written is None or any(is_chat_first(one.remedy) for one in facts.written):
        return None
    led = [one for one in facts.overview.connections or () if one.watched]
    if not led:
        return None
    changes = tuple(
        Change(
            Setting.OLLAMA_CONNECTION,
            told_as(one.url, ours=one.tells_task),
            told_as(relay_address(one.url, port), ours=True),
            str(one.index),
        )
        for one in led
    )
    start = Action(ActionKind.START_RELAY, f"127.0.0.1:{port}")
    return planned(here, PutChatsFirst(reason=Reason.TASKS_WAIT, plan=Plan(changes, (start,))))
