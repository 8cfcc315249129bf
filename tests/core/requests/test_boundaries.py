"""The numbers that decide how many requests run and wait, each on both sides, and the cases in which a signal lies."""

import pytest
from msgspec.structs import replace

from tests.core.requests.test_count import (
    ALL_OFF,
    ALL_ON,
    EXACT,
    IDLE,
    INSTALLED,
    LOWER_BOUND,
    MODELS,
    NO_AUTOCOMPLETE,
    OLD_RUNNER,
    ON,
    RUNNER,
    SERVER,
    World,
    clients,
    numbers,
    slot,
)
from tray_app.core.requests.count import step
from tray_app.core.requests.followed import JobState, SeenRunner, Surroundings, follow
from tray_app.core.requests.in_flight import SILENT_POLLS
from tray_app.core.requests.inputs import RequestInputs, RequestState
from tray_app.core.requests.kind import Circumstances, KindSettings, judge, settings_of
from tray_app.core.requests.last_hour import LoadWindow
from tray_app.core.values.connections import OPEN_WEBUI_POOL, Client, Connections, Served, Whose
from tray_app.core.values.reading import Known, Unknown, Unseen, Why
from tray_app.core.values.requests import ModelLoad, RequestKind, RunnerSlot
from tray_app.core.values.snapshot import Access, Ollama, OpenWebUI, Presence, Processes, ServerConfig, WebUIModel

OTHER = replace(RUNNER, pid=3, port=4001, model="gemma3:1b")


def reasons(answer):
    return [one.reason for one in answer.active]


class TestGaps:
    @pytest.mark.parametrize(("after", "counted"), [(0.0, 1), (0.5, 1), (45.0, 1), (45.5, None), (-0.5, None)])
    def test_what_runs_is_followed_until_polls_are_late(self, after, counted):
        """A request that is gone in the next poll has ended; after a gap it was never seen."""
        world = World("0.8.12")
        world.poll(clients(1), (slot(0),))
        answer = world.poll((), IDLE, after=after)
        assert [one.requests for one in answer.last_hour] == ([] if counted is None else [counted])


class TestQuiet:
    """A connection that stays while nothing runs is kept, not used; Open WebUI's version is not known here."""

    def waiting(self, runners, polls=SILENT_POLLS + 1, **options):
        world = World(ollama="0.12.11")
        for _ in range(polls):
            answer = world.poll(clients(3), runners=runners, **options)
        return numbers(answer)

    @pytest.mark.parametrize(("cpu", "seen"), [(0.99, (0, 0)), (1.0, (1, 2)), (None, (1, 2))])
    def test_a_silent_runner_rests_below_one_percent(self, cpu, seen):
        assert self.waiting((replace(OLD_RUNNER, cpu_percent=cpu),)) == seen

    def test_a_silent_runner_may_wait_for_the_gpu_or_for_swap(self):
        """Its queue does not vanish because it uses no processor time for a moment."""
        resting = (replace(OLD_RUNNER, cpu_percent=0.0),)
        assert self.waiting(resting, polls=SILENT_POLLS) == (1, 2)
        assert self.waiting(resting, polls=SILENT_POLLS + 1) == (0, 0)

    def test_work_in_between_starts_the_silence_anew(self):
        world, resting = World(ollama="0.12.11"), (replace(OLD_RUNNER, cpu_percent=0.0),)
        for runners in (resting, resting, (OLD_RUNNER,), resting, resting, resting):
            answer = world.poll(clients(3), runners=runners)
        assert numbers(answer) == (1, 2)

    def test_every_silent_runner_must_rest(self):
        busy = replace(OLD_RUNNER, pid=9, port=4009)
        resting = replace(OLD_RUNNER, cpu_percent=0.0)
        assert self.waiting((resting, busy)) == (2, 1)
        assert self.waiting((resting, replace(busy, cpu_percent=0.0))) == (0, 0)

    def test_a_runner_that_tells_is_believed_whatever_its_processor_time(self):
        resting = replace(OLD_RUNNER, pid=9, port=4009, cpu_percent=0.0)
        assert self.waiting((RUNNER, resting), slots=IDLE) == (0, 0)

    def test_one_that_runs_is_enough_to_be_busy(self):
        resting = replace(OLD_RUNNER, pid=9, port=4009, cpu_percent=0.0)
        idle = replace(RUNNER, pid=8, port=4008)
        world = World(ollama="0.12.11")
        slots = ((4000, Known((slot(1),), 1.0)), (4008, Known(IDLE, 1.0)))
        for _ in range(2):
            world.now += 2
            inputs = RequestInputs(
                world.now,
                world.now,
                Known(Processes((SERVER, RUNNER, idle, resting)), 1.0),
                Known(Ollama("http://o", Presence.RUNNING, "0.12.11"), 1.0),
                Known(Connections(clients(4)), 1.0),
                slots,
            )
            world.state, answer = step(world.state, inputs)
        assert numbers(answer) == (3, 1)

    def test_one_that_loads_is_enough_to_be_busy(self):
        loading = replace(OTHER, loading=True)
        world = World("0.12.4")
        for _ in range(3):
            answer = world.poll(clients(2), IDLE, runners=(RUNNER, loading))
        assert numbers(answer) == (0, Why.UNSUPPORTED)

    def test_a_kept_connection_stays_kept_while_others_run(self):
        world = World()
        for _ in range(2):
            world.poll(clients(3), IDLE)
        assert numbers(world.poll(clients(3), (slot(1),))) == (1, Why.UNSUPPORTED)

    def test_a_busy_poll_does_not_count(self):
        world = World()
        world.poll(clients(3), (slot(1),))
        assert numbers(world.poll(clients(3), IDLE)) == (0, 3)
        assert numbers(world.poll(clients(3), IDLE)) == (0, 0)

    def test_a_busy_poll_starts_the_count_again(self):
        world = World()
        world.poll(clients(3), IDLE)
        world.poll(clients(3), (slot(1),))
        assert numbers(world.poll(clients(3), IDLE)) == (0, 3)


