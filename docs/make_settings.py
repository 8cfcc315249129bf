"""Writes docs/settings.md from the declarations in storage/settings_keys.py and core/values/limits.py.

    .venv/bin/python docs/make_settings.py

A test fails when the page is not what this makes.
"""
# ruff: noqa: INP001 - a script beside the page it makes

import json
from collections.abc import Iterator
from pathlib import Path

from tray_app.core.values.limits import Limits
from tray_app.storage.settings_keys import Declared, Settings, declared

PAGE = Path(__file__).with_name("settings.md")
HEAD = """\
# Settings

<!-- Made by docs/make_settings.py: change the declarations, not this page. -->

Elbowroom runs without a settings file. To change something, write a file `settings.toml`:

| system | file |
|---|---|
| macOS | `~/Library/Application Support/elbowroom/settings.toml` |
| Windows | `%LOCALAPPDATA%\\elbowroom\\settings.toml` |
| Linux | `~/.config/elbowroom/settings.toml` |
| with `--home DIR` | `DIR/settings.toml` |

Elbowroom only reads it. It notices a change while it runs. A key that is wrong is reported with its line and
falls back to its default; the other keys count. Times are seconds (`_s`), sizes bytes (`_bytes`).

```toml
language = "ko"
poll_s = 10

[limits]
hold_s = 20
```
"""


def shown(value: object) -> str:
    """A default as TOML writes it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def kind(key: Declared) -> str:
    if key.form == "language":
        return 'a language, such as `"ko"`'
    if key.choices:
        return " or ".join(f"`{json.dumps(choice)}`" for choice in key.choices)
    match key.default:
        case bool():
            return "`true` or `false`"
        case int() | float():
            return f"{shown(key.low)} to {shown(key.high)}"
        case tuple():
            return "list of texts"
        case _:
            return {"url": "address", "file": "file name", "remedy": "remedy id"}.get(key.form, "text")


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
