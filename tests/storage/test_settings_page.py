"""docs/settings.md says what the declarations say."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_its_script_makes():
    made = runpy.run_path(str(DOCS / "make_settings.py"))
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == made["page"](), (
        "run: .venv/bin/python docs/make_settings.py"
    )
