"""For every reason of a remedy, and of an answer to the problem: a situation that gives exactly it, and a neighbour that
does not. A reason that is new fails here until it has both, and a sentence of its own."""

import pytest
from msgspec.structs import replace

from tests.core.findings import example
from tests.core.machines import HOSTED, NOW, facts, installed, listed, loaded, machine, settings, web_ui
from tests.core.offers import BIG, CHAT, LISTED, PLAIN, SMALL, THINKER, THREE_B, here
from tests.english import TR
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.ranked import remedies
from tray_app.core.remedies.strategies import strategies
from tray_app.core.remedies.strategy import Reach, Strategy, StrategyReason
from tray_app.core.report.work import TaskWork
from tray_app.core.text import remedy as words
from tray_app.core.text import ways
from tray_app.core.values.connections import OllamaConnection, Owner, Price, Served
from tray_app.core.values.errors.service import RefusedBecause
from tray_app.core.values.finding import (
    Diagnosis,
    Level,
    ModelSpills,
    ModelThrash,
    PromptCacheGrowth,
    Stuck,
    TaskModelDoesNotFit,
    TaskStorm,
    ThrashCause,
)
from tray_app.core.values.fit import Verdict
from tray_app.core.values.plan import Event, Record
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.remedy import EndRunner, Reason, StrategyKind, SwitchOff
from tray_app.core.values.snapshot import Access, Pressure, Processes, ProcessRole, ServerConfig, WatchedProcess
from tray_app.core.values.task_settings import Setting, Switch

STORM = (example(TaskStorm),)
SPILLS = (example(ModelSpills),)
UNREAD = Unknown(Why.TIMED_OUT)
OFF = dict.fromkeys(("titles", "tags", "follow_ups", "search_queries", "retrieval_queries"), Switch.OFF)
TYPING = settings(autocomplete=Switch.ON)
GEMMA = "task-model:gemma3:1b"
USERS = {count: web_ui(*LISTED, user_count=Known(count, NOW)) for count in (1, 2)}
SPILLING = loaded("qwen3:32b", 27, 24, 32768)  # 3 GiB run on the CPU, its context takes 8


def ui(**changes):
    return web_ui(*LISTED, HOSTED, **changes)


def misfit(verdict):
    """llama3.2:3b is the task model."""
    found = (example(TaskModelDoesNotFit, verdict=verdict),)
    return here(ui=ui(tasks=settings(task_model="llama3.2:3b"))), found


def swapping(task_model):
    found = (example(ModelThrash, cause=ThrashCause.EVICTION, task_model=task_model), *misfit(Verdict.SPILLS)[1])
    return here(ui=ui(tasks=settings(task_model="llama3.2:3b"))), found


def hosted_at(host):
    return here(ui=web_ui(*LISTED, replace(HOSTED, host=host)))


def connected(*models, **changes):
    """`limited`: only chosen models are listed of its connection to our Ollama."""
    limited = changes.pop("limited", False)
    ours = OllamaConnection(0, "http://127.0.0.1:11434", limited=limited, watched=True)
    return web_ui(*models, connections=Known((ours,), NOW), **changes)


def reached(access, **changes):
    """Open WebUI with such a sign-in; where it may not read them, without its settings."""
    readable = access in (Access.USER, Access.ADMIN)
    made = ui(access=access, **changes)
    return here(ui=made if readable else replace(made, tasks=UNREAD, models=UNREAD))


LEFT_BEHIND = EndRunner(model="qwen3:32b", pid=4711, reason=Reason.SERVES_NOBODY)


def left_behind(*, mine):
    """The runner of the example, of our own user or of another one."""
    role = ProcessRole.OLLAMA_RUNNER
    runner = WatchedProcess(4711, 1.0, role, "llama-server", model="qwen3:32b", owner=Owner.NOBODY, mine=mine)
    return here(processes=Known(Processes((runner,)), NOW)), (example(Stuck),)


