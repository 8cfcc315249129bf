"""What a poll comes to: cause, budget, what spills and what is big, each on both sides of its number."""

import pytest
from msgspec.structs import replace

from tests.core.findings import example
from tests.core.poll_builder import BIG, GIB, GONE, active, facts, history, loaded, poll, requests, runner, seen
from tray_app.core.diagnosis.cause import cause_of
from tray_app.core.diagnosis.diagnose import _importance
from tray_app.core.diagnosis.displacement import FOLLOWS_S
from tray_app.core.diagnosis.pressure import FORGETS_S, PressureState, gauges, step
from tray_app.core.diagnosis.recent import KEEP_S
from tray_app.core.diagnosis.rules import model_thrash, prompt_cache_growth, queue_backlog, settings_drift
from tray_app.core.diagnosis.rules.memory_pressure import check as memory_pressure
from tray_app.core.values.finding import CauseKind, QueueBacklog, Severity, TasksOnBigModel
from tray_app.core.values.limits import Limits
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    BudgetBasis,
    Gpu,
    Memory,
    OllamaLog,
    OtherProcess,
    Presence,
    Pressure,
    PressureInput,
    Processes,
    ServerConfig,
)
from tray_app.core.values.task_settings import Setting

MODEL, PROGRAM, UNKNOWN = CauseKind.MODEL, CauseKind.PROGRAM, CauseKind.UNKNOWN
SLACK = OtherProcess("Slack", 11)


@pytest.mark.parametrize(
    ("models", "other", "total", "kind", "name", "taken"),
    [
        ([(8, "a"), (3, "b")], SLACK, 100, MODEL, "a", 11),
        ([(3, "b"), (7, "a")], SLACK, 100, PROGRAM, "Slack", 11),
        # A program is to blame from a twentieth of the RAM on.
        ([(7, "a")], SLACK, 220, PROGRAM, "Slack", 11),
        ([(7, "a")], SLACK, 221, UNKNOWN, "", None),
        ([], OtherProcess("Slack", 0), 100, UNKNOWN, "", None),
        # Where no other program is seen: models from half of the RAM on.
        ([(30, "a"), (20, "b")], None, 100, MODEL, "a", 50),
        ([(30, "a"), (20, "b")], None, 101, UNKNOWN, "", None),
        ([], None, 0, UNKNOWN, "", None),
        (None, SLACK, 100, UNKNOWN, "", None),
    ],
)
def test_who_takes_the_memory(models, other, total, kind, name, taken):
    found = cause_of(models, other, total)
    assert (found.kind, found.name, found.bytes) == (kind, name, taken)


def with_ollama(made, **changes):
    return replace(made, ollama=Known(replace(made.ollama.value, **changes), 0.0))


CHROME = OtherProcess("Chrome", 9 * GIB)


def test_models_elsewhere_take_nothing_here():
    far = with_ollama(poll(other=CHROME), local=False)
    assert facts(far).cause.kind is PROGRAM
    absent = with_ollama(poll(other=CHROME), presence=Presence.ABSENT)
    assert facts(absent).cause.kind is PROGRAM
    assert (facts(far).used_bytes, facts(absent).used_bytes) == (None, None)
    assert facts(poll(ollama=GONE)).used_bytes is None
    assert facts(poll()).used_bytes == 20 * GIB
    assert facts(poll(models=(loaded(vram=0), loaded(vram=-1)))).used_bytes == 0


@pytest.mark.parametrize(("running", "spared"), [((), "wide:70b"), ((active(model="deep:32b"),), "deep:32b")])
def test_the_chat_model_is_the_one_that_works_or_else_the_largest(running, spared):
    both = (loaded("deep:32b", 20 * GIB), loaded("wide:70b", 40 * GIB))
    made = facts(replace(poll(models=both, asks=requests(running)), open_webui=GONE))
    assert made.chat_model is not None
    assert made.chat_model.name == spared


