"""The settings of the page: each key in its own words, with its unit, its bounds and its default."""

from msgspec import Struct

from tray_app.core.text import details as view
from tray_app.core.text.text import Translator


class FieldState(Struct, frozen=True):
    """A key as it is declared, and what it holds. `choices`: value and own name, empty where it has none."""

    key: str
    doc: str
    value: object
    default: object
    low: float | None
    high: float | None
    choices: tuple[tuple[str, str], ...]


class GroupState(Struct, frozen=True):
    name: str
    doc: str
    fields: tuple[FieldState, ...]


class FormState(Struct, frozen=True):
    """`seal`: of the file that this is from."""

    groups: tuple[GroupState, ...]
    seal: str


class FieldView(Struct, frozen=True):
    """`kind`: switch, number, choice, lines or text. `value`: true or false of a switch, else text."""

    key: str
    label: str
    kind: str
    value: str | bool
    unit: str
    hint: str
    choices: tuple[tuple[str, str], ...]
    set: bool
    """It is another than its default."""


class GroupView(Struct, frozen=True):
    """`told`: what it is for; empty where that goes without saying."""

    name: str
    title: str
    told: str
    fields: tuple[FieldView, ...]


class FormView(Struct, frozen=True):
    groups: tuple[GroupView, ...]
    seal: str


def form_view(state: FormState, tr: Translator) -> FormView:
    groups = tuple(
        GroupView(
            group.name,
            view.group_title(group.name, tr),
            tr.gettext(group.doc) if group.doc else "",
            tuple(_field(one, tr) for one in group.fields),
        )
        for group in state.groups
    )
    return FormView(groups, state.seal)


def _field(state: FieldState, tr: Translator) -> FieldView:
    kind, value = _shown(state)
    return FieldView(
        key=state.key,
        label=tr.gettext(state.doc),
        kind=kind,
        value=value,
        unit=view.unit(state.key, tr),
        hint=_hint(state, tr),
        choices=tuple((one, name or view.choice_word(state.key, one, tr)) for one, name in state.choices),
        set=state.value != state.default,
    )


def _shown(state: FieldState) -> tuple[str, str | bool]:
    value = state.value
    if isinstance(value, bool):
        return "switch", value
    if isinstance(value, int | float):
        return "number", view.number(value)
    if isinstance(value, tuple):
        return "lines", "\n".join(value)
    return "choice" if state.choices else "text", str(value)


def _hint(state: FieldState, tr: Translator) -> str:
    """`1 to 300, default 5`."""
    if state.low is None or state.high is None or not isinstance(state.default, int | float):
        return ""
    return view.bounds(state.low, state.high, state.default, tr)