# The remedy that is asked about; the situation and a neighbour: a machine, or a machine and what was found there.
REASONS = {
    Reason.EVERY_MESSAGE: ("follow-ups-off", here(), here(ui=ui(access=Access.USER))),
    Reason.FIRST_MESSAGE: ("titles-off", here(ui=ui(version="0.9.6")), here(ui=ui(version="0.10.0"))),
    Reason.BESIDE_ANSWER: ("titles-off", here(ui=ui(version="0.10.0")), here(ui=ui(version="0.9.6"))),
    Reason.WHILE_TYPING: (
        "autocomplete-off",
        here(ui=ui(tasks=TYPING, own_autocomplete=Known(True, NOW))),
        here(ui=ui(tasks=TYPING)),
    ),
    Reason.WHERE_SWITCHED_ON: (
        "autocomplete-off",
        here(ui=ui(tasks=TYPING)),
        here(ui=ui(tasks=TYPING, version="0.5.20")),
    ),
    Reason.WEB_SEARCH: (
        "search-queries-off",
        here(),
        here(ui=ui(tasks=settings(search_queries=Switch.OFF))),
    ),
    Reason.FILES: (
        "retrieval-queries-off",
        here(),
        here(ui=ui(tasks=settings(retrieval_queries=Switch.OFF))),
    ),
    Reason.PLAIN_CHAT: (
        "all-tasks-off",
        here(),
        here(ui=ui(version="0.5.10", tasks=settings(titles=Switch.UNSUPPORTED, follow_ups=Switch.UNSUPPORTED))),
    ),
    Reason.SOME_HAVE_NO_SWITCH: (
        "all-tasks-off",
        here(ui=ui(version="0.5.10", tasks=settings(titles=Switch.UNSUPPORTED, follow_ups=Switch.UNSUPPORTED))),
        here(ui=ui(version="0.5.12", tasks=settings(follow_ups=Switch.UNSUPPORTED))),
    ),
    Reason.THINKS_BEFORE_TITLE: (
        "no-thinking-in-tasks",
        here(),
        here(ui=ui(tasks=settings(task_model="gemma3:1b"))),
    ),
    Reason.TAKES_ITS_PLACE: ("same-as-chat", misfit(Verdict.EVICTS), misfit(Verdict.SPILLS)),
    Reason.NO_ROOM_FOR_BOTH: ("same-as-chat", swapping(None), swapping("llama3.2:3b")),
    Reason.FITS_BESIDE: (GEMMA, here(), here(pressure=Pressure.WARNING)),
    Reason.BARELY_FITS: (GEMMA, here(available_gib=1.3), here(pressure=Pressure.WARNING)),
    Reason.MEMORY_IS_SHORT: (GEMMA, here(pressure=Pressure.WARNING), here(available_gib=1.3)),
    Reason.FIT_UNKNOWN: (GEMMA, here(memory=UNREAD), here()),
    Reason.HOSTED: ("hosted-task-model:openai/gpt-5-mini", hosted_at("openrouter.ai"), hosted_at("127.0.0.1")),
    Reason.HOSTED_HERE: ("hosted-task-model:openai/gpt-5-mini", hosted_at("localhost"), hosted_at("nas.local")),
    Reason.ENDS_ANSWERS: ("stop-generations", here(ui=USERS[1]), here(ui=USERS[2])),
    Reason.ENDS_ANSWERS_OF_ALL: ("stop-generations", here(ui=USERS[2]), here(ui=USERS[1])),
    Reason.MAY_END_ANSWERS_OF_OTHERS: ("stop-generations", here(ui=ui(user_count=UNREAD)), here(ui=USERS[2])),
    Reason.FREES_MEMORY: ("unload:qwen3:32b", here(), (here(), (example(ModelThrash),))),
    Reason.SERVES_NOBODY: (LEFT_BEHIND.id, left_behind(mine=True), left_behind(mine=False)),
    Reason.CHAT_MODEL_ALONE_SPILLS: (
        "context-length",
        (here(loaded("qwen3:32b", 27, 12, 32768), budget_gib=12), SPILLS),
        (here(SPILLING, budget_gib=24.96, available_gib=3), SPILLS),
    ),
    Reason.CONTEXT_SPILLS: (
        "context-length",
        (here(SPILLING, budget_gib=24.96, available_gib=3), SPILLS),
        (here(SPILLING, budget_gib=24.96, have=()), SPILLS),  # nothing tells what a smaller one would save
    ),
    Reason.LONG_CONTEXT: (
        "context-length",
        (here(SPILLING, loaded("gemma3:1b", 1), budget_gib=24.96), SPILLS),
        (here(SPILLING, budget_gib=24.96), SPILLS),
    ),
    Reason.SMALLER_CONTEXT_MEMORY: ("kv-cache-type", here(), here(config=ServerConfig(kv_cache_type="q8_0"))),
    Reason.SLOTS_RESERVE_MEMORY: ("num-parallel", here(config=ServerConfig(num_parallel=2)), here()),
    Reason.ONE_MODEL_ONLY: (
        "max-loaded-models",
        (here(config=ServerConfig(max_loaded_models=1)), (example(ModelThrash),)),
        (here(config=ServerConfig(max_loaded_models=2)), (example(ModelThrash),)),
    ),
    Reason.MODELS_STAY: ("keep-alive", here(BIG, loaded("gemma3:1b", 1)), here(BIG)),
    Reason.PROMPT_CACHE: (
        "cache-ram",
        (here(), (example(PromptCacheGrowth),)),
        (here(version="0.24.0"), (example(PromptCacheGrowth),)),
    ),
    Reason.TASKS_WAIT: (
        "chat-first",
        here(ui=connected(*LISTED, version="0.10.0")),
        here(ui=connected(*LISTED, version="0.9.6")),
    ),
    Reason.NEEDS_CONNECT: ("follow-ups-off", reached(Access.NONE), reached(Access.REFUSED)),
    Reason.NEEDS_NEW_SIGN_IN: (
        "follow-ups-off",
        reached(Access.REFUSED, refused=RefusedBecause.EXPIRED),
        reached(Access.NONE),
    ),
    Reason.NEEDS_ADMIN: ("follow-ups-off", reached(Access.USER), reached(Access.ADMIN)),
    Reason.SETTINGS_UNREAD: ("follow-ups-off", here(ui=replace(ui(), tasks=UNREAD)), here(ui=ui(access=Access.USER))),
}


