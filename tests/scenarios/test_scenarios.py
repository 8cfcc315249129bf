"""Every scenario, in every variant, is told as stated before the rules were written."""

import ast
from pathlib import Path

import pytest

from tests.scenarios import golden
from tests.scenarios.judge import EXPECTED, expected, judge
from tests.scenarios.traces import STORIES, VARIANTS, trace

CASES = [(name, variant) for name in STORIES for variant in VARIANTS]


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_a_situation_is_told_as_it_is(name, variant):
    verdict = judge(name, variant)
    for phase, stated in expected(name, variant).items():
        told, must, may = set(verdict.phases[phase].fires), set(stated["fires"]), set(stated.get("may", ()))
        assert must - told == set(), f"missed in {phase}"
        assert told - must - may == set(), f"false in {phase}"
    # A clock that moves two hours ahead ends the cool-down of a notice.
    if variant != "clock-forward":
        causes = [cause for _kind, cause in verdict.notices]
        assert len(causes) == len(set(causes)), "one notice per cause"


def test_flapping_at_the_threshold_gives_one_notice():
    assert judge("flapping", "base").notices == [("task-storm", "qwen3:32b")]
    assert judge("flapping--near-miss", "base").notices == []


def test_a_storm_is_told_within_two_polls_of_the_hold_time():
    for name in ("classic-macos-15", "started-while-it-hangs"):
        told = judge(name, "base").phases["chatting"]
        assert told.fires["task-storm"] <= 2


def test_everything_stated_belongs_to_a_trace():
    assert set(EXPECTED) == set(STORIES)
    for name, variants in EXPECTED.items():
        phases = {phase for phase, _line in trace(name)}
        assert set(variants["base"]) == phases
        assert set(variants) <= set(VARIANTS)
        assert all(set(stated) <= phases for stated in variants.values())


def test_the_generator_knows_nothing_of_the_product():
    for name in ("world", "render", "acts", "mac_stories", "other_stories", "traces"):
        tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
        modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert not [module for module in modules + names if module.startswith("tray_app")]


@pytest.mark.parametrize("name", STORIES)
def test_the_whole_answer_is_the_one_agreed_on(name):
    """`python -m tests.scenarios.golden` writes them again."""
    for file, content in golden.files(name).items():
        assert content == (golden.FOLDER / file).read_text(encoding="utf-8"), file
