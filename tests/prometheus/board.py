"""The queries of our Grafana board and the expressions of our rules, and what they name."""

import json
import re

from tests.prometheus.server import BOARD, RULES

CHOSEN = {
    "$__rate_interval": "30s",
    "$instance": ".*",
    "$ollama": ".*",
}
NAME = re.compile(r"\b((?:elbowroom|haproxy|process)_\w+|up)\b(?=\s*(?:\{|\[|\)|$|[-+*/=<>]| ))")
SELECTOR = re.compile(r"\b((?:elbowroom|haproxy|process)_\w+|up)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!=|!~|=)\s*"')


def board():
    return json.loads(BOARD.read_text("utf-8"))


def filled(expression):
    """With what a person would have chosen: everything."""
    for name, value in CHOSEN.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def board_queries():
    """{where: expression}"""
    found = {}
    made = board()
    for panel in made["panels"]:
        for target in panel.get("targets", ()):
            found[f"{panel['title']} {target['refId']}"] = target["expr"]
    for one in made["annotations"]["list"]:
        found[f"annotation {one['name']}"] = one["expr"]
    for one in made["templating"]["list"]:
        if one["type"] == "query":
            found[f"variable {one['name']}"] = re.fullmatch(r"label_values\((.*), (\w+)\)", one["definition"])[1]
    return found


def rule_expressions():
    """{name: expression}, read without a YAML library: each `expr` is one line, or folded lines after `>-`."""
    found = {}
    for block in re.split(r"(?m)^      - (?=alert|record)", RULES.read_text("utf-8"))[1:]:
        name = re.match(r"(?:alert|record): (\S+)", block)[1]
        one_line = re.search(r"(?m)^ +expr: (?!>-)(.+)$", block)
        folded = re.search(r"(?m)^ +expr: >-\n((?:          .+\n)+)", block)
        found[name] = one_line[1] if one_line else " ".join(folded[1].split())
    return found


def named(expression):
    """Metrics that it asks for."""
    return {one for one, _ in SELECTOR.findall(expression)} | set(NAME.findall(_without_labels(expression)))


def labels_of(expression):
    """(metric, label) that its selectors match by."""
    return {(name, label) for name, inside in SELECTOR.findall(expression) for label in MATCHER.findall(inside)}


def _without_labels(expression):
    """Label lists of `by`, `on` and the like are no metrics."""
    return re.sub(r"\b(?:by|on|ignoring|group_left|group_right|without)\s*\([^)]*\)", "", expression)
