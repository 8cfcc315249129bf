"""The form for a hosted model and the comparison in a real browser: by mouse and by keyboard alone, and no key left."""

import pytest

from tests.page.test_details_seen import tab_on
from tray_app.core.values.command import OpenDetails, PageForm
from tray_app.standins.endpoint import DemoEndpoint, HostedEntry, many

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
TASKS = "meta-llama/llama-3.2-3b-instruct"
RUDE = "evil/<img src=x onerror=window.bad=1>-1b"


@pytest.fixture
def endpoint():
    with DemoEndpoint() as made:
        yield made


@pytest.fixture
def tab(browser, opened):
    tab = tab_on(browser, opened)
    tab.wait_for("!document.querySelector('#hosted').hidden")
    return tab


def key(name):
    return f'[data-key="{name}"]'


def focused(tab, name):
    tab.wait_for(f"document.activeElement.dataset.key === '{name}'")


def enter(tab):
    tab.press("Enter", 13, "\r")


def test_by_keyboard_alone_from_the_address_to_the_way_back(tab, played, endpoint):
    before = played.settings
    tab.focus(key("open:hosted"))
    enter(tab)
    focused(tab, "host:address")
    tab.call("Input.insertText", text=endpoint.base)
    tab.press("Tab", 9)
    focused(tab, "host:key")
    assert tab.run("document.activeElement.type") == "password"
    tab.call("Input.insertText", text=endpoint.key)
    enter(tab)
    focused(tab, "host:search")
    tab.call("Input.insertText", text="llama 3b")
    tab.wait_for("document.querySelectorAll('#offers li').length === 1")
    enter(tab)
    focused(tab, "host:add")
    assert "USD for 1,000 messages" in tab.text("#endpoint")
    assert endpoint.calls() == []
    enter(tab)
    focused(tab, "host:back")
    tab.wait_for(f"document.querySelector('{key('host:undo')}:not(:disabled)')")
    assert played.settings["TASK_MODEL"] == TASKS
    assert endpoint.key not in tab.run("document.documentElement.outerHTML + location.href")
    assert tab.run("[...document.querySelectorAll('input')].every((one) => one.value !== '" + endpoint.key + "')")
    tab.focus(key("host:undo"))
    enter(tab)
    tab.wait_for(f"!document.querySelector('{key('host:undo')}')")
    assert (played.settings, played.webui.registry.hosted) == (before, [])


def test_a_wrong_key_is_told_beside_it_and_said_aloud(tab, endpoint):
    endpoint.public_list = False
    tab.type("#host-address", endpoint.base)
    tab.type("#host-key", "sk-or-wrong")
    tab.click(key("host:find"))
    tab.wait_for("document.querySelector('#error-key')")
    assert "does not accept this key" in tab.text("#error-key")
    assert tab.run("document.querySelector('#error-key').getAttribute('role')") == "alert"
    field = "document.querySelector('#host-key')"
    assert tab.run(f"{field}.getAttribute('aria-describedby')").split() == ["error-key", "hint-key"]
    assert tab.run(f"[{field}.value, {field}.getAttribute('aria-invalid')]") == ["", "true"]
    assert tab.run("document.querySelector('#host-address').value") == endpoint.base


def test_what_is_typed_stays_while_the_page_is_made_anew(tab, opened):
    tab.type("#host-address", "openrouter.ai")
    tab.type("#host-key", "sk-or-half")
    for _ in range(3):
        tab.run(
            "(async () => { await fetch('/hosted', {method: 'POST', headers: {'Content-Type': 'application/json',"
            ' \'X-Elbowroom\': \'1\'}, body: \'{"do": "search", "words": ""}\'}); })()'
        )
    opened.worker.send(OpenDetails(PageForm.COMPARE))
    tab.wait_for("document.activeElement.dataset.key === 'compare:start'")
    assert tab.run("document.querySelector('#host-address').value") == "openrouter.ai"
    assert tab.run("document.querySelector('#host-key').value") == "sk-or-half"


def test_thousands_of_models_and_names_that_attack(tab):
    with DemoEndpoint((*many(5000), HostedEntry(RUDE, "", "0.000000001"))) as endpoint:
        tab.type("#host-address", endpoint.base)
        tab.type("#host-key", endpoint.key)
        tab.click(key("host:find"))
        tab.wait_for("document.querySelectorAll('#offers li').length === 40")
        assert tab.text("#offers li").startswith(RUDE)
        tab.type("#host-search", "model-4999-")
        tab.wait_for("document.querySelectorAll('#offers li').length === 1")
        tab.type("#host-search", "nothing like this")
        tab.wait_for("document.querySelector('#offers').innerText.includes('No model has all of these words.')")
        tab.click(key("host:back"))
        tab.wait_for("document.querySelector('#host-address')")
    assert tab.run("window.bad") is None


def test_a_row_of_the_menu_leads_into_the_form(tab, opened):
    opened.worker.send(OpenDetails(PageForm.HOSTED))
    focused(tab, "host:address")


def test_the_comparison_is_a_table_with_what_each_wrote(tab, played):
    before = played.settings
    tab.click(key("compare:start"))
    tab.wait_for("document.querySelector('#contest .winner')")
    assert tab.run("document.querySelectorAll('#contest tbody tr').length") == 2
    assert tab.run("document.querySelectorAll('#contest .draft').length") == 6
    assert "Nothing was left changed." in tab.text("#contest")
    assert played.settings == before


def test_each_way_has_its_button(tab, played):
    assert tab.run("document.querySelectorAll('.way').length") == 4
    assert tab.run("document.querySelectorAll('.way.suits').length") == 1
    tab.click(".way.suits button")
    tab.wait_for("document.querySelector('[data-key^=\"undo:\"]:not(:disabled)')")
    assert played.settings["TASK_MODEL"]
