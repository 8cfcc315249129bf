"""Every story as a trace in the record format, and its variants. Imports nothing of the product.

python -m tests.scenarios.traces NAME [VARIANT]     prints one trace
"""

import inspect
import json
import sys
from functools import cache

from tests.scenarios import mac_stories, other_stories
from tests.scenarios.render import snapshot

START = 1_795_000_000.0
STARTED_UP = 86_400.0
SOURCES = ("memory", "gpu", "processes", "ollama", "requests", "ollama_log", "open_webui")
VARIANTS = (
    "base",
    "scaled-0.9",
    "scaled-1.1",
    "polls-dropped",
    "clock-forward",
    "clock-back",
    *(f"unknown-{source}" for source in SOURCES),
)


def _stories():
    found = {}
    for module in (mac_stories, other_stories):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if not name.startswith("_") and function.__module__ == module.__name__:
                found[name.replace("_near_miss", "--near-miss").replace("_", "-")] = function
    return dict(sorted(found.items()))


STORIES = _stories()


@cache
def _lines(name, scale):
    """(phase, line as dict) for each poll, in order."""
    machine, phases = STORIES[name](scale)
    at, uptime = START, STARTED_UP
    lines = []
    for phase in phases:
        at += phase.gap_s
        for poll in phase.polls:
            lines.append((phase.name, json.dumps(snapshot(machine, poll, at, uptime))))
            at += phase.every_s
            uptime += phase.every_s
    return tuple(lines)


def trace(name, variant="base"):
    """[(phase, snapshot as JSON value)] of one scenario in one variant."""
    scale = float(variant.removeprefix("scaled-")) if variant.startswith("scaled-") else 1.0
    lines = [(phase, json.loads(line)) for phase, line in _lines(name, scale)]
    if variant == "polls-dropped":
        return [pair for index, pair in enumerate(lines) if index % 3 != 1]
    if variant.startswith("unknown-"):
        for _phase, line in lines:
            line[variant.removeprefix("unknown-")] = {"unknown": "timed-out", "detail": "2 s"}
    if variant.startswith("clock-"):
        jump = 7200.0 if variant == "clock-forward" else -3600.0
        for _phase, line in lines[_middle(lines) :]:
            _move(line, jump)
    return lines


def _middle(lines):
    """The middle of the phase with the most polls before the last one: where it matters most."""
    phases = list(dict.fromkeys(phase for phase, _line in lines))[:-1]
    hot = max(phases, key=lambda name: sum(phase == name for phase, _line in lines))
    inside = [index for index, (phase, _line) in enumerate(lines) if phase == hot]
    return inside[len(inside) // 2]


def _move(value, jump):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("taken_at", "at", "expires_at") and inner is not None:
                value[key] = inner + jump
            else:
                _move(inner, jump)
    elif isinstance(value, list):
        for inner in value:
            _move(inner, jump)


if __name__ == "__main__":
    for _phase, line in trace(*sys.argv[1:3]):
        print(json.dumps(line))
