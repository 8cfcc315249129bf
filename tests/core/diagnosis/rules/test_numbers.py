"""What findings tell and whom they blame, where a small slip would not be seen otherwise."""

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
    server,
    settings,
)
from tray_app.core.diagnosis.rules import (
    model_thrash,
    task_model_does_not_fit,
    task_model_unusable,
    task_storm,
    tasks_on_big_model,
)
from tray_app.core.diagnosis.traffic import traffic_of
from tray_app.core.values.limits import Limits
from tray_app.core.values.requests import RequestKind
from tray_app.core.values.snapshot import InstalledModel, Pressure

SMALL = "llama3.2:3b"
BOTH = (listed(BIG), listed(SMALL))


@pytest.mark.parametrize(("task_model", "told"), [(SMALL, SMALL), ("gemma3:1b", None)])
def test_the_task_model_is_named_where_it_is_what_takes_turns(task_model, told):
    web = server(settings(task_model=task_model), (*BOTH, listed("gemma3:1b")))
    names = (BIG, SMALL, BIG, SMALL)
    polls = [
        poll(1000.0 + 6 * index, runners=(runner(index, name),), open_webui=web) for index, name in enumerate(names)
    ]
    (found,) = model_thrash.check(facts(polls[-1], history(*polls[:-1])))
    assert (found.model, found.task_model) == (BIG, told)


def test_a_task_model_that_is_loaded_does_fit_even_where_it_spills():
    there = (loaded(), loaded(SMALL, size=3 * GIB, vram=2 * GIB))
    small = (InstalledModel(SMALL, "d", 3 * GIB),)
    web = server(settings(task_model=SMALL), BOTH)
    assert task_model_does_not_fit.check(facts(poll(models=there, installed=small, open_webui=web))) == ()


def test_where_nothing_is_loaded_the_listed_models_are_judged():
    web = server(settings(task_model="no-such:1b"), BOTH)
    (found,) = task_model_unusable.check(facts(poll(models=(), open_webui=web)))
    assert (found.model, found.falls_back_to) == ("no-such:1b", BIG)


def test_running_tasks_prove_that_there_are_some():
    blind = poll(open_webui=server(tasks=None), asks=requests((TASK,)))
    (found,) = tasks_on_big_model.check(facts(_without_web(blind)))
    assert (found.model, found.tasks, found.budget_share) == (BIG, (), 93.8)
    assert tasks_on_big_model.check(facts(_without_web(poll(asks=requests((CHAT,)))))) is None


def _without_web(made):
    return replace(made, open_webui=GONE)


def test_a_share_is_told_to_the_tenth_of_a_percent():
    made = poll(pressure=Pressure.WARNING, asks=requests((CHAT, TASK), 2, 3.14159))
    (found,) = task_storm.check(facts(made))
    assert (found.budget_share, found.longest_wait_s, found.running_tasks) == (93.8, 3.1, 1)


class TestTraffic:
    chat, other = active(model="a"), active(model="b")
    both = (loaded("a"), loaded("b"))
    one = (loaded("a"),)

    @pytest.mark.parametrize(
        ("model", "running", "requests", "models", "here", "waiting"),
        [
            # Which request is whose is known, or follows from the one model that is loaded.
            ("a", 2, (chat, other), both, 1, 5),
            ("a", 1, (other,), both, 0, 0),
            ("a", 0, (), both, 0, 5),
            ("a", 2, (), one, 2, 5),
            ("a", 2, (), both, 0, 0),
            ("a", 1, (active(model=None),), one, 1, 5),
            ("a", 1, (active(model=None),), both, 0, 0),
            ("a", 1, (active(model=None),), None, 0, 0),
        ],
    )
    def test_whose_requests(self, model, running, requests, models, here, waiting):
        found = traffic_of(model, running, 5, requests, models, None)
        assert (found.running, found.waiting) == (here, waiting)
        assert traffic_of(model, running, None, requests, models, None).waiting is None

    def test_several_at_once_share_a_model(self):
        two = (active(model="a"), active(RequestKind.TASK, "a"))
        found = traffic_of("a", 2, 0, two, self.one, 1.0)
        assert (found.running, found.tasks, found.shared) == (2, 1, True)
        assert not traffic_of("a", 1, 0, two[:1], self.one, 1.0).shared
        assert found.piles_up(Limits())
        alone = traffic_of("a", 1, 1, two[:1], self.one, 1.0)
        assert (alone.piles_up(Limits(waiting_requests=1)), alone.piles_up(Limits(waiting_requests=2))) == (True, False)
