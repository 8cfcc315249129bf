"""Our samples as Prometheus reads them, and the listener that tells them."""

import contextlib
import socket
import threading
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.exporter.process import samples
from tests.ports import free_port
from tray_app.core.report.metrics import catalog
from tray_app.core.report.metrics.metric import Distribution, Reported
from tray_app.core.values.errors.exporter import ExporterError, ExporterProblem
from tray_app.exporter.exposition import text_of
from tray_app.exporter.listener import MetricsServer


def text(*reported):
    return text_of(lambda: iter(reported)).decode()


@contextlib.contextmanager
def serving(*reported, read=None, host="127.0.0.1"):
    took = []
    server = MetricsServer((host, free_port()), read or (lambda: iter(reported)), took.append)
    try:
        yield server, took
    finally:
        server.close()


def get(server, **headers):
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}/metrics", headers=headers)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return answer.read().decode()


def test_each_kind_of_metric_reads_back_as_it_was_meant():
    made = text(
        Reported(catalog.UP, 1.0, ("http://a:1",)),
        Reported(catalog.UP, 0.0, ("http://b:1",)),
        Reported(catalog.LOOKS, 3.0, ("http://a:1",)),
        Reported(catalog.FIRST_TOKEN, Distribution((1, 2, *[0] * 10, 4), 9000.5), ("http://a:1",)),
    )
    families = {one.name: one for one in text_string_to_metric_families(made)}
    assert families["elbowroom_ollama_up"].type == "gauge"
    assert [one.value for one in families["elbowroom_ollama_up"].samples] == [1, 0]
    assert families["elbowroom_looks"].type == "counter"
    spread = {
        (one.name.rpartition("_")[2], one.labels.get("le")): one.value
        for one in families["elbowroom_chat_first_token_seconds"].samples
    }
    assert (spread["bucket", "0.25"], spread["bucket", "0.5"], spread["bucket", "640.0"]) == (1, 3, 3)
    assert (spread["bucket", "+Inf"], spread["count", None], spread["sum", None]) == (7, 7, 9000.5)


def test_a_name_with_quotes_and_line_ends_stays_one_label():
    name = 'a"b\\c\nd'
    made = text(Reported(catalog.SIZE, 1.0, ("http://a:1", name)))
    (family,) = text_string_to_metric_families(made)
    assert family.samples[0].labels["model"] == name
    assert made.count("\n") == 3


def test_a_metric_without_samples_is_not_named():
    assert text() == ""


def test_each_scrape_reads_anew_and_tells_what_it_took():
    numbers = iter([1.0, 2.0])
    with serving(read=lambda: iter([Reported(catalog.LOADED, next(numbers), ("a",))])) as (server, took):
        assert "} 1.0" in get(server)
        assert "} 2.0" in get(server, Accept="application/openmetrics-text; version=1.0.0")
    assert len(took) == 2


def test_openmetrics_is_spoken_to_who_asks_for_it():
    with serving(Reported(catalog.LOOKS, 3.0, ("a",))) as (server, _):
        assert get(server, Accept="application/openmetrics-text; version=1.0.0").endswith("# EOF\n")
        assert samples(get(server))["elbowroom_looks_total", frozenset({("ollama", "a")})] == 3


def test_scrapes_do_not_wait_for_each_other():
    """One client that sends nothing holds only its own thread."""
    with serving(Reported(catalog.LOADED, 1.0, ("a",))) as (server, _):
        with socket.create_connection(("127.0.0.1", server.port)) as silent:
            silent.sendall(b"GET /metrics")
            found = []
            threads = [threading.Thread(target=lambda: found.append(get(server))) for _ in range(4)]
            for one in threads:
                one.start()
            for one in threads:
                one.join(10)
        assert len(found) == 4


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "127.0.0.2", "metrics.localhost"])
def test_on_loopback_it_answers_to_this_machines_names(name):
    with serving(Reported(catalog.LOADED, 1.0, ("a",))) as (server, _):
        assert "elbowroom_models_loaded" in get(server, Host=f"{name}:{server.port}")


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "10.0.0.1", "localhost.evil.example", ""])
def test_on_loopback_a_web_page_that_leads_its_name_here_reads_nothing(name):
    with serving(Reported(catalog.LOADED, 1.0, ("a",))) as (server, _):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(server, Host=name)
        with refused.value as answer:
            assert (answer.code, b"elbowroom_" in answer.read()) == (403, False)


def test_whoever_is_let_in_may_use_any_name():
    with serving(Reported(catalog.LOADED, 1.0, ("a",)), host="") as (server, _):
        assert "elbowroom_models_loaded" in get(server, Host="gpu1.lan:9464")


def test_nothing_can_be_sent_to_it():
    with serving() as (server, _), pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", data=b"x", timeout=10)
    with refused.value as answer:
        assert answer.code == 405


def test_a_port_that_is_taken_and_an_address_that_is_not_ours():
    with serving() as (server, _), pytest.raises(ExporterError) as taken:
        MetricsServer(("127.0.0.1", server.port), lambda: iter(()), lambda _: None)
    assert taken.value.problem is ExporterProblem.PORT_TAKEN
    for host in ("192.0.2.1", "no-such-name.invalid"):
        with pytest.raises(ExporterError) as elsewhere:
            MetricsServer((host, free_port()), lambda: iter(()), lambda _: None)
        assert elsewhere.value.problem is ExporterProblem.NO_SUCH_ADDRESS


def test_every_address_means_every_address():
    with serving(Reported(catalog.LOADED, 1.0, ("a",)), host="") as (server, _):
        assert "elbowroom_models_loaded" in get(server)


def test_once_it_is_closed_its_port_is_free_again():
    with serving() as (server, _):
        port = server.port
    with contextlib.closing(socket.socket()) as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
