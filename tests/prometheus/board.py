"""The queries of our Grafana board and the expressions of our rules, and what they name."""

import json
import re

import yaml

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


def rules():
    """Every rule: its `alert` or `record`, its `expr`..."""
    return [one for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for one in group["rules"]]


def rule_expressions():
    """{name: expression}"""
    return {one.get("alert") or one["record"]: one["expr"] for one in rules()}


def named(expression):
    """Metrics that it asks for."""
    return {one for one, _ in SELECTOR.findall(expression)} | set(NAME.findall(_without_labels(expression)))


def labels_of(expression):
    """(metric, label) that its selectors match by."""
    return {(name, label) for name, inside in SELECTOR.findall(expression) for label in MATCHER.findall(inside)}


def _without_labels(expression):
    """Label lists of `by`, `on` and the like are no metrics."""
    return re.sub(r"\b(?:by|on|ignoring|group_left|group_right|without)\s*\([^)]*\)", "", expression)
