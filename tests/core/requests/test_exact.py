"""While the relay of chat first tells what goes through it: who runs, who waits, who is held, and what comes beside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tray_app.core.requests.count import step
from tray_app.core.requests.inputs import RequestInputs, RequestState
from tray_app.core.values.connections import RELAY_POOL, Client, Connections, Talk, Whose
from tray_app.core.values.reading import Known, Unknown, Why, value_of
from tray_app.core.values.relay import Ending, Finished, Lane, RelayState, Stage, Standing
from tray_app.core.values.requests import Confidence, RequestKind, RunnerSlot
from tray_app.core.values.snapshot import (
    InstalledModel,
    Ollama,
    Presence,
    Processes,
    ProcessRole,
    ServerConfig,
    WatchedProcess,
)

BIG, SMALL = "qwen3:32b", "gemma3:1b"
OLLAMA = Ollama(
    "http://127.0.0.1:11434",
    Presence.RUNNING,
    "0.32.15",
    installed=(InstalledModel(BIG, "a", 20, blob_digest="sha256-a"), InstalledModel(SMALL, "b", 1)),
)
SERVER = WatchedProcess(1, 1.0, ProcessRole.OLLAMA_SERVER, "ollama")
RUNNER = WatchedProcess(
    2, 1.0, ProcessRole.OLLAMA_RUNNER, "llama-server", port=4000, model=BIG, has_slots=True, blob_digest="sha256-a"
)
OTHER_RUNNER = replace(RUNNER, pid=3, port=4001, model=SMALL, blob_digest="sha256-b")
OLD_RUNNER = replace(RUNNER, has_slots=False)
START = 1.8e9
GONE = Unknown(Why.UNREACHABLE)


def call(number, lane=Lane.CHAT, stage=Stage.SENT, *, task="", model=BIG, arrived=0.0, sent=None, first=None, broken=0):
    sent = arrived if sent is None and stage is not Stage.HELD else sent
    return Standing(
        number,
        lane,
        task,
        model,
        stage,
        START + arrived,
        None if sent is None else START + sent,
        None if first is None else START + first,
        broken,
    )


def title(number, stage, **times):
    return call(number, Lane.TASK, stage, task="title_generation", **times)


def over(seq, lane=Lane.CHAT, *, task="", model=BIG, arrived, sent, first=None, ended, ending=Ending.SERVED):
    return Finished(
        seq,
        lane,
        task,
        model,
        START + arrived,
        START + ended,
        ending,
        None if sent is None else START + sent,
        None if first is None else START + first,
        held_s=ended - arrived if sent is None else sent - arrived,
    )


def of_relay(count):
    return tuple(Client("127.0.0.1", 50000 + number, RELAY_POOL) for number in range(count))


class World:
    """Feeds `step` as the poll does. Times count from START."""

    def __init__(self):
        self.state = RequestState()

    def poll(self, at, *standing, slots=(), finished=(), gone=False, upstream=OLLAMA.url, beside=(), **given):
        """`slots`: task ids of the places that work, None for one that rests."""
        runners = given.get("runners", (RUNNER,))
        told = tuple(
            RunnerSlot(number, is_processing=task is not None, task_id=task) for number, task in enumerate(slots)
        )
        clients = (*of_relay(sum(one.stage is not Stage.HELD for one in standing)), *beside)
        relay = RelayState(9, 11435, upstream, START, START + at, standing, finished)
        inputs = RequestInputs(
            taken_at=START + at,
            uptime_s=100.0 + at,
            processes=given.get("processes", Known(Processes((SERVER, *runners)), START + at)),
            ollama=Known(given.get("ollama", OLLAMA), START + at),
            connections=given.get(
                "connections", Known(Connections(clients, ((4000, len(told)),), given.get("talks")), START + at)
            ),
            slots=given.get("asked", tuple((one.port, Known(told, START + at)) for one in runners if one.has_slots)),
            relay=GONE if gone else Known(relay, START + at),
        )
        self.state, answer = step(self.state, inputs)
        return answer


def counts(answer):
    return value_of(answer.running), value_of(answer.waiting)


def told(requests):
    return [(one.kind.value, one.task) for one in requests]


def test_a_held_task_neither_runs_nor_waits_at_ollama():
    answer = World().poll(
        5,
        call(1, stage=Stage.ANSWERING, arrived=0, first=1.5),
        title(2, Stage.HELD, arrived=1, broken=1),
        slots=(7,),
    )
    assert counts(answer) == (1, 0)
    assert (answer.running_source, answer.running_confidence) == ("relay", Confidence.EXACT)
    assert (answer.waiting_source, answer.waiting_confidence) == ("relay", Confidence.EXACT)
    assert answer.longest_wait_s is None
    (chat,) = answer.active
    assert (chat.kind, chat.reason, chat.task, chat.running_s, chat.first_token_s) == (
        RequestKind.CHAT,
        "relay",
        None,
        5.0,
        1.5,
    )
    (held,) = answer.queue
    assert (held.kind, held.task, held.held, held.waited_s, held.broken_off) == (
        RequestKind.TASK,
        "titles",
        True,
        4.0,
        1,
    )


def test_a_chat_that_waits_behind_a_task_is_told_with_its_wait():
    world = World()
    world.poll(2, title(1, Stage.SENT, arrived=1), slots=(7,))
    answer = world.poll(6, title(1, Stage.SENT, arrived=1), call(2, arrived=4), slots=(7,))
    assert counts(answer) == (1, 1)
    assert told(answer.active) == [("task", "titles")]
    assert told(answer.queue) == [("chat", None)]
    assert answer.queue[0].waited_s == answer.longest_wait_s == 2.0


@pytest.mark.parametrize(
    ("word", "lane", "kind", "task"),
    [
        ("", Lane.CHAT, "chat", None),
        ("query_generation", Lane.CHAT, "task", "queries"),
        ("tags_generation", Lane.TASK, "task", "tags"),
        ("autocomplete_generation", Lane.TYPING, "task", "autocomplete"),
        ("something_new", Lane.CHAT, "task", "other"),
    ],
)
def test_each_call_is_named_by_open_webuis_own_word(word, lane, kind, task):
    answer = World().poll(2, call(1, lane, task=word, arrived=1), slots=(7,))
    assert told(answer.active) == [(kind, task)]


def test_lists_and_downloads_are_no_requests():
    answer = World().poll(2, call(1, Lane.OTHER, Stage.ANSWERING, arrived=1), slots=(None,))
    assert counts(answer) == (0, 0)
    assert answer.queue == ()


def test_while_a_model_loads_its_requests_wait():
    loading = replace(RUNNER, loading=True)
    answer = World().poll(4, call(1, arrived=1), runners=(loading,), asked=())
    assert counts(answer) == (0, 1)
    answer = World().poll(4, call(1, arrived=1), runners=())
    assert counts(answer) == (0, 1)


def test_each_model_works_off_its_own_queue():
    world = World()
    runners = (RUNNER, OTHER_RUNNER)
    asked = (
        (4000, Known((RunnerSlot(0, is_processing=True, task_id=7),), 0.0)),
        (4001, Known((RunnerSlot(0, is_processing=False),), 0.0)),
    )
    answer = world.poll(
        4,
        call(1, arrived=1),
        call(2, arrived=2),
        title(3, Stage.SENT, model=SMALL, arrived=3),
        runners=runners,
        asked=asked,
    )
    assert counts(answer) == (1, 2)
    assert told(answer.queue) == [("chat", None), ("task", "titles")]


def test_a_model_is_found_by_its_other_names():
    answer = World().poll(4, call(1, model="QWEN3:32b", arrived=1), slots=(7,))
    assert counts(answer) == (1, 0)
    by_file = replace(OLLAMA, installed=(*OLLAMA.installed, InstalledModel("mine", "a", 20, blob_digest="sha256-a")))
    answer = World().poll(4, call(1, model="mine", arrived=1), slots=(7,), ollama=by_file)
    assert counts(answer) == (1, 0)


class TestBeside:
    """Other clients, straight at Ollama."""

    STRANGER = (Client("127.0.0.1", 40000),)

    def test_what_another_client_asks_is_counted_with_it_once(self):
        """Its request began before the relay sent anything: the relay's waits behind it."""
        world = World()
        world.poll(2, slots=(7,), beside=self.STRANGER, talks=(Talk(False, 0.1, 2.0),))
        answer = world.poll(
            6,
            call(1, arrived=4),
            slots=(7,),
            beside=self.STRANGER,
            talks=(Talk(True, 9.0, 2.0), Talk(False, 0.1, 6.0)),
        )
        assert counts(answer) == (1, 1)
        assert [one.reason for one in answer.active] == ["no-evidence"]
        assert told(answer.queue) == [("chat", None)]

    def test_another_client_that_waits_behind_the_relays_request(self):
        answer = World().poll(
            6,
            call(1, arrived=1),
            slots=(7,),
            beside=self.STRANGER,
            talks=(Talk(True, 9.0, 5.0), Talk(True, 9.0, 3.0)),
        )
        assert counts(answer) == (1, 1)
        assert answer.longest_wait_s == 3.0
        assert answer.queue == ()

    def test_a_connection_that_another_client_keeps_is_no_request(self):
        answer = World().poll(
            6, call(1, arrived=1), slots=(7,), beside=self.STRANGER, talks=(Talk(True, 9, 5), Talk(False, 60.0, 61.0))
        )
        assert counts(answer) == (1, 0)

    def test_the_relays_own_connections_are_open_webuis_way(self):
        assert World().poll(6, call(1, arrived=1), slots=(7,), talks=(Talk(True, 9, 5),)).whose is Whose.OPEN_WEBUI

    def test_where_connections_cannot_be_seen_the_rest_is_a_lower_bound(self):
        answer = World().poll(6, call(1, arrived=1), call(2, arrived=2), slots=(7,), connections=Unknown(Why.DENIED))
        assert counts(answer) == (1, 1)
        assert answer.running_confidence is Confidence.EXACT
        assert answer.waiting_confidence is Confidence.LOWER_BOUND


