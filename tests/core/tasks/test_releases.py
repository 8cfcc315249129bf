"""Every boundary between two releases of Open WebUI: what we do at the release before it, and at it.

The releases before are real ones: what is newest below a boundary among those that were published.
"""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.core.machines import facts, installed, listed, loaded, machine, settings, web_ui
from tests.core.offers import by_id, diagnosis, ids, offered
from tests.core.requests.test_count import ALL_ON, World, clients, slot
from tray_app.app.doing.read_backs import ReadBacks
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.chat_first import why_not
from tray_app.core.remedies.strategy import StrategyReason
from tray_app.core.tasks import openai_connections, releases
from tray_app.core.tasks.releases import TASK_KINDS, endpoint, runs, support
from tray_app.core.tasks.slots import slot_for
from tray_app.core.tasks.target import TaskServer, come_unasked
from tray_app.core.tasks.written import Flaw, draft_of
from tray_app.core.values.errors.service import NotFound, Refused, RefusedBecause
from tray_app.core.values.finding import Unusable
from tray_app.core.values.reading import Known
from tray_app.core.values.task_settings import TASKS, Comes, DocumentKind, Setting, Switch
from tray_app.core.values.token import Token
from tray_app.core.values.version import parse_version
from tray_app.services import _webui_models
from tray_app.services.open_webui import OpenWebUIClient

BIG = loaded("qwen3:32b", 19.7)
ANSWERS = {
    "/api/config": {"version": "0", "features": {"auth": True}},
    "/api/task/config": {"TASK_MODEL": "", "TASK_MODEL_EXTERNAL": ""},
    "/api/v1/tasks/config": {"TASK_MODEL": "", "TASK_MODEL_EXTERNAL": ""},
    "/api/tasks": {"tasks": []},
    "/api/v1/users/user/settings": {"ui": {"promptAutocomplete": True}},
    "/openai/config": {"OPENAI_API_BASE_URLS": []},
    "/openai/urls": {"OPENAI_API_BASE_URLS": []},
    "/ollama/config": {"ENABLE_OLLAMA_API": True, "OLLAMA_BASE_URLS": [], "OLLAMA_API_CONFIGS": {}},
}


class Wire:
    """Answers like a server of this release, on the paths of all, and keeps the paths that were asked for."""

    url = origin = "http://127.0.0.1:3000"
    token: Token | None = None
    refuses: Refused | None = None

    def __init__(self, release: str) -> None:
        self.release = release
        self.asked: list[str] = []

    def ask_first(self, path: str, check: Callable[[Any], object]) -> None:
        """It asks nothing by itself: there is no connection."""

    def tells_token(self, text: str) -> bool:
        """Nothing is sent with a token here, so no answer can repeat it."""
        return self.token is not None and self.token.value in text

    def get_json(self, path: str, **_options: Any) -> Any:
        self.asked.append(path)
        if self.refuses is not None and path == "/ollama/config":
            raise self.refuses
        return {"version": self.release} if path == "/api/version" else ANSWERS[path]

    def post_json(self, path: str, _body: Any, **_options: Any) -> Any:
        self.asked.append(path)
        return {"model": "m", "choices": []}


def asked(release: str, call: str, *args: Any) -> str:
    """The last path that a client asks a server of this release for; `not asked` where it knows better."""
    wire = Wire(release)
    client = OpenWebUIClient(wire)  # type: ignore[arg-type]
    try:
        getattr(client, call)(*args)
    except NotFound:
        return "not asked"
    return wire.asked[-1]


def document_path(release: str) -> str:
    return asked(release, "read_document")


def connections_path(release: str) -> str:
    return asked(release, "read_document", DocumentKind.OLLAMA_CONNECTIONS)


def plain_title(release: str) -> Flaw | None:
    return draft_of(Setting.TITLES, "Memory and Models", parse_version(release) or releases.OLDEST).flaw


def is_too_old_for_chat_first(release: str) -> bool:
    seen = facts(machine(BIG, open_webui=web_ui(listed("qwen3:32b"), version=release)))
    return why_not(Case(seen, diagnosis(), relay_port=11435)) is StrategyReason.OLDER_OPEN_WEBUI


