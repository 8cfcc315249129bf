"""Writes docs/settings.md from the declarations in storage/settings_keys.py and core/values/limits.py.

    .venv/bin/python docs/make_settings.py

A test fails when the page is not what this makes.
"""
# ruff: noqa: INP001 - a script beside the page it makes

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from tray_app.storage.settings_keys import Settings, declared, tables
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

Once it is there, Elbowroom changes nothing in it but a key that you set in a form or the menu; comments and order
stay. It notices a change while it runs. A key that is wrong is reported with its line and falls back to its default;
the other keys count. Times are seconds (`_s`), sizes bytes (`_bytes`).

```toml
language = "ko"
poll_s = 10

[limits]
hold_s = 20
```
"""


def table(keys: type[Struct]) -> Iterator[str]:
    yield "| key | default | values | what it does |"
    yield "|---|---|---|---|"
    for name, key in declared(keys).items():
        if not isinstance(key.default, Struct):
            yield f"| `{name}` | `{shown(key.default)}` | {kind(key)} | {key.doc} |"


def page() -> str:
    parts = [HEAD, "## Keys", "", *table(Settings), ""]
    for name, key in tables().items():
        parts += [f"## `[{name}]`", "", key.doc, "", *table(type(key.default)), ""]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
