"""The details page of fixed data looks as it looked: compared with kept pictures, square by square."""

import json
import re

import pytest

from tests.page import pictured
from tests.page.chromium import THEMES, axe
from tests.page.pictured import KEPT, MOST_OTHERS, SETTLED, Gallery, kept_document, names, others, path_of
from tests.requirements import require

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
ANEW = "the page looks different: run `python -m tests.page.pictured`, look at the pictures, and keep them"
OTHER_DATA = "the kept documents are of another form: run `python -m tests.page.pictured --data`"
MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def galleries(browser):
    """`galleries(language)`: each is opened once."""
    if not pictured.has_font():
        require("browser", f"the font {pictured.FONT} is not installed (fonts-nanum)")
    made = {}

    def of(language):
        if language not in made:
            made[language] = Gallery(browser, kept_document(language))
        return made[language]

    yield of
    for one in made.values():
        one.close()


@pytest.mark.parametrize(("language", "scheme", "width"), names())
def test_it_looks_as_it_looked(galleries, tmp_path, language, scheme, width):
    drawn = tmp_path / "drawn.png"
    galleries(language).look(width, [("prefers-color-scheme", scheme)], drawn)
    share = others(path_of(language, scheme, width), drawn)
    assert share <= MOST_OTHERS, f"{share:.1%} of the squares differ; {ANEW}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", pictured.LANGUAGES)
def test_axe_finds_nothing_in_it(galleries, language, theme):
    """A receipt with figures, who is at the model, and everything that can be folded open."""
    tab = galleries(language).tab
    tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
    tab.run(axe() + "; true")
    for width in pictured.WIDTHS:
        tab.look(width=width, height=900)
        tab.media(THEMES[theme])
        found = tab.run(
            "axe.run().then((done) => done.violations.map((one) => `${one.id}: ${one.nodes.map((n) => n.html)}`))"
        )
        assert found == [], width
    tab.run("for (const one of document.querySelectorAll('details')) one.open = false")


@pytest.mark.parametrize("theme", ["contrast", "contrast dark"])
def test_who_wants_more_contrast_gets_seven_to_one(galleries, theme):
    """Success criterion 1.4.6 of WCAG 2.1."""
    tab = galleries("en").tab
    tab.run(axe() + "; true")
    tab.look(width=1280, height=900)
    tab.media(THEMES[theme])
    only = "{ runOnly: ['color-contrast-enhanced'], rules: { 'color-contrast-enhanced': { enabled: true } } }"
    script = f"axe.run({only}).then((done) => [done.passes.length, done.violations.flatMap((one) => one.nodes).length])"
    assert tab.run(script) == [1, 0]


def test_a_theme_that_nobody_can_read_is_found(browser):
    with Gallery(browser, kept_document("en")) as gallery:
        gallery.tab.run(
            "(() => { const made = new CSSStyleSheet(); made.replaceSync("
            "'@media (prefers-contrast: more) { :root { --soft: #ccc } }');"
            "document.adoptedStyleSheets.push(made); })()"
        )
        gallery.tab.run(axe() + "; true")
        gallery.tab.media(THEMES["contrast"])
        found = gallery.tab.run("axe.run().then((done) => done.violations.map((one) => one.id))")
    assert "color-contrast" in found


SPOILED = {
    "a part is missing": "#receipt { display: none }",
    "everything is a little lower": "main { padding-top: 48px }",
    "another colour": ":root { --accent: #b0187a !important; --task: #2f6bf0 !important; }",
    "smaller words": "body { font-size: 15px }",
    "a table that falls apart": ".rows td { display: block }",
    "bars that are gone": ".p-part { fill: none !important }",
}


@pytest.mark.parametrize("spoiled", SPOILED)
@pytest.mark.parametrize("width", pictured.WIDTHS)
def test_what_looks_wrong_is_noticed(browser, tmp_path, spoiled, width):
    if not pictured.has_font():
        require("browser", f"the font {pictured.FONT} is not installed (fonts-nanum)")
    with Gallery(browser, kept_document("en")) as gallery:
        gallery.tab.run(
            "(() => { const made = new CSSStyleSheet(); "
            f"made.replaceSync({SPOILED[spoiled]!r}); document.adoptedStyleSheets.push(made); }})()"
        )
        gallery.look(width, [("prefers-color-scheme", "light")], tmp_path / "drawn.png")
    assert others(path_of("en", "light", width), tmp_path / "drawn.png") > MOST_OTHERS


def form(value):
    """What a document is made of, whatever it says."""
    if isinstance(value, dict):
        return {name: form(one) for name, one in value.items()}
    return type(value).__name__


@pytest.mark.parametrize("language", pictured.LANGUAGES)
def test_the_kept_data_has_the_form_of_todays(guest, language):
    now = guest.until(lambda one: one["settings"] and one["pictures"] and one["tasks"]["switches"])
    kept = kept_document(language)
    assert kept.keys() == now.keys(), OTHER_DATA
    assert kept["words"].keys() == now["words"].keys(), OTHER_DATA
    for name in ("head", "now", "tasks", "journal", "settings", "about", "pictures"):
        assert form(kept[name]).keys() == form(now[name]).keys(), f"{name}: {OTHER_DATA}"
    assert kept["receipt"] is not None
    assert kept["now"]["calls"]


@pytest.mark.parametrize("language", pictured.LANGUAGES)
def test_the_kept_data_names_no_folder_of_whoever_made_it(language):
    text = (KEPT / f"document-{language}.json").read_text("utf-8")
    assert f"elbowroom details --home {pictured.SOMEBODYS}/home" in text
    assert not re.search(r"/(?:tmp|root|var|Users|work)/", text)


def test_they_are_small():
    assert sum(one.stat().st_size for one in KEPT.iterdir()) < MOST_BYTES


SHORT = ".p-number, .p-word, .rows th, .rows .who, .rows .state, .p-costs th[scope=col], .badge, .choices button"
BROKEN = f"""
[...document.querySelectorAll("{SHORT}")].filter((one) => one.checkVisibility()).flatMap((one) =>
  [...one.childNodes].filter((text) => text.nodeType === Node.TEXT_NODE && text.data.trim())).filter((text) => {{
  const range = document.createRange();
  range.selectNode(text);
  return range.getClientRects().length > text.data.trim().split(" ").length;
}}).map((text) => text.data)
"""


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_name_breaks_no_short_word_beside_it(browser, width):
    """The name itself is broken anywhere; a number or a state beside it would else stand letter below letter."""
    told = json.dumps(kept_document("en")).replace("qwen3:32b", "x" * 300).replace("llama3.2:3b", "y" * 300)
    with Gallery(browser, json.loads(told)) as gallery:
        gallery.tab.look(width=width, height=900)
        gallery.tab.run(SETTLED)
        assert gallery.tab.run(BROKEN) == []