def hosted_settings(release: str) -> str:
    return openai_connections.named_by(parse_version(release))


def hosts_path(release: str) -> str:
    return asked(release, "outside")


def search_path(release: str) -> str:
    return asked(release, "run_task", Setting.SEARCH_QUERIES, "m").rpartition("/completions")[0].rpartition("/")[2]


def running_path(release: str) -> str:
    return asked(release, "busy_chats")


def account_path(release: str) -> str:
    return asked(release, "own_autocomplete")


def keys_off(release: str) -> RefusedBecause | None:
    """Why a key is refused that the server says keys are off to."""
    wire = Wire(release)
    wire.token = Token("sk-1")
    wire.refuses = Refused(wire.url, RefusedBecause.KEYS_OFF)
    client = OpenWebUIClient(wire)  # type: ignore[arg-type]
    client.access()
    return client.refusal()


def public_without_record(release: str) -> bool | None:
    (entry,) = _webui_models.decode([{"id": "m"}], parse_version(release) or releases.OLDEST)
    return entry.public


def private_task_model(release: str) -> Unusable | None:
    ui = web_ui(
        listed("qwen3:32b"),
        listed("gemma3:1b", public=False),
        tasks=settings(task_model="gemma3:1b"),
        version=release,
        user_count=Known(2, 0.0),
    )
    found = facts(machine(BIG, open_webui=ui)).target("qwen3:32b")
    return found.unusable if found is not None else None


def stop_is_offered(release: str) -> bool:
    return "stop-generations" in ids(offered(machine(BIG, open_webui=web_ui(listed("qwen3:32b"), version=release))))


def autocomplete_unasked(release: str) -> bool:
    """By the server's switch alone."""
    return Setting.AUTOCOMPLETE in come_unasked(TaskServer(settings(autocomplete=Switch.ON), parse_version(release)))


def slot_of_outside_model(release: str) -> Setting:
    """Of an entry that Ollama owns and whose connection is external."""
    return slot_for(listed("qwen3:32b", connection_type="external"), parse_version(release) or releases.OLDEST)


def five_idle_connections(release: str) -> Any:
    """What waits when five connections stay while one request runs: kept ones prove nothing."""
    world = World(release)
    answer = world.poll(clients(5), (slot(0),), at_runner=1)
    return answer.waiting.value if isinstance(answer.waiting, Known) else None


def first_request_of_a_chat(release: str) -> str:
    (one,) = World(release, ALL_ON).poll(clients(1), (slot(0),), busy=1).active
    return one.reason


def title_first_off(release: str) -> tuple[str, str]:
    """The first switch after follow-ups, and why titles go off."""
    found = offered(machine(BIG, open_webui=web_ui(listed("qwen3:32b"), version=release)))
    switches = [one.id for one in found if one.id in {"titles-off", "tags-off"}]
    return switches[0], by_id(found, "titles-off").reason


def a_thousand_tokens(release: str) -> str:
    (one,) = World(release, ALL_ON).poll((), (slot(0, limit=1000),)).active
    return one.reason


KEYS_OFF, EITHER = RefusedBecause.KEYS_OFF, RefusedBecause.KEYS_OFF_OR_RESTRICTED


def reads_after_a_write(release: str) -> int:
    wire = Wire(release)
    return len(ReadBacks(OpenWebUIClient(wire), sleep=lambda seconds: None).all(DocumentKind.TASK_SETTINGS))  # type: ignore[arg-type]


