"""Rules and board before a real Prometheus that scrapes our real command, and before promtool."""

import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from tests.exporter.process import Exporter, samples
from tests.haproxy.balancer import Balancer
from tests.ports import free_port
from tests.prometheus.board import board, board_queries, filled, labels_of, named, rule_expressions, rules
from tests.prometheus.server import MONITORING, RULE_TESTS, RULES, Prometheus, promtool
from tray_app.app import language
from tray_app.cli.arguments.teams import METRICS_AT
from tray_app.cli.main import parse
from tray_app.core.diagnosis.alerts import AlertState
from tray_app.core.report.metrics import catalog
from tray_app.core.report.metrics.metric import MetricType
from tray_app.core.values.finding import FINDINGS, Level, Severity
from tray_app.core.values.snapshot import Pressure
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.server import wait_until

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
CROWDED = [sys.executable, "-m", "tests.prometheus.crowded"]
WITHIN_S = 60
# What this play does not have; each is told in other tests.
NOT_PLAYED = {
    "elbowroom_gpu_busy_ratio": "the played Mac does not tell it",
    "elbowroom_finding_undecided": "everything can be judged there",
    "elbowroom_request_longest_wait_seconds": "only while somebody waits whom the relay tells of",
    "elbowroom_request_held_seconds_total": "only when a held task has ended",
}
EMPTY_HERE = {"Requests D": "no count is a lower bound there"}
ADDED = {"instance", "job", "le", "__name__"}


def metrics_of_ours():
    """Name in a query -> metric: a histogram has three."""
    found = {}
    for one in catalog.ALL:
        ends = ("_bucket", "_sum", "_count") if one.type is MetricType.HISTOGRAM else ("",)
        found |= {one.name + end: one for end in ends}
    return found


# --- as they are written ----------------------------------------------------------------------------------------------


def test_promtool_takes_the_rules_and_their_own_tests_pass():
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = promtool("test", "rules", str(RULE_TESTS))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_a_test():
    alerts = {one["alert"] for one in rules() if "alert" in one}
    tests = yaml.safe_load(RULE_TESTS.read_text("utf-8"))["tests"]
    told = [one for test in tests for one in test.get("alert_rule_test", ())]
    assert alerts == {one["alertname"] for one in told if one["exp_alerts"]}


@pytest.mark.parametrize("where", sorted(board_queries() | rule_expressions()))
def test_every_metric_and_label_of_a_query_is_one_of_ours(where):
    expression = (board_queries() | rule_expressions())[where]
    known = metrics_of_ours()
    ours = {one for one in named(expression) if not one.startswith(("haproxy_", "up"))}
    assert ours <= set(known)
    assert named(expression)
    for metric, label in labels_of(expression):
        if metric in known:
            assert label in {*known[metric].labels, *ADDED}, f"{metric}: {label}"
    words = {
        "kind": {one.kind for one in FINDINGS},
        "state": {*AlertState, "UP"},
        "severity": set(Severity),
        "level": set(Level),
        "pressure": set(Pressure),
    }
    for label, word in re.findall(r'(\w+)!?="([\w-]+)"', expression):
        assert word in words.get(label, {word}), f"{label}: {word}"
    by = {word for inside in re.findall(r"\bby \(([^)]*)\)", expression) for word in re.split(r",\s*", inside)}
    if ours:
        labels = {label for one in ours for label in known[one].labels}
        assert by <= labels | ADDED, by - labels


def test_grafanas_own_types_know_every_key_of_the_board():
    """What they do not know they leave out: what comes back is what was written."""
    made = board()
    panels = [one for one in made["panels"] if one["type"] != "row"]
    read = json.loads(json.dumps(dashboard.Dashboard.from_json(made), cls=JSONEncoder))
    for key, value in made.items():
        if key not in {"panels", "templating", "annotations"}:
            assert read[key] == value, key
    again = [one for one in read["panels"] if one["type"] != "row"]
    for ours, theirs in zip(panels, again, strict=True):
        assert missing(ours, theirs) == [], ours["title"]
    for part in ("templating", "annotations"):
        for ours, theirs in zip(made[part]["list"], read[part]["list"], strict=True):
            assert missing(ours, theirs) == [], ours["name"]


