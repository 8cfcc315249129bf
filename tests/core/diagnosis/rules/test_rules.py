"""Every other rule: when it speaks, how severe, about whom, and when it says that it cannot judge."""

import pytest
from msgspec.structs import replace

from tests.core.poll_builder import (
    BIG,
    CHAT,
    GIB,
    GONE,
    TASK,
    active,
    facts,
    history,
    listed,
    loaded,
    poll,
    requests,
    runner,
    seen,
    server,
    settings,
)
from tray_app.core.diagnosis.rules import (
    autocomplete_on,
    memory_pressure,
    model_spills,
    model_thrash,
    prompt_cache_growth,
    queue_backlog,
    settings_drift,
    task_model_does_not_fit,
    task_model_unusable,
    tasks_on_big_model,
)
from tray_app.core.values.finding import Severity
from tray_app.core.values.limits import Limits
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.reading import Known
from tray_app.core.values.snapshot import (
    BudgetBasis,
    Gpu,
    InstalledModel,
    LogEvent,
    LogEventKind,
    Memory,
    OllamaLog,
    OtherProcess,
    Presence,
    Pressure,
)
from tray_app.core.values.task_settings import Setting, Switch

LIMITS = Limits()
SMALL = "llama3.2:3b"
SHAPE = ModelShape("llama", 28, 3072, 131072, 24, (8,) * 28, 128, 128, 8192, 1917 * 2**20, 308 * 2**20, False, 128256)


def check(rule, snapshot, before=None):
    return rule.check(facts(snapshot, before))


def no_ollama(snapshot):
    return replace(snapshot, ollama=GONE)


class TestTasksOnBigModel:
    def test_it_names_the_tasks_that_come_unasked(self):
        (found,) = check(tasks_on_big_model, poll())
        assert (found.subject, found.severity) == (BIG, Severity.TIGHT)
        assert found.value("tasks") == "titles,tags,follow-ups"

    def test_queries_alone_are_asked_for(self):
        off = settings(titles=Switch.OFF, tags=Switch.OFF, follow_ups=Switch.OFF)
        assert check(tasks_on_big_model, poll(open_webui=server(off))) == ()

    def test_titles_ran_without_a_switch_before_0_5_12(self):
        old = settings(titles=Switch.UNSUPPORTED, tags=Switch.OFF, follow_ups=Switch.UNSUPPORTED)
        (found,) = check(tasks_on_big_model, poll(open_webui=server(old, version="0.5.4")))
        assert found.value("tasks") == "titles"

    def test_another_ollama_is_not_ours(self):
        other = server(ollama_urls=Known(("http://10.0.0.9:4000",), 0.0))
        assert check(tasks_on_big_model, poll(open_webui=other)) is None

    def test_a_remote_ollama_has_another_memory(self):
        snapshot = poll()
        remote = replace(snapshot.ollama.value, local=False)
        assert check(tasks_on_big_model, replace(snapshot, ollama=Known(remote, 0.0))) is None

    def test_two_models_on_one_list_are_told_apart_by_id(self):
        prefixed = listed(BIG, id=f"mac.{BIG}")
        small = listed("gemma3:1b", id="mac.gemma3:1b")
        plain = settings(task_model="gemma3:1b")
        assert check(tasks_on_big_model, poll(open_webui=server(plain, (prefixed, small)))) != ()
        right = settings(task_model="mac.gemma3:1b")
        assert check(tasks_on_big_model, poll(open_webui=server(right, (prefixed, small)))) == ()


class TestAutocomplete:
    on = settings(autocomplete=Switch.ON)

    @pytest.mark.parametrize(
        ("version", "own", "severity", "used_by"),
        [
            ("0.5.20", None, Severity.TIGHT, "everyone"),
            ("0.6.0", None, Severity.INFO, "not-known"),
            ("0.12.4", False, Severity.INFO, "not-known"),
            ("0.12.4", True, Severity.TIGHT, "own-account"),
        ],
    )
    def test_who_gets_it(self, version, own, severity, used_by):
        account = GONE if own is None else Known(own, 0.0)
        made = server(self.on, version=version, own_autocomplete=account)
        (found,) = check(autocomplete_on, poll(open_webui=made))
        assert (found.severity, found.value("used_by")) == (severity, used_by)

    def test_a_small_task_model_takes_it_without_hurting(self):
        made = server(replace(self.on, task_model=SMALL), (listed(BIG), listed(SMALL)), version="0.5.20")
        (found,) = check(autocomplete_on, poll(open_webui=made))
        assert (found.subject, found.severity) == (SMALL, Severity.INFO)

    def test_a_hosted_model_is_not_local(self):
        hosted = listed("gpt", owned_by="openai", connection_type="external", ollama_name=None)
        made = server(replace(self.on, task_model="gpt"), (listed(BIG), hosted), version="0.5.20")
        assert check(autocomplete_on, poll(open_webui=made)) == ()

    def test_off_is_off(self):
        assert check(autocomplete_on, poll()) == ()
        assert check(autocomplete_on, replace(poll(), open_webui=GONE)) is None