def reason_of(identity, situation):
    """None where that remedy is not offered."""
    snapshot, found = situation if isinstance(situation, tuple) else (situation, STORM)
    offered = remedies(Case(facts(snapshot), Diagnosis(Level.OVERLOADED, found), relay_port=11435))
    return next((one.reason for one in offered if one.id == identity), None)


def test_every_reason_has_a_situation():
    assert {*REASONS} == {*Reason}


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_told_where_it_is_the_one_and_not_beside_it(reason):
    identity, situation, neighbour = REASONS[reason]
    assert reason_of(identity, situation) is reason
    assert reason_of(identity, neighbour) is not reason


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence_of_its_own(reason):
    said = {one: words.reason(SwitchOff(task=Setting.TAGS, reason=one), TR) for one in Reason}
    assert said[reason].endswith(".")
    assert [one for one in said if said[one] == said[reason]] == [reason]


# --- the three answers ---------------------------------------------------------------------

SMALL_KIND, HOSTED_KIND, FEWER_KIND = StrategyKind.SMALL_MODEL, StrategyKind.HOSTED_MODEL, StrategyKind.FEWER_TASKS
FIRST_KIND = StrategyKind.CHAT_FIRST
PRIVATE = tuple(replace(one, public=False) for one in LISTED)
TWO = Known(2, NOW)
ONLY_BIG = web_ui(listed("qwen3:32b"))
NO_PARAMS = settings(task_model_params=None)
OLDER = web_ui(listed("qwen3:32b"), listed("qwen3:1.7b"), version="0.10.2", tasks=NO_PARAMS)
THINKS = {"have": (CHAT, THINKER), "available_gib": 8, "budget_gib": 26}
FULL = {"budget_gib": 19.8}


WRITTEN = Record("c", NOW, Event.APPLIED, "http://127.0.0.1:8080", remedy="follow-ups-off")


def elsewhere(snapshot, *, local):
    return replace(snapshot, ollama=Known(replace(snapshot.ollama.value, local=local), NOW))


def one_at_a_time(most):
    return here(ui=web_ui(*LISTED), config=ServerConfig(max_loaded_models=most))


