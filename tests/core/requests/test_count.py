"""Running, waiting, chat or task: on a recorded run and on the cases in which a signal lies."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.requests.count import step
from tray_app.core.requests.in_flight import SILENT_POLLS
from tray_app.core.requests.inputs import RequestInputs, RequestState
from tray_app.core.values.connections import OPEN_WEBUI_POOL, Client, Connections
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.requests import Confidence, RequestKind, RunnerSlot
from tray_app.core.values.snapshot import (
    Access,
    InstalledModel,
    Ollama,
    OllamaLog,
    OpenWebUI,
    Presence,
    Processes,
    ProcessRole,
    WatchedProcess,
    WebUIModel,
)
from tray_app.core.values.task_settings import Switch, TaskSettings

TRACE = Path(__file__).parents[2] / "recordings" / "ollama-0.32.15" / "one-chat-three-tasks.jsonl"
SERVER = WatchedProcess(1, 1.0, ProcessRole.OLLAMA_SERVER, "ollama")
RUNNER = WatchedProcess(
    2,
    1.0,
    ProcessRole.OLLAMA_RUNNER,
    "llama-server",
    port=4000,
    parallel=1,
    model="qwen3:32b",
    cpu_percent=90.0,
    has_slots=True,
)
OLD_RUNNER = replace(RUNNER, name="ollama", parallel=None, has_slots=False)
EXACT, LIKELY, LOWER_BOUND = Confidence.EXACT, Confidence.LIKELY, Confidence.LOWER_BOUND
ON, OFF = Switch.ON, Switch.OFF
ALL_ON = TaskSettings(ON, ON, ON, ON, ON, ON, "", "")
ALL_OFF = TaskSettings(OFF, OFF, OFF, OFF, OFF, OFF, "", "")
NO_AUTOCOMPLETE = replace(ALL_ON, autocomplete=OFF)
INSTALLED = (
    InstalledModel("qwen3:32b", "a", 20, blob_digest="sha256-a"),
    InstalledModel("gemma3:1b", "b", 1, blob_digest="sha256-b"),
)
MODELS = tuple(WebUIModel(one.name, one.name, "ollama", ollama_name=one.name) for one in INSTALLED)


def clients(count, pool="", start=1):
    return tuple(Client("127.0.0.1", port, pool) for port in range(start, start + count))


def slot(task_id, *, running=True, number=0, limit=None, decoded=5):
    return RunnerSlot(number, running, task_id, 200, decoded, limit)


class World:
    """Feeds `step` like the poll does, two seconds apart."""

    def __init__(self, version=None, tasks=None, task_models=MODELS, ollama="0.32.15", admin=True):
        self.state, self.now = RequestState(), 100.0
        self.version, self.tasks, self.models, self.ollama, self.admin = version, tasks, task_models, ollama, admin

    def poll(
        self,
        seen=(),
        slots=None,
        *,
        runners=(RUNNER,),
        at_runner=None,
        busy=None,
        finished=None,
        questions=0,
        ended_before=None,
        after=2.0,
        denied=False,
        talks=None,
        runner_talks=None,
    ):
        self.now += after
        now = self.now
        web = Unknown(Why.UNREACHABLE)
        if self.version:
            web = Known(
                OpenWebUI(
                    "http://w",
                    self.version,
                    Access.ADMIN,
                    tasks=Known(self.tasks, now) if self.tasks else Unknown(Why.NOT_ASKED),
                    models=Known(self.models, now),
                    busy_chats=Known(busy, now) if busy is not None else Unknown(Why.NOT_ASKED),
                ),
                now,
            )
        ports = tuple((one.port, at_runner) for one in runners if at_runner is not None)
        told = Connections(seen, ports, talks, None if runner_talks is None else ((runners[0].port, runner_talks),))
        inputs = RequestInputs(
            taken_at=now,
            uptime_s=now,
            processes=Known(Processes((SERVER, *runners)), now),
            ollama=Known(Ollama("http://o", Presence.RUNNING, self.ollama, installed=INSTALLED), now),
            connections=Unknown(Why.DENIED, "no") if denied else Known(told, now),
            slots=((4000, Known(slots, now)),) if slots is not None else (),
            log=Unknown(Why.MISSING)
            if finished is None
            else Known(OllamaLog(finished=finished, questions=questions, ended_before=ended_before), now),
            open_webui=web,
        )
        self.state, answer = step(self.state, inputs)
        return answer


def numbers(answer):
    return (
        answer.running.value if isinstance(answer.running, Known) else answer.running.why,
        answer.waiting.value if isinstance(answer.waiting, Known) else answer.waiting.why,
    )


IDLE = (slot(0, running=False),)


class TestRecordedRun:
    def replay(self):
        state, answers = RequestState(), []
        for line in TRACE.read_text().splitlines():
            row = json.loads(line)
            at = row["t"]
            slots = ()
            if isinstance(row["slots"], list):
                told = tuple(
                    RunnerSlot(
                        one["id"], one["is_processing"], one["id_task"], one["n_prompt_tokens"],
                        one["n_decoded"], one["n_predict"],
                    )
                    for one in row["slots"]
                )  # fmt: skip
                slots = ((37961, Known(told, at)),)
            runner = replace(RUNNER, port=37961, loading=not row["ps"]["models"])
            count = row["client_connections"]
            connections = Connections(clients(count, start=5 - count), ((37961, row["runner_connections"]),))
            ollama = Ollama("http://o", Presence.RUNNING, "0.32.15")
            state, answer = step(
                state,
                RequestInputs(
                    at, at, Known(Processes((SERVER, runner)), at), Known(ollama, at), Known(connections, at), slots
                ),
            )
            answers.append((row, answer))
        return answers

    def test_four_three_two_one_none(self):
        steps = []
        for row, answer in self.replay():
            running, waiting = numbers(answer)
            assert running + waiting == row["client_connections"]
            assert running == row["runner_connections"]
            if not steps or steps[-1] != (running, waiting):
                steps.append((running, waiting))
        assert steps == [(0, 4), (1, 3), (1, 2), (1, 1), (1, 0), (0, 0)]

    def test_the_longest_wait_grows_until_the_last_one_begins(self):
        waits = [answer.longest_wait_s for _, answer in self.replay()]
        last = max(index for index, wait in enumerate(waits) if wait is not None)
        assert waits[last] == pytest.approx(28.73 - 1.68)
        assert waits[last + 1 :] == [None] * (len(waits) - last - 1)

    def test_each_request_is_counted_once_with_its_time(self):
        (load,) = self.replay()[-1][1].last_hour
        assert (load.model, load.requests) == ("qwen3:32b", 4)
        assert load.busy_s == pytest.approx(39.96 - 6.44)

    def test_nothing_is_claimed_about_what_they_are(self):
        """Nobody told of an Open WebUI here."""
        assert {one.kind for _, answer in self.replay() for one in answer.active} == {RequestKind.UNKNOWN}


class TestClientsThatClose:
    def test_open_webui_up_to_0_8_is_counted_exactly(self):
        world = World("0.8.12")
        answer = world.poll(clients(3), (slot(0),))
        assert numbers(answer) == (1, 2)
        assert (answer.running_source, answer.running_confidence) == ("slots", EXACT)
        assert (answer.waiting_source, answer.waiting_confidence) == ("connections", EXACT)

    def test_an_unknown_client_is_likely(self):
        assert World().poll(clients(3), (slot(0),)).waiting_confidence is LIKELY

    def test_a_request_that_has_not_reached_a_runner_waits(self):
        assert numbers(World("0.8.12").poll(clients(1), IDLE)) == (0, 1)

    def test_a_kept_connection_of_another_client_is_found_idle(self):
        world = World()
        world.poll(clients(1), IDLE)
        assert numbers(world.poll(clients(1), IDLE)) == (0, 0)
        # Its next request uses the same connection: one runs and nobody can wait beyond the connections there are.
        answer = world.poll(clients(1), (slot(5),))
        assert (*numbers(answer), answer.waiting_confidence) == (1, 0, EXACT)


class TestClientsThatKeepConnections:
    """Open WebUI from 0.9: the count sticks at its highest."""

    def test_after_the_burst_nothing_waits(self):
        world = World("0.12.4")
        world.poll((), IDLE)
        first = world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), finished=0)
        assert (*numbers(first), first.waiting_confidence) == (1, 3, LOWER_BOUND)
        for left in (2, 1):
            answer = world.poll(clients(4, OPEN_WEBUI_POOL), (slot(10 - left),), finished=1)
            assert (*numbers(answer), answer.waiting_confidence) == (1, left, LOWER_BOUND)
        # The last one runs: four connections no longer prove that anybody waits.
        answer = world.poll(clients(4, OPEN_WEBUI_POOL), (slot(20),), finished=1)
        assert numbers(answer) == (1, Why.UNSUPPORTED)
        for _ in range(3):
            assert numbers(world.poll(clients(4, OPEN_WEBUI_POOL), IDLE, finished=0)) == (0, 0)

    def test_a_new_connection_proves_that_all_old_ones_are_in_use(self):
        world = World("0.12.4")
        for _ in range(2):
            world.poll(clients(2, OPEN_WEBUI_POOL), IDLE, finished=0)
        answer = world.poll(clients(3, OPEN_WEBUI_POOL), (slot(1),), finished=0)
        assert numbers(answer) == (1, 2)

    def test_on_loopback_only_the_new_connection_itself_is_proven(self):
        """The old ones may belong to another program."""
        world = World("0.12.4")
        for _ in range(2):
            world.poll(clients(2), IDLE, finished=0)
        answer = world.poll(clients(4), (slot(1),), finished=0)
        assert numbers(answer) == (1, 1)

    def test_connections_from_before_we_came_prove_nothing(self):
        assert numbers(World("0.12.4").poll(clients(4, OPEN_WEBUI_POOL), (slot(0),))) == (1, Why.UNSUPPORTED)

    def test_without_the_log_a_count_is_only_likely(self):
        world = World("0.12.4")
        world.poll((), IDLE)
        assert world.poll(clients(3, OPEN_WEBUI_POOL), (slot(0),)).waiting_confidence is LIKELY

    def test_busy_chats_step_in_where_connections_do_not_tell(self):
        world = World("0.12.4", NO_AUTOCOMPLETE)
        answer = world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), busy=3)
        assert (*numbers(answer), answer.waiting_source, answer.waiting_confidence) == (
            1,
            2,
            "open-webui-tasks",
            LIKELY,
        )

    def test_busy_chats_may_be_on_hosted_models(self):
        hosted = (*MODELS, WebUIModel("gpt", "gpt", "openai"))
        world = World("0.12.4", ALL_ON, hosted)
        assert numbers(world.poll(clients(4, OPEN_WEBUI_POOL), (slot(0),), busy=3)) == (1, Why.UNSUPPORTED)

    def test_as_many_run_as_there_are_connections(self):
        world = World("0.12.4")
        slots = (slot(0), slot(1, number=1))
        answer = world.poll(clients(2, OPEN_WEBUI_POOL), slots)
        assert (*numbers(answer), answer.waiting_confidence) == (2, 0, EXACT)

    @given(
        st.lists(
            st.tuples(st.integers(0, 6), st.integers(0, 2), st.integers(0, 3), st.floats(0.5, 90)),
            min_size=1,
            max_size=30,
        ),
        st.sampled_from([None, "0.8.12", "0.12.4"]),
    )
    def test_never_more_than_the_connections_and_never_negative(self, polls, version):
        world = World(version)
        for number, (open_now, running, finished, after) in enumerate(polls):
            slots = tuple(slot(number * 10 + index, number=index) for index in range(running)) or IDLE
            answer = world.poll(clients(open_now), slots, finished=finished, after=after)
            assert answer.running.value == running
            if isinstance(answer.waiting, Known):
                assert 0 <= answer.waiting.value <= max(0, open_now - running)
                assert (answer.longest_wait_s is None) == (answer.waiting.value == 0)
            assert all(one.running_s >= 0 for one in answer.active)


class TestWhatCannotBeSeen:
    def ask(self, ollama, processes):
        return step(RequestState(), RequestInputs(1.0, 1.0, processes, ollama))[1]

    def test_a_remote_server(self):
        answer = self.ask(Known(Ollama("http://far", Presence.RUNNING, local=False), 1.0), Known(Processes(), 1.0))
        assert numbers(answer) == (Why.REMOTE, Why.REMOTE)

    def test_no_server_has_no_requests(self):
        assert numbers(self.ask(Known(Ollama("http://o", Presence.ABSENT), 1.0), Known(Processes(), 1.0))) == (0, 0)

    def test_a_server_in_a_virtual_machine(self):
        answer = self.ask(Known(Ollama("http://o", Presence.RUNNING), 1.0), Known(Processes(), 1.0))
        assert numbers(answer) == (Why.MISSING, Why.MISSING)

    def test_hidden_processes(self):
        answer = self.ask(Unknown(Why.TIMED_OUT), Unknown(Why.DENIED))
        assert numbers(answer) == (Why.DENIED, Why.DENIED)

    def test_hidden_sockets_leave_running_known(self):
        assert numbers(World("0.12.4").poll(slots=(slot(0),), denied=True)) == (1, Why.DENIED)

    def test_nothing_loaded_and_nobody_there(self):
        answer = World().poll((), runners=())
        assert (*numbers(answer), answer.running_source) == (0, 0, "no-runner")


class TestWithoutSlots:
    def test_a_runner_that_does_not_answer_is_counted_by_its_connections(self):
        answer = World("0.8.12").poll(clients(3), None, at_runner=1)
        assert (*numbers(answer), answer.running_source) == (1, 2, "runner-connections")
        assert (answer.running_confidence, answer.waiting_confidence) == (LIKELY, LIKELY)
        assert len(answer.active) == 1

    def test_one_that_stops_answering_keeps_its_request(self):
        world = World("0.8.12")
        world.poll(clients(1), (slot(7),), at_runner=1)
        answer = world.poll(clients(1), None, at_runner=1)
        assert [one.running_s for one in answer.active] == [2.0]
        answer = world.poll((), None, at_runner=0)
        assert answer.active == ()
        assert (answer.last_hour[0].requests, answer.last_hour[0].busy_s) == (1, 4.0)

    def test_a_loading_runner_runs_nothing(self):
        loading = replace(RUNNER, loading=True)
        answer = World("0.8.12").poll(clients(2), None, runners=(loading,))
        assert (*numbers(answer), answer.running_source) == (0, 2, "loading")

    def test_before_0_30_as_many_run_as_have_a_place(self):
        world = World("0.8.12", ollama="0.12.11")
        answer = world.poll(clients(3), None, runners=(OLD_RUNNER,), at_runner=2)
        assert (*numbers(answer), answer.running_source, answer.running_confidence) == (1, 2, "connections", LIKELY)
        two = replace(OLD_RUNNER, parallel=2)
        assert numbers(World("0.8.12", ollama="0.9.6").poll(clients(3), None, runners=(two,))) == (2, 1)

    def test_before_0_10_the_places_are_not_known_without_a_command_line(self):
        answer = World("0.8.12", ollama="0.9.6").poll(clients(3), None, runners=(OLD_RUNNER,))
        assert numbers(answer) == (Why.UNSUPPORTED, Why.UNSUPPORTED)

    def test_before_0_30_with_kept_connections_nothing_is_claimed(self):
        world = World("0.12.4", ollama="0.12.11")
        answer = world.poll(clients(3), None, runners=(OLD_RUNNER,), at_runner=2)
        assert numbers(answer) == (Why.UNSUPPORTED, Why.UNSUPPORTED)

    def test_before_0_30_a_runner_that_rests_shows_idle_connections(self):
        resting = replace(OLD_RUNNER, cpu_percent=0.0)
        world = World(ollama="0.12.11")
        for _ in range(SILENT_POLLS + 1):
            answer = world.poll(clients(3), None, runners=(resting,))
        assert numbers(answer) == (0, 0)


class TestKinds:
    def only(self, answer):
        (one,) = answer.active
        return one.kind, one.reason, one.task

    def test_no_task_is_switched_on(self):
        assert self.only(World("0.12.4", ALL_OFF).poll((), (slot(0),))) == (RequestKind.CHAT, "tasks-off", None)

    def test_the_model_that_all_tasks_go_to(self):
        world = World("0.12.4", replace(ALL_ON, task_model="gemma3:1b"))
        small = replace(RUNNER, model="gemma3:1b")
        assert self.only(world.poll((), (slot(0),), runners=(small,))) == (RequestKind.TASK, "task-model", None)
        assert self.only(world.poll((), (slot(1),))) == (RequestKind.CHAT, "other-than-task-model", None)

    def test_a_task_model_that_is_missing_is_not_trusted(self):
        world = World("0.12.4", replace(ALL_ON, task_model="gone:1b"))
        assert self.only(world.poll((), (slot(0),)))[0] is RequestKind.UNKNOWN

    def test_a_hosted_task_model_leaves_only_chats(self):
        hosted = (*MODELS, WebUIModel("gpt", "gpt", "openai"))
        world = World("0.12.4", replace(ALL_ON, task_model="gpt"), hosted)
        assert self.only(world.poll((), (slot(0),)))[1] == "other-than-task-model"

    def test_a_preset_as_task_model_is_its_base_model(self):
        preset = WebUIModel("helper", "Helper", "ollama", base_model_id="gemma3:1b", preset=True)
        world = World("0.12.4", replace(ALL_ON, task_model="helper"), (*MODELS, preset))
        small = replace(RUNNER, model="gemma3:1b")
        assert self.only(world.poll((), (slot(0),), runners=(small,)))[1] == "task-model"

    def test_the_titles_limit(self):
        answer = World("0.12.4", ALL_ON).poll((), (slot(0, limit=1000),))
        assert self.only(answer) == (RequestKind.TASK, "title-limit", None)
        only_titles = replace(ALL_OFF, titles=ON)
        answer = World("0.12.4", only_titles).poll((), (slot(0, limit=1000),))
        assert self.only(answer) == (RequestKind.TASK, "title-limit", "titles")
        assert self.only(World("0.6.43", ALL_ON).poll((), (slot(0, limit=1000),)))[0] is RequestKind.UNKNOWN

    def test_no_chat_is_worked_on_and_nobody_else_is_connected(self):
        world = World("0.8.12", ALL_ON)
        answer = world.poll(clients(1, OPEN_WEBUI_POOL), (slot(0),), busy=0)
        assert self.only(answer) == (RequestKind.TASK, "api-tasks", None)
        world = World("0.8.12", ALL_ON)
        assert self.only(world.poll(clients(1), (slot(0),), busy=0))[0] is RequestKind.UNKNOWN

    def test_a_count_of_chats_from_before_says_nothing(self):
        world = World("0.8.12", ALL_ON)
        first = world.poll(clients(1, OPEN_WEBUI_POOL), (slot(0),))
        assert self.only(first)[0] is RequestKind.UNKNOWN
        later = world.poll(clients(1, OPEN_WEBUI_POOL), (slot(0),), busy=0)
        assert self.only(later)[1] == "api-tasks"

    def test_what_follows_an_answer_at_once(self):
        world = World("0.8.12", replace(ALL_OFF, follow_ups=ON))
        first = world.poll(clients(1, OPEN_WEBUI_POOL), (slot(0),), busy=1)
        assert self.only(first) == (RequestKind.CHAT, "first-of-chat", None)
        after = world.poll(clients(1, OPEN_WEBUI_POOL, 9), (slot(40),), busy=1)
        assert self.only(after) == (RequestKind.TASK, "burst-after-answer", "follow-ups")
        world.poll((), IDLE)
        world.poll((), IDLE, after=20)
        assert self.only(world.poll(clients(1, OPEN_WEBUI_POOL, 11), (slot(80),), busy=1))[0] is RequestKind.CHAT

    def test_a_chain_of_tasks_goes_on(self):
        world = World("0.8.12", NO_AUTOCOMPLETE)
        world.poll(clients(1), (slot(0),), busy=1)
        for number in (40, 60, 80):
            answer = world.poll(clients(1, start=number), (slot(number),), busy=1)
            assert self.only(answer) == (RequestKind.TASK, "burst-after-answer", None)
        assert answer.last_hour[0].task_requests == 3

    def test_one_that_had_waited_may_be_anything(self):
        world = World("0.8.12", NO_AUTOCOMPLETE)
        world.poll(clients(2), (slot(0),), busy=1)
        assert self.only(world.poll(clients(1), (slot(40),), busy=1))[:2] == (RequestKind.UNKNOWN, "was-waiting")

    def test_a_title_may_come_before_its_answer(self):
        """From 0.10 the first request of a chat may be the title's."""
        assert self.only(World("0.12.4", ALL_ON).poll(clients(1), (slot(0),), busy=1))[0] is RequestKind.UNKNOWN
        titles_off = replace(ALL_ON, titles=OFF)
        assert self.only(World("0.12.4", titles_off).poll(clients(1), (slot(0),), busy=1))[1] == "first-of-chat"

    def test_after_an_autocomplete_call_a_chat_may_come(self):
        world = World("0.8.12", ALL_ON)
        world.poll(clients(1), (slot(0),))
        assert self.only(world.poll(clients(1), (slot(40),)))[0] is RequestKind.UNKNOWN