class TestMovement:
    def test_as_many_connections_as_run_is_exact(self):
        answer = World().poll(clients(1), (slot(0),))
        assert (*numbers(answer), answer.waiting_confidence) == (1, 0, EXACT)

    @pytest.mark.parametrize(("finished", "waiting"), [(2, 1), (1, 2), (0, 2)])
    def test_the_larger_count_of_finished_requests_is_right(self, finished, waiting):
        """The log may count one that no poll saw; a poll may see an end that the log has not written yet."""
        world = World("0.12.4")
        world.poll(clients(1), (slot(0),))
        world.poll(clients(4), (slot(0),), finished=0)
        answer = world.poll(clients(4), (slot(9),), finished=finished)
        assert (*numbers(answer), answer.waiting_confidence) == (1, waiting, LOWER_BOUND)

    def test_a_full_pool_less_what_finished(self):
        world = World("0.12.4")
        for _ in range(2):
            world.poll(clients(2, OPEN_WEBUI_POOL), IDLE, finished=0)
        assert numbers(world.poll(clients(3, OPEN_WEBUI_POOL), (slot(1),), finished=1)) == (1, 1)

    def test_a_silent_runner_proves_no_request(self):
        world = World("0.12.4", ollama="0.12.11")
        assert numbers(world.poll(clients(1), runners=(OLD_RUNNER,))) == (Why.UNSUPPORTED, Why.UNSUPPORTED)


class TestPlaces:
    def ask(self, config, *runners):
        ollama = Known(Ollama("http://o", Presence.RUNNING, "0.12.11", config=config), 1.0)
        processes = Known(Processes((SERVER, *runners)), 1.0)
        inputs = RequestInputs(1.0, 1.0, processes, ollama, Known(Connections(clients(5)), 1.0))
        return numbers(step(RequestState(), inputs)[1])

    def test_the_servers_setting_says_how_many_run_at_once(self):
        assert self.ask(ServerConfig(num_parallel=2), OLD_RUNNER) == (2, 3)
        assert self.ask(ServerConfig(), OLD_RUNNER) == (1, 4)

    def test_a_runner_that_loads_has_no_place_yet(self):
        loading = replace(OLD_RUNNER, pid=9, port=4009, loading=True)
        assert self.ask(ServerConfig(), OLD_RUNNER, loading) == (1, 4)

    def test_hidden_sockets_tell_nothing_of_a_silent_runner(self):
        answer = World("0.8.12").poll(runners=(RUNNER,), denied=True)
        assert numbers(answer) == (Why.UNSUPPORTED, Why.UNSUPPORTED)

    def test_why_a_runner_does_not_tell_is_its_own_answer_and_not_that_it_is_old(self):
        """Every silence was told as `Ollama before 0.30 does not tell`."""
        new, old = replace(RUNNER, has_slots=True), replace(RUNNER, has_slots=False)
        silent = Unknown(Why.TIMED_OUT, "2 s")
        for runner, detail in ((new, Unseen.RUNNER_SILENT), (old, Unseen.RUNNER_WITHOUT_SLOTS)):
            inputs = RequestInputs(
                1.0,
                1.0,
                Known(Processes((SERVER, runner)), 1.0),
                Known(Ollama("http://o", Presence.RUNNING, "0.32.15"), 1.0),
                Unknown(Why.DENIED),
                slots=((runner.port, silent),),
            )
            assert step(RequestState(), inputs)[1].running == Unknown(Why.UNSUPPORTED, detail)

    def test_fewer_busy_chats_than_requests_is_nobody_waiting(self):
        world = World("0.12.4", ALL_ON)
        answer = world.poll(clients(3, OPEN_WEBUI_POOL), slots=(slot(0),), busy=1)
        assert numbers(answer) == (1, Why.UNSUPPORTED)  # autocomplete may wait
        world = World("0.12.4", NO_AUTOCOMPLETE)
        assert numbers(world.poll(clients(3, OPEN_WEBUI_POOL), slots=(slot(0),), busy=1)) == (1, 0)

    @pytest.mark.parametrize(("busy", "seen"), [(1, (1, Why.DENIED)), (3, (1, 2))])
    def test_where_others_are_not_seen_busy_chats_are_the_least_that_waits(self, busy, seen):
        answer = World("0.12.4", NO_AUTOCOMPLETE).poll(slots=(slot(0),), denied=True, busy=busy)
        assert numbers(answer) == seen
        assert answer.waiting_confidence is (LOWER_BOUND if busy == 3 else EXACT)


