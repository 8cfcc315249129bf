"""A settings.toml to begin with: every key with its words, default and bounds, all of them commented out."""

import json
from collections.abc import Iterator

from tray_app.core.values.limits import Limits
from tray_app.storage.settings_keys import Declared, Settings, declared

COLUMNS = 110
HEAD = """\
# Settings of Elbowroom. Remove the # before a key to set it; a change counts as soon as the file is saved.
# Times are seconds (_s), sizes bytes (_bytes).
"""


def template() -> str:
    """TOML without a single key: what it says is what holds without it."""
    return "\n".join([HEAD, *_keys(Settings), "[limits]", *_keys(Limits)]).rstrip() + "\n"


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
            return {"url": "address", "file": "file name", "remedy": "remedy id"}.get(key.form, "text")


def _keys(keys: type[Settings | Limits]) -> Iterator[str]:
    for name, key in declared(keys).items():
        if isinstance(key.default, Limits):
            continue
        yield f"# {key.doc} ({kind(key)})"
        yield f"#{name} = {shown(key.default)}"
        yield ""