class TestMemoryPressure:
    def test_it_names_the_larger_one(self):
        (model,) = check(memory_pressure, poll(pressure=Pressure.WARNING))
        assert (model.subject, model.severity, model.value("cause")) == (BIG, Severity.TIGHT, "model")
        browser = OtherProcess("Chrome", 21 * GIB)
        (program,) = check(memory_pressure, poll(pressure=Pressure.CRITICAL, other=browser))
        assert (program.subject, program.severity, program.value("cause")) == (
            "Chrome",
            Severity.OVERLOADED,
            "program",
        )

    def test_who_cannot_be_seen_is_not_blamed(self):
        snapshot = poll(pressure=Pressure.WARNING, models=(loaded(size=5 * GIB),))
        (found,) = check(memory_pressure, replace(snapshot, processes=GONE))
        assert found.value("cause") == "unknown"
        (found,) = check(memory_pressure, replace(snapshot, processes=GONE, ollama=GONE))
        assert found.value("cause") == "unknown"

    def test_on_a_card_only_what_spilled_takes_memory(self):
        card = Known(Gpu(24 * GIB, BudgetBasis.VRAM), 0.0)
        snapshot = poll(pressure=Pressure.WARNING, system="win32", gpu=card, other=OtherProcess("game", 6 * GIB))
        assert check(memory_pressure, snapshot)[0].subject == "game"
        spilled = replace(snapshot.ollama.value, loaded=(loaded(vram=10 * GIB),))
        assert check(memory_pressure, replace(snapshot, ollama=Known(spilled, 0.0)))[0].subject == BIG

    def test_unknown_is_not_normal(self):
        assert check(memory_pressure, poll(pressure=Pressure.UNKNOWN)) is None
        assert check(memory_pressure, poll(memory=GONE)) is None
        assert check(memory_pressure, poll()) == ()


class TestBacklog:
    def test_a_short_wait_is_tight_and_a_long_one_overload(self):
        (short,) = check(queue_backlog, poll(asks=requests((CHAT,), 1, 3.0)))
        (long,) = check(queue_backlog, poll(asks=requests((CHAT,), 1, 10.0)))
        assert (short.severity, long.severity) == (Severity.TIGHT, Severity.OVERLOADED)
        assert check(queue_backlog, poll(asks=requests((CHAT,)))) == ()

    def test_refused_requests_are_overload_even_where_waiting_is_not_seen(self):
        busy = OllamaLog((LogEvent(LogEventKind.BUSY, 0.0),))
        (found,) = check(queue_backlog, poll(requests=GONE, ollama_log=Known(busy, 0.0)))
        assert (found.severity, found.value("refused")) == (Severity.OVERLOADED, 1)

    def test_a_load_explains_a_queue(self):
        assert check(queue_backlog, poll(asks=requests((), 3), models=())) is None

    def test_several_models_leave_the_server(self):
        both = requests((CHAT, active(model=SMALL)), 1)
        assert check(queue_backlog, poll(asks=both, models=(loaded(), loaded(SMALL))))[0].subject == "Ollama"


class TestSpills:
    def test_part_on_the_cpu(self):
        (found,) = check(model_spills, poll(models=(loaded(vram=17 * GIB),)))
        assert found.value("spilled_bytes") == 3 * GIB

    @pytest.mark.parametrize("vram", [20 * GIB, 20 * GIB - 5])
    def test_rounding_is_no_spill(self, vram):
        assert check(model_spills, poll(models=(loaded(vram=vram),))) == ()

    def test_without_a_gpu_nothing_spills(self):
        assert check(model_spills, poll(models=(loaded(vram=0),), basis=BudgetBasis.RAM, system="linux")) == ()

    def test_an_empty_model_is_nothing(self):
        assert check(model_spills, poll(models=(loaded(size=0), loaded(size=-5)))) == ()