class TestFollowing:
    def test_each_runner_keeps_its_own_requests(self):
        world = World("0.8.12")
        for _ in range(2):
            world.poll(clients(2), runners=(RUNNER, OTHER), at_runner=1)
        answer = world.poll((), IDLE, runners=(RUNNER, OTHER), at_runner=0)
        assert {one.model: (one.requests, one.busy_s) for one in answer.last_hour} == {
            "qwen3:32b": (1, 4.0),
            "gemma3:1b": (1, 4.0),
        }

    def test_a_second_request_of_a_silent_runner_is_another_one(self):
        world = World("0.8.12")
        for running in (1, 2):
            answer = world.poll(clients(running), at_runner=running)
        assert [one.running_s for one in answer.active] == [2.0, 0.0]
        answer = world.poll((), at_runner=0)
        assert [one.requests for one in answer.last_hour] == [2]

    def test_a_name_that_is_known_later_is_taken_and_stays(self):
        nameless = replace(RUNNER, model=None)
        world = World("0.12.4", replace(ALL_ON, task_model="gemma3:1b"))
        assert reasons(world.poll(clients(1), (slot(0),), runners=(nameless,))) == ["no-evidence"]
        named = world.poll(clients(1), (slot(0),), runners=(replace(RUNNER, model="gemma3:1b"),))
        assert [(one.model, one.reason) for one in named.active] == [("gemma3:1b", "task-model")]
        after = world.poll(clients(1), (slot(0),), runners=(nameless,))
        assert [one.model for one in after.active] == ["gemma3:1b"]

    def test_a_request_without_a_name_is_judged_again_by_the_name_it_had(self):
        world = World("0.12.4")
        world.poll(clients(1), (slot(0),), runners=(RUNNER,))
        world.tasks = replace(ALL_ON, task_model="qwen3:32b")
        answer = world.poll(clients(1), (slot(0),), runners=(replace(RUNNER, model=None),))
        assert reasons(answer) == ["task-model"]

    def test_what_a_runner_that_is_gone_had_answered_is_forgotten(self):
        world = World("0.8.12")
        world.poll(clients(1), (slot(0),), busy=1)
        world.poll((), IDLE)
        assert len(world.state.jobs.answers) == 1
        world.poll((), runners=())
        assert world.state.jobs.answers == ()

    @pytest.mark.parametrize(("pause", "reason"), [(2.0, "burst-after-answer"), (2.1, "first-of-chat")])
    def test_no_one_types_within_four_seconds(self, pause, reason):
        """The answer was over at the poll before the last."""
        world = World("0.8.12")
        world.poll(clients(1), (slot(0),), busy=1)
        world.poll((), IDLE)
        world.poll((), IDLE)
        assert reasons(world.poll(clients(1), (slot(40),), busy=1, after=pause)) == [reason]

    def test_without_autocomplete_an_unknown_request_may_have_been_an_answer(self):
        world = World("0.8.12", NO_AUTOCOMPLETE)
        assert reasons(world.poll(clients(1), (slot(0),))) == ["no-evidence"]
        assert reasons(world.poll(clients(1), (slot(40),))) == ["burst-after-answer"]

    def test_the_end_of_a_title_beside_the_answer_lets_nothing_follow(self):
        world = World("0.12.4", NO_AUTOCOMPLETE)
        assert reasons(world.poll(clients(1), (slot(0, limit=1000),))) == ["title-limit"]
        assert reasons(world.poll(clients(1), (slot(40),))) == ["no-evidence"]