def chatting_with(model, size_gib, *others):
    return here(loaded(model, size_gib), have=(installed(model, capabilities=PLAIN), *others), ui=web_ui(listed(model)))


STRATEGY_REASONS = {
    StrategyReason.FITS_BESIDE: (SMALL_KIND, here(), here(pressure=Pressure.WARNING)),
    StrategyReason.NO_SMALL_MODEL_FITS: (SMALL_KIND, here(**FULL), one_at_a_time(1)),
    StrategyReason.ONE_AT_A_TIME: (SMALL_KIND, one_at_a_time(1), one_at_a_time(2)),
    StrategyReason.NONE_TO_TRY: (
        SMALL_KIND,
        # Two prefixes: what a new model would be called is not known.
        here(ui=web_ui(listed("qwen3:32b"), listed("gemma3:27b", id="b.gemma3:27b")), have=(CHAT,)),
        here(ui=ONLY_BIG, have=(CHAT,)),
    ),
    StrategyReason.NEW_ARE_NOT_LISTED: (
        SMALL_KIND,
        here(ui=connected(listed("qwen3:32b"), limited=True)),
        here(ui=connected(listed("qwen3:32b"))),
    ),
    StrategyReason.CHAT_MODEL_IS_SMALL: (
        SMALL_KIND,
        chatting_with("gemma3:1b", 0.5),
        chatting_with("llama3.2:3b", 3),
    ),
    StrategyReason.FITS_BUT_PRIVATE: (
        SMALL_KIND,
        here(ui=web_ui(*PRIVATE, user_count=TWO)),
        here(ui=web_ui(*PRIVATE, user_count=TWO), **FULL),
    ),
    StrategyReason.WOULD_BE_PRIVATE: (
        SMALL_KIND,
        here(ui=replace(ONLY_BIG, user_count=TWO)),
        here(ui=replace(ONLY_BIG, user_count=TWO), **FULL),
    ),
    StrategyReason.FITS_BUT_THINKS: (
        SMALL_KIND,
        here(ui=replace(OLDER, connections=connected(limited=True).connections), **THINKS),
        here(
            ui=replace(OLDER, version="0.12.4", tasks=Known(settings(), NOW)),
            **THINKS,
        ),
    ),
    StrategyReason.IN_USE: (
        SMALL_KIND,
        here(
            ui=replace(connected(*LISTED[:2], limited=True), tasks=Known(settings(task_model="gemma3:1b"), NOW)),
            have=(CHAT, SMALL),
        ),
        here(ui=connected(*LISTED[:2], limited=True), have=(CHAT, SMALL)),
    ),
    StrategyReason.SETTINGS_UNKNOWN: (FEWER_KIND, machine(BIG), here()),
    StrategyReason.MODELS_UNKNOWN: (HOSTED_KIND, here(ui=replace(ui(), models=UNREAD)), here(ui=ONLY_BIG)),
    StrategyReason.NO_CHAT_MODEL: (SMALL_KIND, machine(have=(), open_webui=web_ui(*LISTED)), here()),
    StrategyReason.NO_TASK_IS_ON: (SMALL_KIND, here(ui=ui(tasks=settings(**OFF))), here()),
    StrategyReason.PRESSURE: (SMALL_KIND, here(pressure=Pressure.WARNING), here(available_gib=1.3)),
    StrategyReason.LITTLE_AVAILABLE: (SMALL_KIND, here(available_gib=1.3), here(budget_gib=20.65)),
    StrategyReason.BUDGET_NEARLY_FULL: (SMALL_KIND, here(budget_gib=20.65), here(available_gib=1.3)),
    StrategyReason.FIT_UNKNOWN: (SMALL_KIND, here(memory=UNREAD), here()),
    StrategyReason.LISTED_ALREADY: (HOSTED_KIND, here(), here(ui=ONLY_BIG)),
    StrategyReason.NONE_LISTED: (HOSTED_KIND, here(ui=ONLY_BIG), here(ui=replace(ui(), models=UNREAD))),
    StrategyReason.HOSTED_NOT_FOR_TASKS: (
        HOSTED_KIND,
        here(ui=web_ui(*LISTED, replace(HOSTED, id="openai/whisper-1"))),
        here(ui=web_ui(*LISTED, HOSTED)),
    ),
    StrategyReason.HOSTED_NOT_FOR_ALL: (
        HOSTED_KIND,
        here(ui=web_ui(replace(HOSTED, public=False), user_count=TWO)),
        here(ui=web_ui(replace(HOSTED, public=False), user_count=Known(1, NOW))),
    ),
    StrategyReason.NOTHING_FITS: (FEWER_KIND, (here(**FULL), None), here(**FULL)),
    StrategyReason.SMALL_MODEL_IS_BETTER: (FEWER_KIND, here(), here(**FULL)),
    StrategyReason.NOTHING_TO_SWITCH_OFF: (FEWER_KIND, here(ui=ui(tasks=settings(**OFF))), here()),
    StrategyReason.CHAT_FIRST_IS_BETTER: (FEWER_KIND, here(**FULL), (here(**FULL), None)),
    StrategyReason.TASKS_CAN_WAIT: (FIRST_KIND, here(ui=ui()), here(ui=ui(version="0.9.6"))),
    StrategyReason.CHAT_FIRST_IS_ON: (
        FIRST_KIND,
        replace(here(ui=connected(*LISTED)), written=(replace(WRITTEN, remedy="chat-first"),)),
        replace(here(ui=connected(*LISTED)), written=(WRITTEN,)),
    ),
    StrategyReason.OLDER_OPEN_WEBUI: (
        FIRST_KIND,
        here(ui=connected(*LISTED, version="0.9.6")),
        here(ui=connected(*LISTED, version="0.10.0")),
    ),
    StrategyReason.OLLAMA_ELSEWHERE: (
        FIRST_KIND,
        elsewhere(here(ui=connected(*LISTED)), local=False),
        elsewhere(here(ui=connected(*LISTED)), local=True),
    ),
    StrategyReason.NO_RELAY_HERE: (FIRST_KIND, (here(ui=connected(*LISTED)), None), here(ui=connected(*LISTED))),
    StrategyReason.NO_CONNECTION_HERE: (
        FIRST_KIND,
        here(ui=web_ui(*LISTED, connections=Known((), NOW), ollama_urls=UNREAD)),
        here(ui=connected(*LISTED)),
    ),
    StrategyReason.CONNECTIONS_UNKNOWN: (
        FIRST_KIND,
        here(ui=web_ui(*LISTED, connections=UNREAD, ollama_urls=UNREAD)),
        here(ui=web_ui(*LISTED, connections=Known((), NOW))),
    ),
    StrategyReason.JOURNAL_UNREAD: (
        FIRST_KIND,
        replace(here(ui=connected(*LISTED)), written=None),
        here(ui=connected(*LISTED)),
    ),
}