BEHAVIOUR = [
    ("OLDEST", "0.2.5", "0.3.0", document_path, "not asked", "/api/task/config"),
    ("OPENAI_CONFIG_SINCE", "0.3.35", "0.4.0", hosts_path, "/openai/urls", "/openai/config"),
    ("MODEL_ACCESS_SINCE", "0.3.35", "0.4.0", public_without_record, True, False),
    ("MODEL_ACCESS_SINCE", "0.3.35", "0.4.0", private_task_model, None, Unusable.PRIVATE),
    ("QUERIES_SINCE", "0.3.35", "0.4.0", search_path, "query", "queries"),
    ("UNDER_V1", "0.4.8", "0.5.0", document_path, "/api/task/config", "/api/v1/tasks/config"),
    ("GENERATIONS_SINCE", "0.4.8", "0.5.0", running_path, "not asked", "/api/tasks"),
    ("GENERATIONS_SINCE", "0.4.8", "0.5.0", stop_is_offered, False, True),
    ("KEYS_LIMITED_SINCE", "0.4.8", "0.5.0", keys_off, KEYS_OFF, EITHER),
    ("KEYS_TOLD_APART_SINCE", "0.6.36", "0.6.37", keys_off, EITHER, KEYS_OFF),
    ("AUTOCOMPLETE_BY_ACCOUNT", "0.5.20", "0.6.0", account_path, "not asked", "/api/v1/users/user/settings"),
    ("AUTOCOMPLETE_BY_ACCOUNT", "0.5.20", "0.6.0", autocomplete_unasked, True, False),
    ("SLOT_BY_CONNECTION", "0.6.10", "0.6.11", slot_of_outside_model, Setting.TASK_MODEL, Setting.TASK_MODEL_EXTERNAL),
    ("KEEPS_CONNECTIONS_SINCE", "0.8.12", "0.9.0", five_idle_connections, 4, None),
    ("SHARED_SETTINGS_SINCE", "0.9.6", "0.10.0", reads_after_a_write, 52, 4),
    ("CONFIGS_BY_NUMBER_SINCE", "0.5.0", "0.5.1", hosted_settings, "address", "number"),
    ("CONNECTIONS_BY_NUMBER_SINCE", "0.5.14", "0.5.15", connections_path, "not asked", "/ollama/config"),
    ("JSON_TITLES_SINCE", "0.5.7", "0.5.8", plain_title, None, Flaw.NO_JSON),
    ("TASK_IN_HEADERS_SINCE", "0.9.6", "0.10.0", is_too_old_for_chat_first, True, False),
    ("TITLE_BESIDE_ANSWER", "0.9.6", "0.10.0", first_request_of_a_chat, "first-of-chat", "no-evidence"),
    (
        "TITLE_BESIDE_ANSWER",
        "0.9.6",
        "0.10.0",
        title_first_off,
        ("tags-off", "first-message"),
        ("titles-off", "beside-answer"),
    ),
    ("TITLE_LIMIT_SINCE", "0.11.0", "0.11.1", a_thousand_tokens, "no-evidence", "title-limit"),
]
OTHERS = {"NEWEST_SEEN", "TITLE_LIMIT_LOST", "DIRECT_SINCE", "DIRECT_SEES_MODELS_SINCE", "IMPORT_KEEPS_SINCE"}


@pytest.mark.parametrize(
    ("name", "before", "at", "does", "then", "now"), BEHAVIOUR, ids=[f"{row[0]}-{row[3].__name__}" for row in BEHAVIOUR]
)
def test_a_boundary_changes_what_we_do(name, before, at, does, then, now):
    assert getattr(releases, name) == parse_version(at)
    assert (does(before), does(at)) == (then, now)


def test_no_boundary_is_left_out():
    boundaries = {name for name, value in vars(releases).items() if isinstance(value, tuple) and len(value) == 3}
    assert boundaries == {row[0] for row in BEHAVIOUR} | OTHERS


def test_a_version_that_cannot_be_read_is_the_newest_that_was_seen():
    assert facts(machine(open_webui=web_ui(version="main"))).release == releases.NEWEST_SEEN == (0, 12, 4)


# The last release without it, the first with it, as read in the published releases' forms and routes.
SWITCHES = [
    (Setting.TITLES, "0.5.11", "0.5.12"),
    (Setting.TAGS, "0.3.35", "0.4.0"),
    (Setting.FOLLOW_UPS, "0.6.13", "0.6.14"),
    (Setting.AUTOCOMPLETE, "0.4.6", "0.4.7"),
    (Setting.SEARCH_QUERIES, "0.3.19", "0.3.20"),
    (Setting.RETRIEVAL_QUERIES, "0.3.35", "0.4.0"),
    (Setting.TASK_MODEL, "0.2.5", "0.3.0"),
    (Setting.TASK_MODEL_EXTERNAL, "0.2.5", "0.3.0"),
    (Setting.TASK_MODEL_PARAMS, "0.11.0", "0.11.1"),
]
RUNS = [
    (Setting.TITLES, "0.2.5", "0.3.0"),
    (Setting.TAGS, "0.3.32", "0.3.33"),
    (Setting.FOLLOW_UPS, "0.6.13", "0.6.14"),
    (Setting.AUTOCOMPLETE, "0.4.6", "0.4.7"),
    (Setting.SEARCH_QUERIES, "0.2.5", "0.3.0"),
    (Setting.RETRIEVAL_QUERIES, "0.3.35", "0.4.0"),
]