class TestKinds:
    def test_the_titles_limit_is_exactly_1000_and_only_where_titles_are_on(self):
        for limit, reason in ((999, "no-evidence"), (1000, "title-limit"), (1001, "no-evidence")):
            assert reasons(World("0.12.4", ALL_ON).poll((), (slot(0, limit=limit),))) == [reason]
        tags = replace(ALL_OFF, tags=ON, follow_ups=ON)
        assert reasons(World("0.12.4", tags).poll((), (slot(0, limit=1000),))) == ["no-evidence"]
        assert reasons(World("0.12.4").poll((), (slot(0, limit=1000),))) == ["title-limit"]

    def test_one_connection_that_is_not_open_webuis_may_be_a_chat(self):
        mixed = (*clients(1, OPEN_WEBUI_POOL), Client("127.0.0.1", 99))
        assert reasons(World("0.8.12", ALL_ON).poll(mixed, (slot(0),), busy=0)) == ["no-evidence"]

    def test_settings_that_are_not_known_point_nowhere(self):
        assert reasons(World("0.12.4").poll((), (slot(0),))) == ["no-evidence"]

    def test_several_at_once_are_nobodys_first(self):
        slots = (slot(0), slot(1, number=1))
        assert reasons(World("0.8.12", ALL_ON).poll(clients(2), slots, busy=2)) == ["no-evidence"] * 2


def ui(*models, busy=None, tasks=ALL_ON):
    listed = Known(models, 1.0)
    counted = Known(busy, 5.0) if busy is not None else Unknown(Why.NOT_ASKED)
    return OpenWebUI("http://w", "0.12.4", Access.ADMIN, tasks=Known(tasks, 1.0), models=listed, busy_chats=counted)


class TestSettings:
    there = Ollama("http://o", Presence.RUNNING, "0.32.15", installed=INSTALLED)

    def test_a_task_model_that_is_not_installed_is_none(self):
        found = settings_of(ui(*MODELS, tasks=replace(ALL_ON, task_model="gone:1b")), self.there)
        assert (found.task_models, found.elsewhere) == (frozenset(), False)
        found = settings_of(ui(*MODELS, tasks=replace(ALL_ON, task_model="gemma3:1b")), self.there)
        assert (found.task_models, found.elsewhere) == (frozenset({"gemma3:1b"}), True)

    def test_when_the_chats_were_counted(self):
        found = settings_of(ui(*MODELS, busy=2), self.there)
        assert found.busy_chats == Known(2, 5.0)
        assert settings_of(ui(*MODELS), self.there).busy_chats is None

    def test_of_an_open_webui_that_is_not_seen_nothing_is_known(self):
        nothing = KindSettings(None, None, task_models=frozenset(), elsewhere=False, busy_chats=None, all_local=False)
        assert settings_of(None, self.there) == nothing

    def test_all_active_models_must_be_ollamas(self):
        hosted = WebUIModel("gpt", "gpt", "openai")
        preset = WebUIModel("helper", "helper", "ollama")
        renamed = WebUIModel("x", "x", "", ollama_name="qwen3:32b")
        assert settings_of(ui(*MODELS, preset, renamed), self.there).all_local
        assert not settings_of(ui(*MODELS, hosted), self.there).all_local
        assert settings_of(ui(*MODELS, replace(hosted, active=False)), self.there).all_local
        assert not settings_of(ui(), self.there).all_local

    def test_the_arena_of_0_9_sends_its_chats_to_the_others(self):
        arena = WebUIModel("arena-model", "Arena Model", "arena", arena=True)
        assert settings_of(ui(*MODELS, arena), self.there).all_local

    def test_presets_are_where_their_base_is(self):
        hosted = WebUIModel("gpt", "gpt", "openai", active=False)
        of_ours = WebUIModel("mine", "mine", "", base_model_id="qwen3:32b", preset=True)
        of_theirs = WebUIModel("theirs", "theirs", "ollama", base_model_id="gpt", preset=True)
        assert settings_of(ui(*MODELS, hosted, of_ours), self.there).all_local
        assert not settings_of(ui(*MODELS, hosted, of_theirs), self.there).all_local
        looped = replace(of_ours, base_model_id="mine")
        assert not settings_of(ui(*MODELS, looped), self.there).all_local

    def test_what_a_function_or_another_server_answers_is_not_at_our_ollama(self):
        pipe = WebUIModel("pipe", "pipe", "ollama", pipe=True)
        assert not settings_of(ui(*MODELS, pipe), self.there).all_local
        away = replace(MODELS[0], id="box.qwen3:32b", served=Served((1,), elsewhere=True))
        assert not settings_of(ui(*MODELS, away), self.there).all_local