class TestThrash:
    def changes(self, *runners, every=6.0, **changed):
        polls = [poll(1000.0 + index * every, runners=(one,), **changed) for index, one in enumerate(runners)]
        return check(model_thrash, polls[-1], history(*polls[:-1]))

    def test_two_models_that_evict_each_other(self):
        (found,) = self.changes(runner(1), runner(2, SMALL), runner(3), runner(4, SMALL))
        assert found.subject == BIG
        assert (found.value("other_model"), found.value("cause"), found.value("loads")) == (SMALL, "eviction", 3)

    def test_one_model_with_two_contexts(self):
        (found,) = self.changes(*(runner(pid, context=4096 * (1 + pid % 2)) for pid in range(4)))
        assert (found.value("cause"), found.value("contexts")) == ("context", "4096,8192")

    def test_trying_out_models_is_no_thrash(self):
        names = (BIG, SMALL, "gemma3:1b", "phi4:14b", "qwen3:4b")
        assert self.changes(*(runner(pid, name) for pid, name in enumerate(names))) == ()

    def test_a_model_that_expired_and_comes_back_was_not_thrown_out(self):
        polls = []
        for turn in range(4):
            polls.append(poll(1000.0 + 40 * turn, runners=(runner(turn),)))
            polls.append(poll(1010.0 + 40 * turn, runners=()))
        polls.append(poll(1160.0, runners=(runner(9),)))
        assert check(model_thrash, polls[-1], history(*polls[:-1])) == ()

    def test_sleep_ends_what_was_counted(self):
        before = history(poll(1000.0, runners=(runner(1),)), poll(1006.0, runners=(runner(2),)))
        before = before.add(seen(poll(1012.0, runners=(runner(3),), wall=1.9e9)))
        assert check(model_thrash, poll(1018.0, runners=(runner(4),), wall=1.9e9 + 6), before) == ()

    def test_the_log_tells_where_processes_are_hidden(self):
        polls = []
        for turn in range(5):
            event = LogEvent(LogEventKind.LOAD, 0.0, SMALL if turn % 2 else BIG)
            made = poll(1000.0 + turn * 10, ollama_log=Known(OllamaLog((event,)), 0.0))
            polls.append(replace(made, processes=GONE))
        (found,) = check(model_thrash, polls[-1], history(*polls[:-1]))
        assert found.subject == BIG
        blind = replace(polls[-1], ollama_log=GONE)
        assert check(model_thrash, blind, history(*polls[:-1])) is None


class TestTaskModel:
    both = (listed(BIG), listed(SMALL))

    def judge(self, tasks, models=both, **changed):
        return check(task_model_unusable, poll(open_webui=server(tasks, models, **changed)))

    @pytest.mark.parametrize(
        ("tasks", "models", "changed", "reason"),
        [
            (settings(task_model="no-such:1b"), both, {}, "missing"),
            (settings(task_model=SMALL), (listed(BIG), listed(SMALL, active=False)), {}, "inactive"),
            (settings(task_model=SMALL), (listed(BIG), listed(SMALL, public=False)), {"users": 2}, "private"),
            (settings(task_model_external=SMALL), both, {}, "wrong-slot"),
        ],
    )
    def test_why_it_is_not_used(self, tasks, models, changed, reason):
        (found,) = self.judge(tasks, models, **changed)
        assert (found.value("reason"), found.severity) == (reason, Severity.TIGHT)

    def test_what_is_right(self):
        assert self.judge(settings(task_model=SMALL)) == ()
        assert self.judge(settings()) == ()
        private = (listed(BIG), listed(SMALL, public=False))
        assert self.judge(settings(task_model=SMALL), private, users=1) == ()
        assert self.judge(settings(task_model=SMALL), private, users=2, version="0.3.35") == ()

    def test_the_other_slot_is_right_for_hosted_chats(self):
        hosted = listed("gpt", owned_by="openai", connection_type="external", ollama_name=None)
        assert self.judge(settings(task_model_external=SMALL), (*self.both, hosted)) == ()

    def test_a_preset_used_the_external_slot_for_a_while(self):
        preset = listed("helper", connection_type=None, ollama_name=BIG, preset=True)
        tasks = settings(task_model=SMALL)
        assert self.judge(tasks, (preset, listed(SMALL)), version="0.6.20")[0].value("reason") == "wrong-slot"

    def test_unknown_lists_prove_nothing(self):
        made = replace(server(settings(task_model="x")), models=GONE)
        assert check(task_model_unusable, poll(open_webui=made)) is None