@pytest.mark.parametrize(("setting", "without", "first"), SWITCHES)
def test_the_first_release_with_a_setting(setting, without, first):
    assert not support(parse_version(without), setting)
    assert support(parse_version(first), setting)
    assert support((99, 0, 0), setting)


@pytest.mark.parametrize(("task", "without", "first"), RUNS)
def test_the_first_release_with_a_task(task, without, first):
    assert not runs(parse_version(without), task)
    assert runs(parse_version(first), task)
    assert asked(without, "run_task", task, "m") == "not asked"
    assert asked(first, "run_task", task, "m").endswith("/completions")


def test_every_task_and_setting_has_its_rows():
    assert [row[0] for row in SWITCHES] == list(releases.SINCE)
    assert [row[0] for row in RUNS] == list(TASKS) == list(TASK_KINDS)


def test_a_task_that_comes_by_itself_saves_a_call():
    """One call on the first message each; follow-ups also on every later one; what the user does cannot be counted."""
    both = {one.id: one.effect for one in offered(machine(BIG, open_webui=web_ui(listed("qwen3:32b"))))}
    saved = {task: (both[f"{task}-off"].calls_per_message, both[f"{task}-off"].calls_per_chat) for task in TASKS[:3]}
    assert saved == {Setting.TITLES: (0, 1), Setting.TAGS: (0, 1), Setting.FOLLOW_UPS: (1, 1)}
    for task in (Setting.SEARCH_QUERIES, Setting.RETRIEVAL_QUERIES):
        assert (both[f"{task}-off"].calls_per_message, both[f"{task}-off"].calls_per_chat) == (None, None)
    assert (both["all-tasks-off"].calls_per_message, both["all-tasks-off"].calls_per_chat) == (1, 3)


def test_switches_are_offered_by_the_calls_they_cause():
    on = settings(autocomplete=Switch.ON)
    have = (installed("qwen3:32b"),)
    for release, order in (
        ("0.12.4", ["follow-ups", "titles", "tags", "autocomplete", "retrieval-queries", "search-queries"]),
        ("0.9.6", ["follow-ups", "tags", "titles", "autocomplete", "retrieval-queries", "search-queries"]),
        ("0.5.20", ["autocomplete", "tags", "titles", "retrieval-queries", "search-queries"]),
    ):
        tasks = on if release != "0.5.20" else replace(on, follow_ups=Switch.UNSUPPORTED)
        ui = web_ui(listed("qwen3:32b"), version=release, tasks=tasks)
        found = [one.id for one in offered(machine(BIG, have=have, open_webui=ui)) if one.strategy == "fewer-tasks"]
        assert [one.removesuffix("-off") for one in found if one != "all-tasks-off"] == order


def test_each_task_has_its_own_words_for_the_server():
    names = {task: (kind.endpoint, kind.call_type, kind.comes) for task, kind in TASK_KINDS.items()}
    assert names == {
        Setting.TITLES: ("title", "", Comes.FIRST_MESSAGE),
        Setting.TAGS: ("tags", "", Comes.FIRST_MESSAGE),
        Setting.FOLLOW_UPS: ("follow_up", "", Comes.EVERY_MESSAGE),
        Setting.AUTOCOMPLETE: ("auto", "general", Comes.WHILE_TYPING),
        Setting.SEARCH_QUERIES: ("queries", "web_search", Comes.WEB_SEARCH),
        Setting.RETRIEVAL_QUERIES: ("queries", "retrieval", Comes.FILES),
    }
    assert endpoint((0, 12, 4), Setting.TAGS) == "tags"
