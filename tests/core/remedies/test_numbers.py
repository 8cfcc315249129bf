"""Times of automatic relief, and what decides between remedies, on both sides."""

import pytest
from msgspec.structs import replace

from tests.core.findings import example
from tests.core.machines import HOSTED, facts, listed, loaded, machine, settings, web_ui
from tests.core.offers import LISTED, diagnosis, here, ids, offered
from tests.core.remedies.test_relief import CALM, STORM, WISH, User
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.relief import ReliefMemory, _cools_down, _is_blind
from tray_app.core.remedies.strategies import strategies
from tray_app.core.remedies.strategy import StrategyReason
from tray_app.core.remedies.switches import autocomplete_hurts
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.finding import (
    AutocompleteOn,
    CauseKind,
    Diagnosis,
    Level,
    MemoryPressure,
    ModelThrash,
    QueueBacklog,
    Severity,
    TaskStorm,
)
from tray_app.core.values.limits import Limits
from tray_app.core.values.reading import Known, Moment, Unknown, Why
from tray_app.core.values.snapshot import Pressure, ServerConfig
from tray_app.core.values.task_settings import Setting, Switch

LIMITS = Limits()
BIG = loaded("qwen3:32b", 19.7)
OFF = dict.fromkeys(("titles", "tags", "follow_ups", "search_queries", "retrieval_queries"), Switch.OFF)


class TestRelief:
    @pytest.mark.parametrize(
        ("passed", "cools"),
        [(0.0, True), (1799.9, True), (1800.0, False), (-0.1, True), (-1799.9, True), (-1800.0, False)],
    )
    def test_a_cool_down_also_where_the_clock_was_set_back(self, passed, cools):
        assert _cools_down(ReliefMemory(at=5e6), Moment(0.0, 5e6 + passed), LIMITS) is cools
        assert not _cools_down(ReliefMemory(), Moment(0.0, 5e6), LIMITS)

    @pytest.mark.parametrize(
        ("level", "undecided", "blind"),
        [
            (Level.CALM, (), False),
            (Level.UNKNOWN, (), True),
            (Level.CALM, (TaskStorm,), True),
            (Level.CALM, (MemoryPressure,), True),
            (Level.CALM, (QueueBacklog,), False),
        ],
    )
    def test_when_nothing_can_be_said(self, level, undecided, blind):
        assert _is_blind(Diagnosis(level, undecided=undecided)) is blind

    @pytest.mark.parametrize(("after", "acts"), [(9.9, []), (10.0, ["follow-ups-off"])])
    def test_overload_must_last(self, after, acts):
        assert User().poll(STORM).poll(STORM, after).acts == acts

    @pytest.mark.parametrize(("after", "undone"), [(19.9, False), (20.0, True)])
    def test_calm_must_last(self, after, undone):
        """600 seconds from the first calm poll on."""
        user = User().poll(STORM).poll(STORM, 10.0).poll(CALM)
        for _ in range(29):
            user.poll(CALM, 20.0)
        assert user.acts == ["follow-ups-off"]
        assert ("undo" in user.poll(CALM, after).acts) is undone

    def test_only_an_overload_calls_for_it_and_only_by_models(self):
        mild = Diagnosis(Level.TIGHT, (replace(example(TaskStorm), severity=Severity.TIGHT),))
        assert User().during(mild, 60).acts == []
        for cause, acts in ((CauseKind.PROGRAM, []), (CauseKind.UNKNOWN, []), (CauseKind.MODEL, ["follow-ups-off"])):
            pressed = replace(example(MemoryPressure), severity=Severity.OVERLOADED, cause=cause)
            assert User().during(Diagnosis(Level.OVERLOADED, (pressed,)), 60).acts == acts

    def test_it_must_be_wished_for(self):
        assert User(replace(WISH, enabled=False)).during(STORM, 60).acts == []
        assert User(replace(WISH, remedy_id="")).during(STORM, 60).acts == []
        assert User(memory=ReliefMemory(blocked_remedy="follow-ups-off")).during(STORM, 60).acts == []


def case(*findings, ui=None, **options):
    made = machine(BIG, open_webui=ui, **options) if ui is not None else machine(BIG, **options)
    return Case(facts(made), Diagnosis(Level.OVERLOADED, findings))