class TestWithoutPlaces:
    """A runner that does not tell its places, or an Ollama on another machine."""

    @pytest.mark.parametrize(("parallel", "expected"), [(1, (1, 2)), (2, (2, 1)), (None, (1, 2))])
    def test_as_many_run_as_there_is_room_for(self, parallel, expected):
        ollama = replace(OLLAMA, config=ServerConfig(num_parallel=parallel))
        calls = [call(number, arrived=number) for number in (1, 2, 3)]
        answer = World().poll(6, *calls, runners=(OLD_RUNNER,), asked=(), ollama=ollama)
        assert counts(answer) == expected
        assert answer.running_confidence is Confidence.LIKELY

    def test_what_answers_runs_whatever_else_is_said(self):
        calls = [call(number, stage=Stage.ANSWERING, arrived=number, first=4) for number in (1, 2)]
        assert counts(World().poll(6, *calls, runners=(OLD_RUNNER,), asked=())) == (2, 0)

    def test_at_an_ollama_elsewhere_it_is_the_least_there_is(self):
        far = replace(OLLAMA, local=False, url="http://10.0.0.2:11434")
        answer = World().poll(6, call(1, arrived=1), call(2, arrived=2), ollama=far, upstream=far.url, runners=())
        assert counts(answer) == (1, 1)
        assert {answer.running_confidence, answer.waiting_confidence} == {Confidence.LOWER_BOUND}