class TestTheLastHour:
    load = ModelLoad("a", 1, 10.0, 1)

    def test_a_minute_that_is_an_hour_old_falls_out(self):
        window = LoadWindow().add(30.0, [self.load])
        assert [at for at, _ in window.add(59 * 60.0, []).minutes] == [0]
        assert window.add(60 * 60.0, []).minutes == ()

    def test_loads_of_one_minute_are_one(self):
        window = LoadWindow().add(59.0, [self.load, self.load]).add(60.0, [self.load])
        assert [(at, one.requests, one.busy_s, one.task_requests) for at, one in window.minutes] == [
            (0, 2, 20.0, 2),
            (1, 1, 10.0, 1),
        ]

    def test_the_busiest_first_with_what_still_runs(self):
        window = LoadWindow().add(1.0, [self.load, replace(self.load, model="b", busy_s=11.0)])
        total = window.total([ModelLoad("a", 1, 2.0, 0)])
        assert [(one.model, one.requests, one.busy_s, one.task_requests) for one in total] == [
            ("a", 2, 12.0, 1),
            ("b", 1, 11.0, 1),
        ]


@pytest.mark.parametrize(
    ("busy", "known", "reason"),
    [
        (1, {}, "no-evidence"),
        (1, {"alone": True}, "first-of-chat"),
        (1, {"alone": True, "others_waited": True}, "no-evidence"),
        (0, {}, "no-evidence"),
        (0, {"whose": Whose.OPEN_WEBUI}, "api-tasks"),
        (0, {"whose": Whose.MIXED}, "no-evidence"),
        (1, {"alone": True, "whose": Whose.OTHERS}, "other-client"),
        (1, {"since_answer_s": 1.0}, "burst-after-answer"),
        (1, {"since_answer_s": 1.0, "whose": Whose.MIXED}, "was-waiting"),
        (1, {"since_answer_s": 1.0, "whose": Whose.OTHERS}, "other-client"),
        # Counted before the request began, it says nothing about it.
        (0, {"whose": Whose.OPEN_WEBUI, "began_at": 0.5}, "api-tasks"),
        (0, {"whose": Whose.OPEN_WEBUI, "began_at": 0.6}, "no-evidence"),
    ],
)
def test_what_is_not_known_about_a_beginning_proves_nothing(busy, known, reason):
    settings = KindSettings((0, 8, 12), busy_chats=Known(busy, 0.5))
    assert judge(Circumstances("qwen3:32b", **known), settings).reason == reason


def test_requests_that_are_only_counted_get_numbers_of_their_own():
    """Below zero, so that none of them is taken for one on a slot."""
    around = Surroundings(1.0, 1.0, KindSettings(), waited=0, whose=Whose.UNTOLD)
    state, seen = JobState(), []
    for running in (2, 1, 3):
        changes = follow(state, (SeenRunner(RUNNER, None, running, "runner-connections"),), around)
        state = changes.state
        seen.append([job.slot for job in state.jobs])
    assert seen == [[-1, -2], [-1], [-1, -2, -3]]


def test_a_runner_whose_port_is_not_known_was_not_asked():
    nameless = replace(RUNNER, port=None, has_slots=False)
    for port in (0, 1):
        inputs = RequestInputs(
            1.0,
            1.0,
            Known(Processes((SERVER, nameless)), 1.0),
            Known(Ollama("http://o", Presence.RUNNING, "0.32.15"), 1.0),
            slots=((port, Known((slot(1),), 1.0)),),
        )
        assert numbers(step(RequestState(), inputs)[1]) == (Why.UNSUPPORTED, Why.UNSUPPORTED)


def test_a_slot_that_is_free_is_no_request():
    slots = (slot(1), RunnerSlot(1, False, 7), slot(2, number=2))
    answer = World("0.8.12").poll(clients(2), slots)
    assert (*numbers(answer), answer.running_source) == (2, 0, "slots")
    assert {one.kind for one in answer.active} == {RequestKind.UNKNOWN}