@pytest.mark.parametrize(
    ("release", "own", "severity", "hurts"),
    [
        ("0.12.4", None, None, False),
        ("0.12.4", True, None, True),
        ("0.12.4", None, Severity.INFO, False),
        ("0.12.4", None, Severity.TIGHT, True),
        ("0.5.20", None, None, True),
    ],
)
def test_when_autocomplete_hurts(release, own, severity, hurts):
    asked = Known(own, 0.0) if own is not None else Unknown(Why.NOT_ASKED)
    ui = web_ui(*LISTED, version=release, tasks=settings(autocomplete=Switch.ON), own_autocomplete=asked)
    found = () if severity is None else (replace(example(AutocompleteOn), severity=severity),)
    assert autocomplete_hurts(case(*found, ui=ui)) is hurts
    assert not autocomplete_hurts(case(*found))


def test_all_off_is_offered_from_two_tasks_on():
    one = settings(**(OFF | {"titles": Switch.ON}))
    two = settings(**(OFF | {"titles": Switch.ON, "tags": Switch.ON}))
    assert "all-tasks-off" not in ids(offered(here(ui=web_ui(*LISTED, tasks=one))))
    assert "all-tasks-off" in ids(offered(here(ui=web_ui(*LISTED, tasks=two))))


def test_without_open_webui_no_switch_is_named():
    assert "follow-ups-off" not in ids(offered(machine(BIG)))
    unread = replace(web_ui(*LISTED), tasks=Unknown(Why.DENIED))
    assert "follow-ups-off" in ids(offered(here(ui=unread)))
    older = replace(unread, version="0.6.13")
    assert "follow-ups-off" not in ids(offered(here(ui=older)))


@pytest.mark.parametrize(
    ("ui", "options", "small", "hosted"),
    [
        (None, {}, StrategyReason.FITS_BESIDE, StrategyReason.LISTED_ALREADY),
        (None, {"pressure": Pressure.WARNING}, StrategyReason.PRESSURE, StrategyReason.LISTED_ALREADY),
        (None, {"available_gib": 1.3}, StrategyReason.LITTLE_AVAILABLE, StrategyReason.LISTED_ALREADY),
        (
            web_ui(listed("qwen3:32b"), user_count=Known(2, 0.0)),
            {},
            StrategyReason.WOULD_BE_PRIVATE,
            StrategyReason.NONE_LISTED,
        ),
    ],
)
def test_why_a_strategy_suits_or_does_not(ui, options, small, hosted):
    made = {one.kind.value: one for one in strategies(Case(facts(here(ui=ui, **options)), diagnosis(TaskStorm)))}
    assert (made["small-model"].reason, made["hosted-model"].reason) == (small, hosted)
    fits = small is StrategyReason.FITS_BESIDE
    fewer = StrategyReason.SMALL_MODEL_IS_BETTER if fits else StrategyReason.NOTHING_FITS
    assert (made["fewer-tasks"].reason, made["fewer-tasks"].suits) == (fewer, not fits)
    assert made["hosted-model"].subject == (HOSTED.host if hosted is StrategyReason.LISTED_ALREADY else "")


PRIVATE = tuple(replace(one, public=False) for one in LISTED)
TWO = Known(2, 0.0)


def one_at_a_time():
    """Ollama holds one model, so no second one can lie beside it, however small."""
    snapshot = here(ui=web_ui(*LISTED))
    ollama = replace(snapshot.ollama.value, config=ServerConfig(max_loaded_models=1))
    return replace(snapshot, ollama=Known(ollama, 0.0))


def limited():
    """Open WebUI shows the chosen models of this Ollama alone, and of these only the large one."""
    ours = OllamaConnection(0, "http://127.0.0.1:11434", limited=True, watched=True)
    return replace(web_ui(listed("qwen3:32b")), connections=Known((ours,), 0.0))


@pytest.mark.parametrize(
    ("ui", "hosted", "fewer"),
    [
        (replace(web_ui(), tasks=Unknown(Why.DENIED)), "settings-unknown", "nothing-fits"),
        (web_ui(*LISTED, tasks=settings(**OFF)), "no-task-is-on", "nothing-to-switch-off"),
        (web_ui(listed("qwen3:32b")), "none-listed", "nothing-fits"),
        (web_ui(replace(HOSTED, public=False), user_count=TWO), "hosted-not-for-all", "nothing-fits"),
    ],
)
def test_the_reasons_told_for_the_other_two_are_those_they_were_decided_by(ui, hosted, fewer):
    """Where nothing could be read it was said that no hosted model is listed and that no task is on."""
    options = {"budget_gib": 19.8}
    told = strategies(Case(facts(here(ui=ui, **options)), diagnosis(TaskStorm)))
    assert [one.reason.value for one in told[1:3]] == [hosted, fewer]