class TestTime:
    def test_sleep_starts_afresh_but_keeps_the_hour(self):
        world = World("0.8.12")
        world.poll(clients(3), (slot(0),))
        world.poll(clients(3), (slot(9),))
        answer = world.poll(clients(2), (slot(9),), after=3000)
        assert answer.longest_wait_s == 0
        assert [one.running_s for one in answer.active] == [0]
        assert answer.last_hour[0].requests == 2

    def test_a_clock_that_goes_back(self):
        world = World("0.8.12")
        world.poll(clients(3), (slot(0),))
        answer = world.poll(clients(3), (slot(0),), after=-50)
        assert (answer.longest_wait_s, [one.running_s for one in answer.active]) == (0, [0])

    def test_what_is_older_than_an_hour_is_forgotten(self):
        world = World("0.8.12")
        for number in range(30):
            world.poll((), (slot(number),), after=44)
        assert world.poll((), IDLE).last_hour[0].requests == 30
        for _ in range(60):
            world.poll((), IDLE, after=44)
        for number in range(10):
            world.poll((), (slot(100 + number),), after=44)
        answer = world.poll((), IDLE)
        assert 10 <= answer.last_hour[0].requests < 30
        assert len(world.state.load.minutes) <= 61

    def test_two_models(self):
        other = replace(RUNNER, pid=3, port=4001, model="gemma3:1b")
        world = World("0.8.12")
        world.poll(clients(1), (slot(0),), runners=(RUNNER, other), at_runner=1)
        answer = world.poll((), IDLE, runners=(RUNNER, other), at_runner=0)
        assert {load.model for load in answer.last_hour} == {"qwen3:32b", "gemma3:1b"}
