"""The pictures in a real browser, under the page's own policy: by keyboard, in every theme and width, in place."""

import http.server
import json
import threading
from importlib.resources import files

import pytest
from msgspec.structs import replace

from tests.page.chromium import THEMES, axe
from tray_app.app.language import load
from tray_app.core.report.details.memory_use import LoadedUse, MemoryUse, PartKind
from tray_app.core.report.details.pictures import Kept, Seeing, pictures
from tray_app.core.report.details.scale import TimeWindow, midnights
from tray_app.core.report.details.stored import Stored
from tray_app.core.report.history import Mark, MarkKind, Stretch
from tray_app.core.text import details_pictures as view
from tray_app.core.values.finding import Level
from tray_app.core.values.fit import Basis, Budget, FitReport, Need, Verdict
from tray_app.core.values.requests import FinishedRequest, RequestKind
from tray_app.core.values.snapshot import BudgetBasis, Pressure
from tray_app.core.values.units import GIB
from tray_app.page.gate import SECURITY_HEADERS

NOW = 1_764_000_001.0
RUDE = "<b>x</b>" + "가" * 300 + "\u202eevil"
SCRIPTS = ("draw.js", "draw_calls.js", "draw_memory.js", "draw_parts.js", "draw_time.js")
HTML = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>x</title><link rel="stylesheet" href="/details.css">'
    b'<link rel="stylesheet" href="/draw.css"><script type="module" src="/start.js"></script>'
    b'<main><section id="root"></section></main></html>'
)
START = b"""
import { draw } from "/draw.js";
window.wrong = [];
document.addEventListener("securitypolicyviolation", (event) => window.wrong.push(event.violatedDirective));
window.addEventListener("error", (event) => window.wrong.push(event.message));
let shown = null;
window.show = async (name) => { const told = await (await fetch(`/${name}.json`)).json(); draw(document.getElementById("root"), told, shown); shown = told; };
window.ready = true;
"""


def utc(_at):
    return 0


def fit(model, verdict, need):
    parts = Need(need, 0, 0, 0)
    return FitReport(model, verdict, Basis.ESTIMATE, parts, 21 * GIB, 2 * GIB, 4096, 1, beside="qwen3:32b")


def seeing(at=NOW):
    chat = LoadedUse("qwen3:32b", PartKind.CHAT_MODEL, 19 * GIB, 19 * GIB, 3 * GIB)
    asked = (fit("gemma3:1b", Verdict.FITS, GIB), fit(RUDE, Verdict.EVICTS, 6 * GIB))
    return Seeing(at, MemoryUse(Budget(21 * GIB, BudgetBasis.METAL), (chat,), 32 * GIB, 4 * GIB, True, asked))


def story():
    chat = FinishedRequest(RUDE, RequestKind.CHAT, "relay", None, NOW - 300, NOW - 280, NOW - 296, 18.0)
    held = FinishedRequest(
        "m", RequestKind.TASK, "relay", "titles", NOW - 280, NOW - 250, None, 4.0, 20.0, broken_off=2
    )
    spans = (
        Stretch(NOW - 500, NOW - 400, Level.OVERLOADED, Pressure.CRITICAL, 1, 3),
        Stretch(NOW - 200, NOW, Level.CALM, Pressure.NORMAL, 0, 1, waiting_at_least=True),
    )
    marks = (Mark(NOW - 450, MarkKind.EVICTED, RUDE), Mark(NOW - 100, MarkKind.CHANGED, None, "c", "tags", "off"))
    return Kept(Stored((), spans, (), (chat, held), marks, NOW - 500), midnights(NOW, 7, utc), (), (chat, held))


def document(kept, seen, language="en"):
    tr = load(language)
    made = [(window, pictures(window, kept, seen, utc)) for window in TimeWindow]
    times = [(window, view.time_document(one, utc, tr)) for window, one in made]
    return json.dumps(view.document(made[0][1], times, "", utc, tr)).encode()


@pytest.fixture(scope="module")
def address():
    page = files("tray_app.page")
    later = seeing(NOW + 4)
    parts = {"/": (HTML, "text/html"), "/start.js": (START, "text/javascript")}
    parts |= {f"/{name}": (page.joinpath(name).read_bytes(), "text/javascript") for name in SCRIPTS}
    parts |= {f"/{name}": (page.joinpath(name).read_bytes(), "text/css") for name in ("details.css", "draw.css")}
    parts |= {
        "/story.json": (document(story(), seeing()), "application/json"),
        "/later.json": (document(story(), later), "application/json"),
        "/korean.json": (document(story(), seeing(), "ko"), "application/json"),
        "/empty.json": (document(Kept(days=midnights(NOW, 7, utc)), Seeing(NOW)), "application/json"),
        "/foreign.json": (
            document(Kept(replace(story().window, spans=(), ahead=True), midnights(NOW, 7, utc)), seeing()),
            "application/json",
        ),
    }

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body, kind = parts.get(self.path, (b"", "text/plain"))
            self.send_response(200)
            for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *SECURITY_HEADERS):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told): ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def tab(browser, address):
    made = browser.tab()
    made.look(width=1280, height=900)
    made.go(address)
    made.wait_for("window.ready")
    yield made
    assert made.run("window.wrong") == []