def test_without_open_webui_nothing_is_known_of_its_tasks():
    told = strategies(Case(facts(machine(BIG)), diagnosis(TaskStorm)))
    assert {one.reason.value for one in told} == {"settings-unknown"}


def test_where_no_task_does_harm_none_suits_and_the_reasons_are_still_true():
    told = strategies(Case(facts(here(ui=web_ui(*LISTED))), diagnosis()))
    assert [one.suits for one in told] == [False] * 4
    assert told[0].reason is StrategyReason.FITS_BESIDE


@pytest.mark.parametrize(
    ("snapshot", "reason", "subject"),
    [
        (here(ui=web_ui(*PRIVATE, user_count=TWO)), StrategyReason.FITS_BUT_PRIVATE, "gemma3:1b"),
        (here(ui=web_ui(listed("qwen3:32b"), user_count=TWO)), StrategyReason.WOULD_BE_PRIVATE, "qwen2.5:1.5b"),
        # With little left nothing fits, whoever may use it.
        (here(ui=web_ui(*PRIVATE, user_count=TWO), budget_gib=19.8), StrategyReason.NO_SMALL_MODEL_FITS, ""),
        (here(ui=web_ui(*PRIVATE)), StrategyReason.FITS_BESIDE, "gemma3:1b"),
        (here(ui=web_ui(*LISTED, tasks=settings(**OFF))), StrategyReason.NO_TASK_IS_ON, ""),
        (machine(have=(), open_webui=web_ui(*LISTED)), StrategyReason.NO_CHAT_MODEL, ""),
        (one_at_a_time(), StrategyReason.ONE_AT_A_TIME, ""),
        (here(ui=limited()), StrategyReason.NEW_ARE_NOT_LISTED, ""),
        (machine(BIG, open_webui=replace(web_ui(), tasks=Unknown(Why.DENIED))), StrategyReason.SETTINGS_UNKNOWN, ""),
    ],
    ids=lambda one: one.value if isinstance(one, StrategyReason) else "",
)
def test_the_reason_told_for_a_small_model_is_the_one_it_was_decided_by(snapshot, reason, subject):
    """With a second account everybody read that none fits, beside a menu that said it does."""
    small = strategies(Case(facts(snapshot), diagnosis(TaskStorm)))[0]
    assert (small.reason, small.subject) == (reason, subject)


def test_who_is_to_blame():
    program = replace(example(MemoryPressure), cause=CauseKind.PROGRAM)
    model = replace(program, cause=CauseKind.MODEL)
    storm, thrash = example(TaskStorm), example(ModelThrash)
    assert case(program).blames_program
    assert not case(program).tasks_hurt
    assert not case(program, storm).blames_program
    assert not case(program, thrash).blames_program
    assert case(program, storm).tasks_hurt
    assert (case(model).blames_program, case(model).tasks_hurt) == (False, True)
    assert not case(replace(program, cause=CauseKind.UNKNOWN)).tasks_hurt
    assert (case().tasks_hurt, case().overloaded, case(storm).overloaded) == (False, False, True)


@pytest.mark.parametrize(("count", "others"), [(0, False), (1, False), (2, True)])
def test_other_users(count, others):
    assert case(ui=web_ui(user_count=Known(count, 0.0))).other_users is others
    assert case().other_users is None


def test_the_order_of_switches_is_by_calls():
    on = settings(autocomplete=Switch.ON)
    found = [one for one in offered(here(ui=web_ui(*LISTED, tasks=on))) if one.id.endswith("-off")]
    assert [one.task for one in found if one.id != "all-tasks-off"] == [
        Setting.FOLLOW_UPS,
        Setting.TITLES,
        Setting.TAGS,
        Setting.AUTOCOMPLETE,
        Setting.RETRIEVAL_QUERIES,
        Setting.SEARCH_QUERIES,
    ]