class TestComingAndGoing:
    def test_without_the_relay_the_next_poll_counts_without_it_and_forgets_no_name(self):
        world = World()
        world.poll(2, title(1, Stage.SENT, arrived=1), slots=(7,))
        answer = world.poll(4, slots=(7,), gone=True)
        assert value_of(answer.running) == 1
        assert answer.running_source == "slots"
        assert told(answer.active) == [("task", "titles")]
        assert answer.queue is None

    def test_a_relay_that_leads_elsewhere_tells_nothing_of_this_ollama(self):
        answer = World().poll(2, call(1, arrived=1), slots=(7,), upstream="http://127.0.0.1:11500")
        assert answer.running_source == "slots"
        assert World().poll(2, call(1, arrived=1), slots=(7,), upstream="http://localhost:11434/").queue == ()

    def test_what_ended_is_told_once_also_when_the_relay_comes_back(self):
        world = World()
        world.poll(2, call(1, arrived=1), slots=(7,))
        world.poll(4, slots=(None,), gone=True)
        late = over(1, arrived=1, sent=1, first=1.5, ended=3)
        answer = world.poll(6, slots=(None,), finished=(late,))
        assert answer.finished == ()
        assert [(one.model, one.requests) for one in answer.last_hour] == [(BIG, 1)]

    def test_what_ended_before_the_first_look_counts_for_the_last_hour(self):
        ended = (
            over(1, arrived=-500, sent=-500, ended=-490),
            over(2, Lane.TASK, task="title_generation", arrived=-499, sent=-490, ended=-488),
            over(3, arrived=-5000, sent=-5000, ended=-4000),
        )
        (load,) = World().poll(2, slots=(None,), finished=ended).last_hour
        assert (load.model, load.requests, load.task_requests, load.busy_s) == (BIG, 2, 1, 12.0)