def told(snapshot, port=11435, work=None):
    found = strategies(Case(facts(snapshot), Diagnosis(Level.OVERLOADED, STORM), relay_port=port), work=work)
    return {one.kind: one for one in found}


def why(kind, situation):
    snapshot, port = situation if isinstance(situation, tuple) else (situation, 11435)
    return told(snapshot, port)[kind].reason


def test_every_reason_of_a_strategy_has_a_situation():
    assert {*STRATEGY_REASONS} == {*StrategyReason}


@pytest.mark.parametrize("reason", StrategyReason)
def test_a_strategy_s_reason_is_told_where_it_is_the_one_and_not_beside_it(reason):
    kind, situation, neighbour = STRATEGY_REASONS[reason]
    assert why(kind, situation) is reason
    assert why(kind, neighbour) is not reason


@pytest.mark.parametrize("reason", StrategyReason)
def test_every_reason_of_a_strategy_has_a_sentence_of_its_own(reason):
    made = {one: ways.why(Strategy(SMALL_KIND, suits=False, reason=one), TR) for one in StrategyReason}
    assert made[reason].endswith((".", "hosted add openrouter.ai"))  # or with what can be typed
    assert [one for one in made if made[one] == made[reason]] == [reason]


def test_the_hosted_model_in_use_is_named_and_not_called_missing():
    """It was said that hosted models are `in use already, or not for everybody`: one of the two, whichever it was."""
    chosen = here(ui=ui(tasks=settings(task_model=HOSTED.id)))
    hosted = told(chosen)[HOSTED_KIND]
    assert (hosted.reason, hosted.subject) == (StrategyReason.IN_USE, HOSTED.id)


