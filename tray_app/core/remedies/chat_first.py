"""Chat first: everything stays on, and nothing stands before a chat."""

from tray_app.core.remedies.case import Case, once
from tray_app.core.remedies.strategy import StrategyReason
from tray_app.core.remedies.switches import planned, running_tasks
from tray_app.core.tasks.ollama_connections import told_as
from tray_app.core.tasks.releases import TASK_IN_HEADERS_SINCE
from tray_app.core.tasks.same_ollama import relay_address
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.plan import Action, ActionKind, Change, Plan
from tray_app.core.values.remedy import PutChatsFirst, Reason, is_chat_first
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import parse_version


def chat_first(here: Case) -> PutChatsFirst | None:
    """Where tasks run, Open WebUI can tell what a call is for, and a connection of it leads to the watched Ollama."""
    led, port = _led(here), here.relay_port
    if port is None or why_not(here) is not StrategyReason.TASKS_CAN_WAIT:
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
    start = Action(ActionKind.START_RELAY, port=port)
    return planned(here, PutChatsFirst(reason=Reason.TASKS_WAIT, plan=Plan(changes, (start,))))


def _led(here: Case) -> list[OllamaConnection]:
    """Open WebUI's connections that lead to the watched Ollama."""
    return [one for one in here.facts.overview.connections or () if one.watched]


@once
def why_not(here: Case) -> StrategyReason:
    """What is missing for it; TASKS_CAN_WAIT where nothing is."""
    facts = here.facts
    server = facts.open_webui
    version = parse_version(server.version) if server is not None else None
    missing = {
        StrategyReason.CHAT_FIRST_IS_ON: any(is_chat_first(one.remedy) for one in facts.written or ()),
        StrategyReason.SETTINGS_UNKNOWN: facts.settings is None,
        StrategyReason.NO_TASK_IS_ON: not running_tasks(here),
        StrategyReason.OLDER_OPEN_WEBUI: version is None or version < TASK_IN_HEADERS_SINCE,
        StrategyReason.OLLAMA_ELSEWHERE: facts.is_remote,
        StrategyReason.NO_RELAY_HERE: here.relay_port is None,
        StrategyReason.JOURNAL_UNREAD: facts.written is None,
        StrategyReason.CONNECTIONS_UNKNOWN: facts.overview.connections is None,
        StrategyReason.NO_CONNECTION_HERE: not _led(here),
    }
    return next((reason for reason, lacks in missing.items() if lacks), StrategyReason.TASKS_CAN_WAIT)