# Words that Grafana takes, and its types of 10.1 leave to the kind of panel, variable or data source.
OPEN = {"options", "custom", "targets", "definition", "sort", "useValueForTime", "titleFormat", "step"}


def missing(ours, theirs, place=""):
    """Keys of ours that are not in theirs, with the same value."""
    if isinstance(ours, dict):
        if not isinstance(theirs, dict):
            return [place]
        wanted = {key: value for key, value in ours.items() if key not in OPEN and value is not None}
        return [
            one
            for key, value in wanted.items()
            for one in (missing(value, theirs[key], f"{place}.{key}") if key in theirs else [f"{place}.{key}"])
        ]
    if isinstance(ours, list) and ours and isinstance(ours[0], dict):
        return [one for mine, its in zip(ours, theirs, strict=True) for one in missing(mine, its, f"{place}[]")]
    return [] if ours == theirs else [f"{place}: {theirs!r}"]


def test_no_two_panels_lie_on_each_other():
    taken = set()
    numbers = [one["id"] for one in board()["panels"]]
    assert len(numbers) == len(set(numbers))
    for panel in board()["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def block(kind):
    """What the page for teams says is to be written into a file."""
    (found,) = re.findall(rf"(?s)```{kind}\n(.*?)```", (ROOT / "docs" / "teams.md").read_text("utf-8"))
    return found


def test_the_page_for_teams_shows_the_unit_that_we_bring(tmp_path):
    unit = MONITORING / "elbowroom-metrics.service"
    assert block("ini") == unit.read_text("utf-8")
    started = re.search(r"(?m)^ExecStart=(\S+) (.+)$", block("ini"))
    with contextlib.redirect_stdout(io.StringIO()):
        options = parse(started[2].split(), language.load("en"))
    assert (options.command, options.listen) == ("metrics", METRICS_AT)
    verify = shutil.which("systemd-analyze")
    if verify:
        here = tmp_path / unit.name
        here.write_text(unit.read_text("utf-8").replace(started[1], "/bin/true"), encoding="utf-8")
        told = subprocess.run([verify, "verify", here], capture_output=True, text=True, timeout=60, check=False)
        assert (told.returncode, told.stderr) == (0, "")


def test_the_page_for_teams_shows_a_configuration_that_prometheus_takes(tmp_path):
    (tmp_path / RULES.name).write_bytes(RULES.read_bytes())
    (tmp_path / "prometheus.yml").write_text(block("yaml"), encoding="utf-8")
    told = promtool("check", "config", str(tmp_path / "prometheus.yml"))
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_page_for_teams_names_only_what_there_is():
    text = (ROOT / "docs" / "teams.md").read_text("utf-8")
    names = set(metrics_of_ours()) | {one.name for one in catalog.ALL}
    whole = {one for one in re.findall(r"`(elbowroom_\w+)`", text) if one != "elbowroom_generations"}
    assert whole <= names
    for end in set(re.findall(r"`\.\.\.(_\w+)`", text)) - {"_queue_time_average_seconds"}:
        assert any(one.endswith(end) for one in names), end
    alerts = {one.get("alert") for one in rules()}
    named_alerts = set(re.findall(r"`((?:Elbowroom|Ollama|OpenWebUI|HAProxy)[A-Z]\w+)`", text))
    assert named_alerts <= alerts
    assert len(named_alerts) > 10


# --- in a real one ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A crowded machine, our command that watches it and one Ollama that is down; a balancer with a host that is down;
    a Prometheus that looks at both."""
    folder = tmp_path_factory.mktemp("monitoring")
    with contextlib.ExitStack() as ends:
        exporter = Exporter(folder / "home")
        port, away = exporter.port, f"http://127.0.0.1:{free_port()}"
        exporter.words = [*CROWDED, str(folder / "home"), str(port), "--ollama", away]
        ends.enter_context(exporter)
        host = ends.enter_context(DemoOllama())
        balancer = ends.enter_context(Balancer(folder, host.url, f"http://127.0.0.1:{free_port()}"))
        targets = {"elbowroom": [port], "haproxy": [balancer.stats_port]}
        yield folder, exporter, ends.enter_context(Prometheus(folder, targets))


def firing(prometheus, name):
    return prometheus.firing().get(name, [])


def test_a_storm_that_is_played_fires_the_alert(watched):
    _, exporter, prometheus = watched
    assert wait_until(lambda: firing(prometheus, "ElbowroomTaskStorm"), WITHIN_S), exporter.scrape()
    (alert,) = firing(prometheus, "ElbowroomTaskStorm")
    assert (alert["subject"], alert["severity"]) == ("qwen3:32b", "warning")
    assert firing(prometheus, "ElbowroomStale") == []


def test_the_ollama_that_is_down_is_told_and_does_not_end_the_other(watched):
    _, _, prometheus = watched
    assert wait_until(lambda: firing(prometheus, "OllamaDown"), WITHIN_S)
    up = {labels["ollama"]: number for labels, number in prometheus.query("elbowroom_ollama_up")}
    (down,) = firing(prometheus, "OllamaDown")
    assert sorted(up.values()) == [0, 1]
    assert up[down["ollama"]] == 0


def test_a_host_that_is_down_behind_haproxy_is_told(watched):
    _, _, prometheus = watched
    assert wait_until(lambda: firing(prometheus, "HAProxyHostDown"), WITHIN_S)
    assert len(firing(prometheus, "HAProxyHostDown")) == 1
    assert firing(prometheus, "HAProxyNoHost") == []


def test_every_query_runs_and_the_board_shows_data(watched):
    folder, exporter, prometheus = watched
    (folder / "home" / "relay").touch()

    def empty():
        found = set()
        for where, expression in board_queries().items():
            if not prometheus.query(filled(expression)):
                found.add(where)
        return found - set(EMPTY_HERE)

    assert wait_until(lambda: not empty(), WITHIN_S), f"{empty()}\n{exporter.scrape()}"
    for name, expression in rule_expressions().items():
        prometheus.query(expression)  # raises where it is none
        assert named(expression), name
    errors = [one for group in prometheus.ask("rules")["groups"] for one in group["rules"] if one.get("lastError")]
    assert errors == []
    assert set(prometheus.scrapes().values()) == {""}


def test_what_is_exposed_is_conventional_and_all_that_there_is(watched):
    _, exporter, prometheus = watched
    text = exporter.scrape()
    checked = promtool("check", "metrics", given=text)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    assert "# EOF" in exporter.scrape(Accept="application/openmetrics-text; version=1.0.0")
    told = prometheus.query('count by (__name__) (last_over_time({job="elbowroom"}[10m]))')
    stored = {re.sub(r"_(bucket|sum|count)$", "", labels["__name__"]) for labels, _ in told}
    assert {one.name for one in catalog.ALL} - stored - set(NOT_PLAYED) == set()


def test_few_series_however_long_it_goes_on(watched):
    """A chat's text, a person or a conversation in a label would show as a series for each."""
    _, exporter, _ = watched
    before = set(samples(exporter.scrape()))
    time.sleep(5)
    after = set(samples(exporter.scrape()))
    assert len(after) < 450
    assert len(after - before) < 40
    words = " ".join(value for _, labels in after for _, value in labels)
    assert "@" not in words
    assert "Hello" not in words


def test_it_ends_in_order_and_leaves_nothing(watched):
    _, exporter, _ = watched
    code, said = exporter.end()
    assert code == 0, said
    assert "Traceback" not in said