def test_a_runner_tells_where_ollama_does_not():
    holds = poll(ollama=GONE, other=CHROME, runners=(runner(memory=10 * GIB),))
    assert (facts(holds).cause.kind, facts(holds).cause.name) == (MODEL, BIG)
    assert facts(poll(ollama=GONE, other=CHROME, runners=(runner(),))).cause.kind is UNKNOWN
    assert facts(poll(ollama=GONE, other=CHROME, runners=())).cause.kind is PROGRAM
    assert facts(poll(ollama=GONE, processes=GONE)).cause.kind is UNKNOWN


def test_whether_there_is_a_gpu():
    hidden = {"gpu": GONE, "system": "linux"}
    one, none = loaded(vram=1), loaded("other", vram=0)
    assert facts(poll(models=(none, one), **hidden)).has_gpu is True
    assert facts(poll(models=(none,), **hidden)).has_gpu is None
    assert facts(poll(ollama=GONE, **hidden)).has_gpu is None
    assert facts(poll(models=(none,), gpu=GONE)).has_gpu is True
    assert facts(poll(basis=BudgetBasis.RAM)).has_gpu is False


@pytest.mark.parametrize(
    ("system", "vram", "in_ram"), [("darwin", 15, 20), ("linux", 15, 5), ("linux", 21, 0), ("linux", 0, 20)]
)
def test_what_lies_in_ram_where_the_gpu_cannot_be_seen(system, vram, in_ram):
    """A Mac's GPU shares the RAM; elsewhere a part in video memory says that there is a GPU with its own."""
    model = loaded(vram=vram * GIB)
    assert facts(poll(models=(model,), gpu=GONE, system=system)).ram_bytes(model) == in_ram * GIB


@pytest.mark.parametrize(
    ("models", "running", "waiting", "loading"),
    [
        ((), Known(0, 0.0), Known(1, 0.0), True),
        ((), Known(0, 0.0), Known(0, 0.0), False),
        ((), Known(0, 0.0), GONE, False),
        ((), Known(1, 0.0), Known(1, 0.0), False),
        ((), GONE, Known(1, 0.0), False),
        ((loaded(),), Known(0, 0.0), Known(1, 0.0), False),
    ],
)
def test_what_waits_while_no_model_is_there_waits_for_one_to_load(models, running, waiting, loading):
    asks = replace(requests(), running=running, waiting=waiting)
    assert facts(poll(models=models, asks=asks)).is_loading is loading
    assert facts(poll(models=(), asks=asks, runners=(runner(loading=True),))).is_loading


def test_ollamas_own_word_about_the_budget():
    said = with_ollama(poll(), config=ServerConfig(gpu_total_bytes=7))
    assert (facts(said).budget.bytes, facts(said).budget.basis) == (7, BudgetBasis.OLLAMA_LOG)
    assert facts(with_ollama(said, local=False)).budget.basis is BudgetBasis.METAL
    assert facts(poll(ollama=GONE)).budget.basis is BudgetBasis.METAL
    cpu = with_ollama(poll(basis=BudgetBasis.RAM), config=ServerConfig(gpu_total_bytes=7))
    assert facts(cpu).budget.basis is BudgetBasis.RAM
    assert facts(poll(gpu=GONE)).budget is None


@pytest.mark.parametrize(("size", "vram", "spilled"), [(1000, 990, 0), (1000, 989, 11), (1000, -5, 1000), (0, -5, 0)])
def test_more_than_a_hundredth_spills(size, vram, spilled):
    made = facts(poll())
    assert made.spilled_bytes(loaded(size=size, vram=vram)) == spilled
    assert facts(poll(basis=BudgetBasis.RAM)).spilled_bytes(loaded(size=size, vram=vram)) == 0


