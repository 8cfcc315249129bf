"""What each release of Open WebUI has: its tasks, their settings, and what changed when.

The only place that knows a version of Open WebUI. A new task is one entry of TASK_KINDS; a new boundary is one
constant with its source. Sources are Open WebUI's own files at the released tags, read in 53 versions and tried on
twelve running ones. A document that was read decides before this table does (`key_of`).
"""

from msgspec import Struct

from tray_app.core.values.task_settings import Comes, Setting
from tray_app.core.values.version import FaultyReleases, ReleaseFault, Version

OLDEST: Version = (0, 3, 0)
"""Task settings are in the server from here on (main.py, get_task_config); before, prompts were the browser's own."""
NEWEST_SEEN: Version = (0, 12, 4)
"""What a version that cannot be read is taken for."""
OPENAI_CONFIG_SINCE: Version = (0, 4, 0)
"""Addresses of outside connections: `/openai/urls` before, `/openai/config` from here on (apps/openai/main.py)."""
CONFIGS_BY_NUMBER_SINCE: Version = (0, 5, 1)
"""Settings of outside connections go by position; up to 0.5.0 by address (routers/openai.py, update_config). 0.5.0 and
0.5.15 were read, not those between: where one of them goes by address, every model is listed instead of one."""
MODEL_ACCESS_SINCE: Version = (0, 4, 0)
"""Models have access control, which task calls of ordinary users obey (utils/models.py, check_model_access)."""
QUERIES_SINCE: Version = (0, 4, 0)
"""One task makes queries for searches and files; before, `query` was for searches only (main.py)."""
UNDER_V1: Version = (0, 5, 0)
"""`/api/task/...` before, `/api/v1/tasks/...` from here on: the only path change in all versions (routers/tasks.py)."""
GENERATIONS_SINCE: Version = (0, 5, 0)
"""Running answers are listed and can be stopped (main.py, GET /api/tasks and POST /api/tasks/stop)."""
KEYS_LIMITED_SINCE: Version = (0, 5, 0)
"""API keys can be limited to some addresses; one that is not among them is refused as if keys were off (utils/auth)."""
KEYS_TOLD_APART_SINCE: Version = (0, 6, 37)
"""A limited key is refused in words of its own (utils/auth.py)."""
JSON_TITLES_SINCE: Version = (0, 5, 8)
"""A title is asked for and read as JSON; before, as plain words (config.py, utils/middleware.py)."""
AUTOCOMPLETE_BY_ACCOUNT: Version = (0, 6, 0)
"""An account must switch autocomplete on for itself (settings `ui.promptAutocomplete`); before, all had it."""
SLOT_BY_CONNECTION: Version = (0, 6, 11)
"""The chat model's connection type picks the task slot; before, who owns the model (utils/task.py)."""
KEEPS_CONNECTIONS_SINCE: Version = (0, 9, 0)
"""Connections to Ollama are kept and reused: one per request was seen up to 0.8.12, kept ones from 0.9.6 on."""
SHARED_SETTINGS_SINCE: Version = (0, 10, 0)
"""All workers read the task settings from the database; before, each process keeps its own where there is no Redis."""
CONNECTIONS_BY_NUMBER_SINCE: Version = (0, 5, 15)
"""Settings of an Ollama connection go by its number; by its address before (routers/ollama.py): a write loses these."""
TASK_IN_HEADERS_SINCE: Version = (0, 10, 0)
"""Headers of an Ollama connection, filled with the request's task, user and chat (utils/headers.py); none before."""
TITLE_BESIDE_ANSWER: Version = (0, 10, 0)
"""The title starts with the first answer and competes with it; before, it came after it (main.py)."""
TITLE_LIMIT_LOST: Version = (0, 5, 15)
"""The oldest that was seen without it (routers/tasks.py)..."""
DIRECT_SINCE: Version = (0, 5, 11)
"""Chats over a person's own connection see no other model, so that a task model is ignored (utils/task.py)..."""
DIRECT_SEES_MODELS_SINCE: Version = (0, 9, 3)
"""...up to here: the server's models are merged in."""
IMPORT_KEEPS_SINCE: Version = (0, 10, 0)
"""`POST /api/v1/configs/import` keeps what the file does not name; before, it wiped everything else."""
TITLE_LIMIT_SINCE: Version = (0, 11, 1)
"""Ollama is told of the title's 1,000 tokens; about 0.5.15 to 0.11.0 the number was lost (routers/tasks.py)."""


