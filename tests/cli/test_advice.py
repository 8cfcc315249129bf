"""Advice for Ollama's own settings: the steps for how it runs here, and afterwards whether it took effect."""

from types import SimpleNamespace

import pytest

from tests.core.machines import facts, loaded, machine
from tests.english import TR
from tray_app.cli.relief import advice
from tray_app.core.values.remedy import Advice, AdviceKind, OllamaStart, Reason
from tray_app.core.values.snapshot import ServerConfig


class Paper:
    def __init__(self):
        self.lines = []

    def text(self, text):
        self.lines.append(text)


def look(config):
    snapshot = machine(loaded("a", 10), system="linux", config=config)
    return SimpleNamespace(facts=facts(snapshot), snapshot=snapshot)


def test_the_steps_come_with_what_it_is_now_and_how_to_look_afterwards():
    paper = Paper()
    remedy = Advice(
        kind=AdviceKind.NUM_PARALLEL,
        model="a",
        reason=Reason.SLOTS_RESERVE_MEMORY,
        start=OllamaStart.SHELL,
        now="4",
    )
    assert advice.told(remedy, look(ServerConfig()), paper, TR) == 0
    assert paper.lines == [
        "  Stop Ollama where it runs, with Ctrl-C.",
        "  Start it again with: OLLAMA_NUM_PARALLEL=1 ollama serve",
        "Now it is OLLAMA_NUM_PARALLEL=4.",
        "Afterwards this says whether it took effect: elbowroom fix num-parallel",
    ]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (ServerConfig(num_parallel=1, told=True), ["In effect: Ollama runs with OLLAMA_NUM_PARALLEL=1."]),
        (
            ServerConfig(),
            ["Nothing calls for it now; whether Ollama runs with OLLAMA_NUM_PARALLEL=1 cannot be seen from here."],
        ),
        (ServerConfig(num_parallel=2, told=True), []),
    ],
)
def test_afterwards_it_is_said_whether_it_took_effect(config, told):
    paper = Paper()
    assert advice.followed("num-parallel", (), look(config), paper, TR) is bool(told)
    assert paper.lines == told
    assert not advice.followed("follow-ups-off", (), look(config), paper, TR)
    assert not advice.followed(None, (), look(config), paper, TR)