def test_a_model_is_big_from_half_of_the_budget_on():
    other = loaded("other", size=10)
    models = (loaded("exactly", size=50), loaded("more", size=60), loaded("less", size=49), other)
    made = facts(poll(models=models, gpu=Known(Gpu(100, BudgetBasis.METAL, unified=True), 0.0)))
    assert [(one.model.name, one.share) for one in made.big_models] == [("more", 0.6), ("exactly", 0.5)]
    assert [made.is_big(name) for name in ("more", "exactly", "less")] == [True, True, False]
    assert facts(poll(models=(loaded("gone", size=0),))).big_models is None
    assert facts(poll(models=(loaded(size=1),), gpu=Known(Gpu(2, BudgetBasis.METAL, unified=True), 0.0))).is_big(BIG)


def test_without_a_budget_all_ram_serves_for_what_lies_in_it():
    ram = Known(Memory(100, 50, Pressure.NORMAL), 0.0)
    hidden = {"gpu": GONE, "memory": ram}
    assert facts(poll(models=(loaded(size=60, vram=0),), system="linux", **hidden)).is_big(BIG)
    assert facts(poll(models=(loaded(size=60, vram=60),), system="linux", **hidden)).big_models is None
    assert facts(poll(models=(loaded(size=60, vram=1),), system="linux", **hidden)).big_models[0].budget_bytes is None
    assert facts(poll(models=(loaded(size=60, vram=60),), **hidden)).is_big(BIG)
    assert facts(poll(models=(loaded(size=60, vram=0),), system="linux", gpu=GONE, memory=GONE)).big_models is None


def test_the_worse_comes_first():
    backlog = replace(example(QueueBacklog), severity=Severity.TIGHT)
    later = replace(example(TasksOnBigModel), severity=Severity.OVERLOADED)
    assert min((backlog, later), key=_importance) is later
    mild = replace(later, severity=Severity.INFO)
    assert min((mild, backlog), key=_importance) is backlog


class TestPressure:
    scale = gauges("linux", Limits())

    def judged(self, *samples):
        state, now = PressureState(), 100.0
        for sample in samples:
            found = step(state, self.scale, sample, now)
            state, now = found.state, now + 5
        return found.pressure

    def test_two_critical_samples_raise_it(self):
        calm, short = {"available": 60.0, "psi-some-avg10": 0.0}, {"available": 4.0, "psi-some-avg10": 0.0}
        assert self.judged(calm, short) is Pressure.NORMAL
        assert self.judged(calm, short, short) is Pressure.CRITICAL
        assert self.judged(calm, short, calm, short) is Pressure.NORMAL

    @pytest.mark.parametrize(("at", "pressure"), [(FORGETS_S - 0.1, Pressure.WARNING), (FORGETS_S, Pressure.NORMAL)])
    def test_a_signal_that_is_gone_is_forgotten_after_five_minutes(self, at, pressure):
        """Until then it cannot be said that it has recovered."""
        state = PressureState()
        for now in (0.0, 1.0):
            state = step(state, self.scale, {"available": 9.0, "psi-some-avg10": 0.0}, now).state
        for now in (2.0, 1.0 + at):
            found = step(state, self.scale, {"psi-some-avg10": 0.0}, now)
            state = found.state
        assert found.pressure is Pressure.WARNING
        after = step(state, self.scale, {"psi-some-avg10": 0.0}, 1.0 + at + 60.0)
        assert after.pressure is Pressure.NORMAL or pressure is Pressure.WARNING

    def test_the_scales(self):
        mac = {one.name: one for one in gauges("darwin", Limits())}
        assert mac["kernel-level"].at_once
        assert not mac["kernel-level"].is_rate
        ratio = mac["kernel-ratio"]
        assert (ratio.warning, ratio.critical, ratio.recovered, ratio.eased) == (0.5, 0.35, 0.6, 0.4)
        assert ratio.lower_is_worse
        rates = {one.name for system in ("linux", "darwin", "win32") for one in gauges(system, Limits()) if one.is_rate}
        assert rates == {"swap-out", "swap-io", "page-reads"}
        spill = next(one for one in gauges("win32", Limits(spill_bytes=100)) if one.name == "gpu-spill")
        assert (spill.warning, spill.critical, spill.recovered) == (100, None, 50)