def test_a_model_that_is_loaded_already_is_under_no_pressure_that_nobody_measured():
    both = here(BIG, loaded("llama3.2:3b", 0.5), have=(CHAT, THREE_B))
    assert reason_of("task-model:llama3.2:3b", replace(both, memory=UNREAD)) is Reason.FIT_UNKNOWN


# --- what each would mean here -------------------------------------------------------------

ROOMLESS = here(ui=connected(*LISTED, HOSTED), **FULL)
WORK = TaskWork(10, 6.5, ((Setting.FOLLOW_UPS, 4.0), (Setting.TITLES, 2.5)), (("gemma3:1b", 0.8),))


def test_chat_first_suits_where_no_small_model_fits_and_fewer_tasks_where_it_cannot_be():
    def suiting(snapshot, port=11435):
        return [one.kind for one in told(snapshot, port).values() if one.suits]

    assert suiting(ROOMLESS) == [FIRST_KIND]
    assert suiting(ROOMLESS, None) == [FEWER_KIND]
    assert suiting(here(ui=connected(*LISTED))) == [SMALL_KIND]


def test_each_has_its_remedy_its_calls_and_its_seconds():
    ways = told(here(ui=connected(*LISTED, HOSTED)), work=WORK)
    small, hosted, fewer, first = (ways[kind] for kind in (SMALL_KIND, HOSTED_KIND, FEWER_KIND, FIRST_KIND))
    assert [one.remedy.id for one in (small, fewer, first)] == [GEMMA, "follow-ups-off", "chat-first"]
    assert [one.calls for one in (small, hosted, fewer, first)] == [(1, 3), (1, 3), (1, 1), (1, 3)]
    assert [one.seconds_before for one in ways.values()] == [6.5] * 4
    assert [one.seconds_after for one in (small, hosted, fewer, first)] == [0, 0, 2.5, 0]
    assert (small.seconds_there, hosted.seconds_there) == (0.8, None)
    assert (small.usd, hosted.usd, fewer.usd, first.usd) == (0, None, 0, 0)
    assert fewer.lost == (Setting.FOLLOW_UPS,)


def test_seconds_that_nobody_measured_are_not_told():
    ways = told(here(ui=connected(*LISTED, HOSTED)))
    assert {(one.seconds_before, one.seconds_there) for one in ways.values()} == {(None, None)}
    unsaid = replace(WORK, by_task=())
    assert told(here(), work=unsaid)[FEWER_KIND].seconds_after is None


def test_a_price_is_told_where_the_endpoint_tells_one():
    """A title, tags and follow-ups at 0.10 and 0.40 dollars for a million tokens: the most that a message can be."""
    cheap = replace(HOSTED, served=Served(price=Price(1e-7, 4e-7)))
    hosted = told(here(ui=web_ui(*LISTED, cheap)))[HOSTED_KIND]
    assert hosted.usd == pytest.approx(1000 * (2293.25 * 1e-7 + 112.5 * 4e-7))


@pytest.mark.parametrize(
    ("kind", "snapshot", "standing"),
    [
        (SMALL_KIND, here(), Reach.SUITS),
        (FEWER_KIND, here(), Reach.POSSIBLE),
        (HOSTED_KIND, here(ui=ONLY_BIG), Reach.TO_ADD),
        (FIRST_KIND, here(ui=web_ui(*LISTED, version="0.9.6")), Reach.NOT_HERE),
        (SMALL_KIND, here(memory=UNREAD), Reach.UNKNOWN),
        (HOSTED_KIND, here(ui=ui(tasks=settings(task_model=HOSTED.id))), Reach.IN_USE),
        (FEWER_KIND, reached(Access.USER), Reach.NEEDS_ADMIN),
        (FIRST_KIND, machine(BIG), Reach.UNKNOWN),
    ],
)
def test_whether_it_can_be_had_in_a_word(kind, snapshot, standing):
    assert told(snapshot)[kind].reach is standing
