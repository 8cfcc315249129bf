"""Our file, read by a real node_exporter."""

import pytest

from tests.exporter.process import samples, value
from tests.played import Played
from tests.prometheus.server import NodeExporter, promtool
from tray_app.core.report.metrics import catalog

pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(120)]


def test_node_exporter_hands_on_what_the_file_says_beside_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr("tray_app.app.exporting.SECOND_SAMPLE_S", 0.0)
    (tmp_path / "textfiles").mkdir()
    file = tmp_path / "textfiles" / "elbowroom.prom"
    with Played(tmp_path / "home") as played:
        assert played.run("metrics", "--textfile", str(file)) == 0
    written = {(name, labels) for name, labels in samples(file.read_text("utf-8"))}
    assert promtool("check", "metrics", given=file.read_text("utf-8")).returncode == 0
    with NodeExporter(file.parent) as node:
        handed_on = node.scrape()
        assert value(handed_on, "node_textfile_scrape_error") == 0
        # node_exporter leaves out empty labels, as Prometheus does.
        assert {(name, frozenset(one for one in labels if one[1])) for name, labels in written} <= set(
            samples(handed_on)
        )
        # It tells of its own process by these names: two helps for one name would be an error in its log.
        assert not {name for name, _ in written} & {one.name for one in catalog.ALL if one.name.startswith("process_")}
        assert "error" not in node.said()