class TestHistory:
    def test_where_runners_changed_is_kept_as_long_as_polls_are(self):
        first, second = poll(1000.0, runners=(runner(1),)), poll(1010.0, runners=(runner(2),))
        made = history(first, second)
        for seconds, swaps in ((KEEP_S, 1), (KEEP_S + 0.1, 0)):
            last = poll(1010.0 + seconds, runners=(runner(2),))
            assert len(made.add(seen(last)).swaps) == swaps

    @pytest.mark.parametrize(("after", "loads"), [(FOLLOWS_S, 3), (FOLLOWS_S + 0.1, None)])
    def test_a_model_that_comes_soon_after_another_went_took_its_place(self, after, loads):
        made, at = [], 1000.0
        for pid, name in enumerate((BIG, "small", BIG, "small")):
            made += [poll(at, runners=(runner(pid, name),)), poll(at + 5, runners=())]
            at += 5 + after
        found = model_thrash.check(facts(made[-2], history(*made[:-2]), Limits(thrash_window_s=600)))
        assert (found[0].loads if found else None) == loads


class TestRules:
    def test_only_signals_at_warning_or_worse_are_evidence(self):
        inputs = tuple(PressureInput(kind.value, 1.0, "", kind) for kind in Pressure)
        short = Known(Memory(100, 5, Pressure.WARNING, inputs), 0.0)
        (found,) = memory_pressure(facts(poll(memory=short)))
        assert {one.pressure for one in found.inputs} == {Pressure.WARNING, Pressure.CRITICAL}

    def test_without_ollama_the_largest_runner_is_the_subject(self):
        small, big = runner(1, "a:1b", memory=GIB), runner(2, "b:9b", memory=9 * GIB)
        polls = [
            poll(1000.0 + 6 * index, runners=(replace(one, pid=index + 10),), ollama=GONE)
            for index, one in enumerate((small, big, small, big))
        ]
        (found,) = model_thrash.check(facts(polls[-1], history(*polls[:-1])))
        assert found.model == "b:9b"
        both = replace(polls[-1], processes=Known(Processes((small, big)), 0.0))
        assert model_thrash._sizes(facts(both)) == {"a:1b": GIB, "b:9b": 9 * GIB}
        nameless = replace(polls[-1], processes=Known(Processes((runner(1, None), runner(2, "c:1b"))), 0.0))
        assert model_thrash._sizes(facts(nameless)) == {"c:1b": 0}

    def test_the_logs_figure_below_the_limit_is_enough_to_say_no(self):
        low = Known(OllamaLog(prompt_cache_bytes=1), 0.0)
        assert prompt_cache_growth.check(facts(poll(processes=GONE, ollama_log=low))) == ()
        assert prompt_cache_growth.check(facts(poll(processes=GONE))) is None

    def test_whose_queue_it_is(self):
        def subject(made):
            return queue_backlog.check(facts(made))[0].model

        works = requests((active(model="a"),), 5)
        assert subject(poll(asks=works)) == "a"
        assert subject(poll(asks=requests((active(model="a"), active(model="b")), 5))) == BIG
        assert subject(poll(asks=requests((active(model=None),), 5))) == BIG
        two = (loaded(), loaded("other"))
        assert subject(poll(asks=requests((), 5), models=two)) == "Ollama"
        assert subject(poll(asks=requests((), 5), ollama=GONE)) == "Ollama"

    def test_a_wait_is_told_to_the_tenth_of_a_second(self):
        (found,) = queue_backlog.check(facts(poll(asks=requests((active(),), 5, 3.14159))))
        assert found.longest_wait_s == 3.1

    def test_drift_cannot_be_judged_without_settings(self):
        record = Record("c", -1.0, Event.APPLIED, "http://w", changes=(Change(Setting.TAGS, None, False),))
        assert settings_drift.check(facts(replace(poll(written=(record,)), open_webui=GONE))) is None
        assert settings_drift.check(facts(replace(poll(), open_webui=GONE))) == ()