class TestMisfit:
    installed = (InstalledModel(SMALL, "d", 2_019_393_189, shape=SHAPE),)

    def judge(self, **changed):
        made = server(settings(task_model=SMALL), (listed(BIG), listed(SMALL)))
        return check(task_model_does_not_fit, poll(open_webui=made, installed=self.installed, **changed))

    def test_it_would_evict_the_chat_model(self):
        (found,) = self.judge()
        assert (found.subject, found.value("verdict"), found.value("chat_model")) == (SMALL, "evicts", BIG)

    def test_two_that_are_loaded_together_do_fit(self):
        assert self.judge(models=(loaded(), loaded(SMALL, 3 * GIB))) == ()

    def test_there_is_room(self):
        assert (
            self.judge(models=(loaded(size=14 * GIB),), memory=Known(Memory(32 * GIB, 9 * GIB, Pressure.NORMAL), 0.0))
            == ()
        )


class TestPromptCache:
    def test_the_log_tells_as_long_as_the_runner_lives(self):
        said = poll(1000.0, ollama_log=Known(OllamaLog(prompt_cache_bytes=3 * GIB), 0.0))
        (found,) = check(prompt_cache_growth, poll(1005.0), history(said))
        assert (found.subject, found.value("grown_bytes"), found.value("source")) == (BIG, 3 * GIB, "log")
        assert check(prompt_cache_growth, poll(1005.0, runners=(runner(9),)), history(said)) == ()

    def test_a_cpu_runner_grew_past_its_model(self):
        cpu = {"basis": BudgetBasis.RAM, "system": "linux", "models": (loaded(vram=0),)}
        grown = (runner(memory=24 * GIB),)
        assert check(prompt_cache_growth, poll(runners=grown, **cpu))[0].value("source") == "memory"
        assert check(prompt_cache_growth, poll(runners=(runner(memory=21 * GIB),), **cpu)) == ()
        # On Metal a process figure does not hold the mapped weights.
        assert check(prompt_cache_growth, poll(runners=grown)) == ()


def wrote(setting, value, at=-1.0):
    return Record("change-1", at, Event.APPLIED, "http://127.0.0.1:8080", changes=(Change(setting, None, value),))


class TestDrift:
    written = (wrote(Setting.FOLLOW_UPS, False), wrote(Setting.TASK_MODEL, "gemma3:1b"))

    def test_what_holds_another_value_now(self):
        made = server(settings(task_model="gemma3:1b"))
        (found,) = check(settings_drift, poll(open_webui=made, written=self.written))
        assert (found.subject, found.value("written"), found.value("now")) == ("follow-ups", "false", "true")

    def test_settings_read_before_the_write_prove_nothing(self):
        late = (wrote(Setting.FOLLOW_UPS, False, at=10.0),)
        assert check(settings_drift, poll(written=late)) == ()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            (Setting.TASK_MODEL, None),
            (Setting.TASK_MODEL, ""),
            (Setting.TASK_MODEL_PARAMS, {}),
            (Setting.TITLES, True),
        ],
    )
    def test_the_same_in_other_words(self, name, value):
        assert check(settings_drift, poll(written=(wrote(name, value),))) == ()

    def test_a_task_this_version_lacks_cannot_drift(self):
        made = server(settings(follow_ups=Switch.UNSUPPORTED))
        assert check(settings_drift, poll(open_webui=made, written=self.written[:1])) == ()


@pytest.mark.parametrize("rule", [tasks_on_big_model, model_spills, task_model_does_not_fit])
def test_without_ollama_these_cannot_judge(rule):
    assert check(rule, no_ollama(poll(asks=requests((TASK,), 1)))) is None


def test_no_ollama_at_all_is_an_answer():
    snapshot = poll(models=(), runners=())
    absent = replace(snapshot, ollama=Known(replace(snapshot.ollama.value, presence=Presence.ABSENT), 0.0))
    assert check(tasks_on_big_model, absent) == ()
    assert check(model_spills, absent) == ()
