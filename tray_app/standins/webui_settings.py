"""The task settings of the played Open WebUI: which release has which field, and what it accepts.

Read from the releases' own `TaskConfigForm` (Open WebUI main.py up to 0.4.8, routers/tasks.py from 0.5.0).
"""

from typing import Any

from msgspec import Struct

from tray_app.core.values.version import Version

FOREVER: Version = (99, 0, 0)


class Field(Struct, frozen=True):
    """`kind` is the form's type; `null` tells whether null is taken; from `optional_since` on it may be left out."""

    name: str
    kind: str
    default: Any
    since: Version = (0, 3, 0)
    until: Version = FOREVER
    null: bool = False
    null_since: Version = FOREVER
    optional_since: Version = FOREVER


FIELDS = (
    Field("TASK_MODEL", "str", "", null=True),
    Field("TASK_MODEL_EXTERNAL", "str", "", null=True),
    Field("TASK_MODEL_PARAMS", "dict", {}, (0, 11, 1), null=True, optional_since=(0, 11, 1)),
    Field("TITLE_GENERATION_PROMPT_TEMPLATE", "str", ""),
    Field("ENABLE_TITLE_GENERATION", "bool", default=True, since=(0, 5, 12)),
    Field("IMAGE_PROMPT_GENERATION_PROMPT_TEMPLATE", "str", "", (0, 5, 8)),
    Field("ENABLE_AUTOCOMPLETE_GENERATION", "bool", default=False, since=(0, 4, 7)),
    Field("AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH", "int", -1, (0, 4, 7),
          null_since=(0, 12, 0), optional_since=(0, 12, 0)),
    Field("AUTOCOMPLETE_GENERATION_PROMPT_TEMPLATE", "str", "", (0, 10, 0)),
    Field("TAGS_GENERATION_PROMPT_TEMPLATE", "str", "", (0, 3, 33)),
    Field("ENABLE_TAGS_GENERATION", "bool", default=True, since=(0, 4, 0)),
    Field("FOLLOW_UP_GENERATION_PROMPT_TEMPLATE", "str", "", (0, 6, 14)),
    Field("ENABLE_FOLLOW_UP_GENERATION", "bool", default=True, since=(0, 6, 14)),
    Field("SEARCH_QUERY_GENERATION_PROMPT_TEMPLATE", "str", "", until=(0, 4, 0)),
    Field("ENABLE_SEARCH_QUERY", "bool", default=True, since=(0, 3, 20), until=(0, 4, 0)),
    Field("ENABLE_SEARCH_QUERY_GENERATION", "bool", default=True, since=(0, 4, 0)),
    Field("ENABLE_RETRIEVAL_QUERY_GENERATION", "bool", default=True, since=(0, 4, 0)),
    Field("QUERY_GENERATION_PROMPT_TEMPLATE", "str", "", (0, 4, 0)),
    Field("TOOLS_FUNCTION_CALLING_PROMPT_TEMPLATE", "str", "", (0, 3, 20)),
    Field("VOICE_MODE_PROMPT_TEMPLATE", "str", "", (0, 6, 37), null=True),
    Field("ENABLE_VOICE_MODE_PROMPT", "bool", default=True, since=(0, 9, 3)),
)  # fmt: skip

_TRUE = {"1", "true", "t", "yes", "y", "on"}
_FALSE = {"0", "false", "f", "no", "n", "off"}


class BadForm(Exception):
    """422; `problems` is the `detail` of the answer."""

    def __init__(self, problems: list[dict[str, Any]]) -> None:
        super().__init__(problems)
        self.problems = problems


def problem(kind: str, where: tuple[str | int, ...], message: str, given: Any) -> dict[str, Any]:
    return {"type": kind, "loc": list(where), "msg": message, "input": given}


def an_object(body: Any) -> dict[str, Any]:
    """BadForm where the body is none."""
    if isinstance(body, dict):
        return body
    text = "Input should be a valid dictionary or object to extract fields from"
    raise BadForm([problem("model_attributes_type", ("body",), text, body)])


def fields(version: Version) -> list[Field]:
    return [field for field in FIELDS if field.since <= version < field.until]


def defaults(version: Version) -> dict[str, Any]:
    """A fresh server's document. Autocomplete is on for everyone up to 0.5.20."""
    document = {field.name: field.default for field in fields(version)}
    if "ENABLE_AUTOCOMPLETE_GENERATION" in document:
        document["ENABLE_AUTOCOMPLETE_GENERATION"] = version < (0, 6, 0)
    return document


def accept(version: Version, body: Any) -> dict[str, Any]:
    """What the form makes of a body. BadForm where it does not fit; unknown fields are dropped."""
    given = an_object(body)
    document, problems = {}, []
    for field in fields(version):
        if field.name not in given:
            if version < field.optional_since:
                problems.append(problem("missing", ("body", field.name), "Field required", body))
            else:
                document[field.name] = _when_left_out(field)
            continue
        value, wrong = _coerce(field, version, given[field.name])
        if wrong:
            problems.append(problem(wrong[0], ("body", field.name), wrong[1], given[field.name]))
        document[field.name] = value
    if problems:
        raise BadForm(problems)
    return document


def _when_left_out(field: Field) -> Any:
    """The parameters are erased; the length goes back to the environment's default."""
    return None if field.kind == "dict" else field.default


def _coerce(field: Field, version: Version, value: Any) -> tuple[Any, tuple[str, str] | None]:
    """The value as the form's type in its lax mode, or the problem's type and text."""
    if value is None:
        if field.null:
            return None, None
        if version >= field.null_since:
            return field.default, None
    return {"str": _string, "bool": _boolean, "int": _integer, "dict": _dictionary}[field.kind](value)


def _string(value: Any) -> tuple[Any, tuple[str, str] | None]:
    if isinstance(value, str):
        return value, None
    return None, ("string_type", "Input should be a valid string")


def _boolean(value: Any) -> tuple[Any, tuple[str, str] | None]:
    if isinstance(value, bool):
        return value, None
    if isinstance(value, str | int) or (isinstance(value, float) and value in {0.0, 1.0}):
        word = str(value).lower().removesuffix(".0")
        if word in _TRUE | _FALSE:
            return word in _TRUE, None
        return None, ("bool_parsing", "Input should be a valid boolean, unable to interpret input")
    return None, ("bool_type", "Input should be a valid boolean")


def _integer(value: Any) -> tuple[Any, tuple[str, str] | None]:
    if isinstance(value, int):
        return int(value), None
    if isinstance(value, float):
        if value.is_integer():
            return int(value), None
        return None, ("int_from_float", "Input should be a valid integer, got a number with a fractional part")
    if isinstance(value, str):
        try:
            return int(value), None
        except ValueError:
            return None, ("int_parsing", "Input should be a valid integer, unable to parse string as an integer")
    return None, ("int_type", "Input should be a valid integer")


def _dictionary(value: Any) -> tuple[Any, tuple[str, str] | None]:
    if isinstance(value, dict):
        return value, None
    return None, ("dict_type", "Input should be a valid dictionary")