def test_what_ended_is_told_with_its_first_word_and_how_long_it_ran():
    """Both were at Ollama at once, on one place: the second ran when the first had ended."""
    chat = over(1, arrived=1, sent=1, first=2, ended=5)
    task = over(2, Lane.TASK, task="tags_generation", arrived=2, sent=3, first=6, ended=6)
    dropped = over(3, Lane.TYPING, task="autocomplete_generation", arrived=2, sent=None, ended=4, ending=Ending.DROPPED)
    answer = World().poll(8, slots=(None,), finished=(chat, task, dropped))
    assert [
        (one.kind.value, one.task, one.began_at - START, one.ended_at - START, one.busy_s, one.held_s, one.served)
        for one in answer.finished
    ] == [
        ("task", "autocomplete", 2.0, 4.0, 0.0, 2.0, False),
        ("chat", None, 1.0, 5.0, 4.0, 0.0, True),
        ("task", "tags", 2.0, 6.0, 1.0, 1.0, True),
    ]
    assert [one.first_token_at and one.first_token_at - START for one in answer.finished] == [None, 2.0, None]


def test_what_ran_when_the_poll_before_was_taken_is_known_in_the_next():
    world = World()
    world.poll(4, call(2, arrived=1), slots=(7,), finished=(over(1, arrived=0, sent=0, ended=3.5),))
    (late,) = world.poll(8, slots=(None,), finished=(over(2, arrived=1, sent=1, ended=6),)).finished
    assert late.busy_s == 2.5


class Truth:
    """An Ollama with some places for one model that works in order, and the relay in front of it, second by second."""

    def __init__(self, places, calls):
        self.places, self.calls = places, calls
        self.began, self.ended = {}, {}
        for second in range(70):
            for number, (_, seconds, _) in enumerate(calls):
                if number in self.began and number not in self.ended and second >= self.began[number] + seconds:
                    self.ended[number] = second
            waiting = [n for n, (at, _, _) in enumerate(calls) if at <= second and n not in self.began]
            free = places - len(self.began.keys() - self.ended.keys())
            for number in sorted(waiting, key=lambda n: (calls[n][0], n))[:free]:
                self.began[number] = second

    def came(self, number):
        """No two at the very same moment: the relay sends one after the other."""
        return self.calls[number][0] + number / 1000

    def runs(self, at):
        return [n for n in self.began if self.began[n] <= at and at < self.ended[n]]

    def waits(self, at):
        return [n for n, (came, _, _) in enumerate(self.calls) if came <= at < self.began[n]]


calls_made = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 6), st.sampled_from(["", "title_generation", "tags_generation"])),
    max_size=8,
)


@given(calls_made, st.integers(1, 3), st.lists(st.integers(1, 4), min_size=1, max_size=8))
def test_who_runs_and_who_waits_is_what_is_so(calls, places, pauses):
    """Whatever comes, at whatever rhythm it is looked at: by name, also what each of them worked in the end."""
    truth, world, at, worked = Truth(places, calls), World(), 0, {}
    told_up_to = -1
    for pause in [*pauses, 100]:
        at += pause
        now = at + 0.5
        runs, waits = truth.runs(now), truth.waits(now)
        standing = [
            call(n, Lane.TASK if calls[n][2] else Lane.CHAT, task=calls[n][2], arrived=truth.came(n))
            for n in (*runs, *waits)
        ]
        over_now = [n for n in truth.ended if told_up_to < truth.ended[n] <= now]
        ended = sorted(over_now, key=lambda n: (truth.ended[n], truth.came(n)))
        told_up_to = now
        finished = tuple(
            over(n, task=calls[n][2], arrived=truth.came(n), sent=truth.came(n), ended=truth.ended[n]) for n in ended
        )
        slots = (*runs, *(None,) * (places - len(runs)))
        answer = world.poll(now, *standing, slots=slots, finished=finished)
        assert counts(answer) == (len(runs), len(waits))
        words = {"": None, "title_generation": "titles", "tags_generation": "tags"}
        assert sorted(str(one.task) for one in answer.active) == sorted(str(words[calls[n][2]]) for n in runs)
        assert sorted(str(one.task) for one in answer.queue) == sorted(str(words[calls[n][2]]) for n in waits)
        worked |= {n: one.busy_s for n, one in zip(ended, answer.finished, strict=True)}
    assert worked == {n: pytest.approx(truth.ended[n] - truth.began[n], abs=0.1) for n in truth.ended}