def told(tab):
    return tab.run("document.querySelector('.p-cursor').getAttribute('aria-valuetext')")


def test_every_value_is_reached_by_keys(tab):
    """From mark to mark, step by step, and into the gap, where nobody measured."""
    tab.run("window.show('story')")
    tab.run("document.querySelector('.p-cursor').focus()")
    assert "Waiting: at least 1" in told(tab)
    tab.press("PageUp", 33)
    assert "Marks: Tags off" in told(tab)
    tab.press("PageUp", 33)
    assert "Memory pressure: critical" in told(tab)
    assert "Waiting: 3" in told(tab)
    tab.press("Home", 36)
    assert "Nobody measured then" in told(tab)
    before = told(tab)
    tab.press("ArrowRight", 39)
    assert told(tab) != before


def test_a_held_task_that_gave_way_says_so(tab):
    tab.run("window.show('story')")
    told_of = tab.run(
        "(async () => { const cursor = document.querySelector('.p-cursor'); cursor.focus();"
        "const found = new Set(); for (let n = 0; n < 300; n += 1) {"
        "cursor.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }));"
        "cursor.getAttribute('aria-valuetext').split('; ').forEach((one) => found.add(one)); }"
        "return [...found].filter((one) => one.startsWith('Titles')); })()"
    )
    assert told_of == ["Titles on m, held 20.0 s, waited 6.0 s, worked 4.0 s, gave way to a chat 2 times"]


def test_what_comes_anew_is_drawn_in_place_and_keeps_the_focus(tab):
    tab.run("window.show('story')")
    tab.run("document.querySelector('[data-window=day]').click()")
    tab.run(
        "window.chart = document.querySelector('.p-chart'); window.button = document.querySelector('[data-window=day]')"
    )
    tab.run("window.button.focus(); document.querySelector('.p-table').open = true")
    tab.run("window.show('later')")
    assert tab.run("window.chart.isConnected && document.activeElement === window.button")
    assert tab.run("window.button.getAttribute('aria-pressed')") == "true"
    assert tab.run("document.querySelector('.p-table').open")


def test_what_if_is_chosen_by_key_and_told(tab):
    tab.run("window.show('story')")
    assert "gemma3:1b fits beside qwen3:32b" in tab.text(".p-told")
    tab.run("document.querySelectorAll('.p-chip')[1].focus()")
    tab.press(" ", 32)
    tab.run("document.activeElement.click()")
    assert "Ollama would evict" in tab.text(".p-told")
    assert tab.run("document.activeElement.getAttribute('aria-pressed')") == "true"
    assert tab.run("document.querySelectorAll('.p-limit').length") == 1  # it goes beyond what may be used


@pytest.mark.parametrize("width", [390, 1280, 3840])
@pytest.mark.parametrize("name", ["story", "korean", "empty", "foreign"])
def test_nothing_is_wider_than_the_window_and_no_name_is_markup(tab, width, name):
    tab.look(width=width, height=900, dark=width == 390)
    tab.run(f"window.show('{name}')")
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run("document.querySelectorAll('#root b').length") == 0
    assert tab.run("document.querySelectorAll('#root [style]').length") == 0


def test_without_anything_measured_it_says_so(tab):
    tab.run("window.show('empty')")
    assert tab.text(".p-notes").startswith("Nothing was measured yet")
    tab.run("window.show('foreign')")
    assert "lies in the future" in tab.text(".p-notes")


def test_each_picture_has_its_table_and_its_sentence(tab):
    tab.run("window.show('story')")
    rows = tab.run("[...document.querySelectorAll('.p-table tbody tr')].map((one) => one.textContent)")
    assert any("not measured" in one for one in rows)
    assert any("at least 1" in one for one in rows)
    assert "critical for" in tab.text(".p-time .p-sentence")
    assert "leave 2.0 GiB of 21.0 GiB" in tab.text(".p-memory .p-sentence")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["story", "empty"])
def test_axe_finds_nothing(tab, theme, name):
    tab.media(THEMES[theme])
    tab.run(f"window.show('{name}')")
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.run(axe() + "; true")
    rules = "{ resultTypes: ['violations'], rules: { 'page-has-heading-one': { enabled: false } } }"
    script = f"axe.run(document, {rules}).then((all) => JSON.stringify(all.violations.map((one) => "
    script += "[one.id, one.nodes.map((node) => [node.target, node.failureSummary]).slice(0, 5)])))"
    assert json.loads(tab.run(script)) == []
