"""A settings.toml to begin with: every key with its words, default and bounds, all of them commented out."""

import json
from collections.abc import Iterator

from msgspec import Struct

from tray_app.storage.settings_keys import Declared, Settings, declared, tables

COLUMNS = 110
HEAD = """\
# Settings of Elbowroom. Remove the # before a key to set it; a change counts as soon as the file is saved.
# Times are seconds (_s), sizes bytes (_bytes).
"""


def template() -> str:
    """TOML without a single key: what it says is what holds without it."""
    parts = [HEAD, *_keys(Settings)]
    for name, table in tables().items():
        parts += [f"# {table.doc}", f"[{name}]", *_keys(type(table.default))]
    return "\n".join(parts).rstrip() + "\n"


def shown(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def kind(key: Declared) -> str:
    """What may be set, in words."""
    if key.form == "language":
        return 'a language, such as "ko"'
    if key.choices:
        return " or ".join(json.dumps(choice) for choice in key.choices)
    match key.default:
        case bool():
            return "true or false"
        case int() | float():
            return f"{shown(key.low)} to {shown(key.high)}"
        case tuple():
            return "list of texts"
        case _:
            forms = {"url": "address", "file": "file name", "remedy": "remedy id", "model": "model name"}
            return forms.get(key.form, "text")


def _keys(keys: type[Struct]) -> Iterator[str]:
    for name, key in declared(keys).items():
        if isinstance(key.default, Struct):
            continue
        yield f"# {key.doc} ({kind(key)})"
        yield f"#{name} = {shown(key.default)}"
        yield ""
