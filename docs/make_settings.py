"""Writes docs/settings.md from the declarations in storage/settings_keys.py and core/values/limits.py.

    .venv/bin/python docs/make_settings.py

A test fails when the page is not what this makes.
"""
# ruff: noqa: INP001 - a script beside the page it makes

from collections.abc import Iterator
from pathlib import Path

from tray_app.core.values.limits import Limits
from tray_app.storage.settings_keys import Settings, declared
from tray_app.storage.settings_template import kind, shown

PAGE = Path(__file__).with_name("settings.md")
HEAD = """\
# Settings

<!-- Made by docs/make_settings.py: change the declarations, not this page. -->

Elbowroom runs without a settings file. The menu's row "Settings..." writes one with every key commented out, and opens
it:

| system | file |
|---|---|
| macOS | `~/Library/Application Support/elbowroom/settings.toml` |
| Windows | `%LOCALAPPDATA%\\elbowroom\\settings.toml` |
| Linux | `~/.config/elbowroom/settings.toml` |
| with `--home DIR` | `DIR/settings.toml` |

Once it is there, Elbowroom only reads it. It notices a change while it runs. A key that is wrong is reported with its
line and falls back to its default; the other keys count. Times are seconds (`_s`), sizes bytes (`_bytes`).

```toml
language = "ko"
poll_s = 10

[limits]
hold_s = 20
```
"""


def table(keys: type[Settings | Limits]) -> Iterator[str]:
    yield "| key | default | values | what it does |"
    yield "|---|---|---|---|"
    for name, key in declared(keys).items():
        if not isinstance(key.default, Limits):
            yield f"| `{name}` | `{shown(key.default)}` | {kind(key)} | {key.doc} |"


def page() -> str:
    return "\n".join(
        [HEAD, "## Keys", "", *table(Settings), "", "## `[limits]`", "", *limits_words(), *table(Limits), ""]
    )


def limits_words() -> list[str]:
    return ["Thresholds of the rules and times of the alerts. The defaults suit most machines.", ""]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