FAULTS: dict[ReleaseFault, FaultyReleases] = {
    ReleaseFault.TITLE_WITHOUT_LIMIT: FaultyReleases(TITLE_LIMIT_LOST, TITLE_LIMIT_SINCE),
    ReleaseFault.DIRECT_WITHOUT_TASK_MODEL: FaultyReleases(DIRECT_SINCE, DIRECT_SEES_MODELS_SINCE),
    ReleaseFault.IMPORT_WIPES: FaultyReleases(OLDEST, IMPORT_KEEPS_SINCE),
}
"""What is wrong in which releases, and told to people by its name."""


class TaskKind(Struct, frozen=True):
    """What a task is to Open WebUI. `keys`: its switch in the document, the newest name first. `since`: first release
    with that switch; `runs_since`: with the task at all. `endpoint`: the part of the path that names it; `call_type`:
    the `type` that its call carries, empty for none.
    """

    keys: tuple[str, ...]
    since: Version
    runs_since: Version
    comes: Comes
    endpoint: str
    call_type: str = ""


# Fields by release: TaskConfigForm in main.py to 0.4.8, in routers/tasks.py from 0.5.0.
TASK_KINDS: dict[Setting, TaskKind] = {
    Setting.TITLES: TaskKind(
        keys=("ENABLE_TITLE_GENERATION",),
        since=(0, 5, 12),
        runs_since=OLDEST,
        comes=Comes.FIRST_MESSAGE,
        endpoint="title",
    ),
    Setting.TAGS: TaskKind(
        keys=("ENABLE_TAGS_GENERATION",),
        since=(0, 4, 0),
        runs_since=(0, 3, 33),
        comes=Comes.FIRST_MESSAGE,
        endpoint="tags",
    ),
    Setting.FOLLOW_UPS: TaskKind(
        keys=("ENABLE_FOLLOW_UP_GENERATION",),
        since=(0, 6, 14),
        runs_since=(0, 6, 14),
        comes=Comes.EVERY_MESSAGE,
        endpoint="follow_up",
    ),
    Setting.AUTOCOMPLETE: TaskKind(
        keys=("ENABLE_AUTOCOMPLETE_GENERATION",),
        since=(0, 4, 7),
        runs_since=(0, 4, 7),
        comes=Comes.WHILE_TYPING,
        endpoint="auto",
        call_type="general",
    ),
    # 0.3.20-0.3.35 named it ENABLE_SEARCH_QUERY. It came after 0.3.0; 0.3.20 is the oldest that was seen to have it.
    Setting.SEARCH_QUERIES: TaskKind(
        keys=("ENABLE_SEARCH_QUERY_GENERATION", "ENABLE_SEARCH_QUERY"),
        since=(0, 3, 20),
        runs_since=OLDEST,
        comes=Comes.WEB_SEARCH,
        endpoint="queries",
        call_type="web_search",
    ),
    Setting.RETRIEVAL_QUERIES: TaskKind(
        keys=("ENABLE_RETRIEVAL_QUERY_GENERATION",),
        since=QUERIES_SINCE,
        runs_since=QUERIES_SINCE,
        comes=Comes.FILES,
        endpoint="queries",
        call_type="retrieval",
    ),
}
KEYS: dict[Setting, tuple[str, ...]] = {
    **{task: kind.keys for task, kind in TASK_KINDS.items()},
    Setting.TASK_MODEL: ("TASK_MODEL",),
    Setting.TASK_MODEL_EXTERNAL: ("TASK_MODEL_EXTERNAL",),
    Setting.TASK_MODEL_PARAMS: ("TASK_MODEL_PARAMS",),
}
"""Names of each setting in the document, the newest first."""
SINCE: dict[Setting, Version] = {
    **{task: kind.since for task, kind in TASK_KINDS.items()},
    Setting.TASK_MODEL: OLDEST,
    Setting.TASK_MODEL_EXTERNAL: OLDEST,
    Setting.TASK_MODEL_PARAMS: (0, 11, 1),
}
"""First release that has the setting."""


def support(version: Version, setting: Setting) -> bool:
    """Whether a release has this setting. The document itself decides where one was read (`key_of`)."""
    return version >= SINCE[setting]


def runs(version: Version, task: Setting) -> bool:
    """Whether a release has this task, with or without a switch."""
    return version >= TASK_KINDS[task].runs_since


def endpoint(version: Version, task: Setting) -> str:
    """The part of the path that names the task in this release."""
    return "query" if task is Setting.SEARCH_QUERIES and version < QUERIES_SINCE else TASK_KINDS[task].endpoint
