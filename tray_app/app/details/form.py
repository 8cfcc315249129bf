"""The user's settings as a form: every declared key with what it holds, and what the form sends back, written down."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from tray_app.app import language
from tray_app.core.menu.details.form import FieldState, FormState, GroupState
from tray_app.core.text import details as view
from tray_app.core.text import errors as error_view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.storage import SettingsNotWritten, WriteFault
from tray_app.storage.settings import SettingsFile, load
from tray_app.storage.settings_keys import Declared, Settings, declared, tables
from tray_app.storage.settings_write import seal_of, write_keys


class SettingsDesk:
    """`state` is the worker's, `write` of whichever thread a form came in on: the file has its own lock."""

    def __init__(self) -> None:
        self._of: Settings | None = None
        self._state: FormState | None = None

    def state(self, file: SettingsFile) -> FormState | None:
        """Read again only where the app has read the file again. None where it cannot be read."""
        if self._of is not file.settings or self._state is None:
            self._state = _read(file)
            self._of = file.settings
        return self._state

    def write(self, file: SettingsFile, sent: Mapping[str, object], tr: Translator) -> tuple[bool, str, str]:
        """Whether it was written, what to say, and the seal of the file that the person knows now. Another file than
        the one that was shown is left as it is: once that is told, that other file is the one that is known."""
        values, seal = sent.get("values"), sent.get("seal")
        if not isinstance(values, dict) or not isinstance(seal, str) or not values:
            return False, view.no_longer(tr), ""
        wanted: dict[str, object] = {}
        for name, given in values.items():
            key = _keys().get(name)
            read = _value(key, given) if key is not None else None
            if key is None or read is None:
                return False, view.not_a_value(str(name), str(given), tr), seal
            wanted[name] = None if read.value == key.default else read.value
        try:
            return True, view.saved(len(wanted), tr), write_keys(file.path, wanted, seal)
        except ElbowroomError as error:
            return False, error_view.told(error, tr), _known(file, error, seal)


def _known(file: SettingsFile, error: ElbowroomError, seal: str) -> str:
    """After a refusal: only where another file was told of, that one is known from now on."""
    if not isinstance(error, SettingsNotWritten) or error.fault is not WriteFault.CHANGED_MEANWHILE:
        return seal
    try:
        return seal_of(file.path)
    except ElbowroomError:
        return seal


class _Read(Struct, frozen=True):
    value: object


def _keys() -> dict[str, Declared]:
    """By their dotted names."""
    own = {name: key for name, key in declared(Settings).items() if not isinstance(key.default, Struct)}
    below = {
        f"{table}.{name}": key for table, made in tables().items() for name, key in declared(type(made.default)).items()
    }
    return own | below


def _value(key: Declared, given: object) -> _Read | None:
    """What a field says as the key's own type; an empty number is its default. None where it is none."""
    match key.default:
        case bool():
            return _Read(given) if isinstance(given, bool) else None
        case int() | float():
            return _number(given, key.default)
        case tuple():
            lines = given.splitlines() if isinstance(given, str) else None
            return None if lines is None else _Read(tuple(filter(None, (line.strip() for line in lines))))
        case _:
            return _Read(given.strip()) if isinstance(given, str) else None


def _number(given: object, default: float) -> _Read | None:
    if not isinstance(given, str):
        return None
    if not given.strip():
        return _Read(default)
    try:
        number = float(given)
    except ValueError:
        return None
    return _Read(int(number) if number.is_integer() else number)


def _read(file: SettingsFile) -> FormState | None:
    """Values and seal of one and the same content."""
    try:
        while True:
            seal = seal_of(file.path)
            settings, _ = load(file.path)
            if seal_of(file.path) == seal:
                break
    except ElbowroomError:
        return None
    own = [(name, key) for name, key in declared(Settings).items() if not isinstance(key.default, Struct)]
    groups = [GroupState("", "", _fields("", own, settings))]
    for name, table in tables().items():
        below = list(declared(type(table.default)).items())
        groups.append(GroupState(name, table.doc, _fields(f"{name}.", below, getattr(settings, name))))
    return FormState(tuple(groups), seal)


def _fields(prefix: str, keys: Sequence[tuple[str, Declared]], values: object) -> tuple[FieldState, ...]:
    return tuple(
        FieldState(
            key=prefix + name,
            doc=key.doc,
            value=getattr(values, name),
            default=key.default,
            low=key.low,
            high=key.high,
            choices=_choices(key),
        )
        for name, key in keys
    )


def _choices(key: Declared) -> tuple[tuple[str, str], ...]:
    """Values and, where they have one, their own name."""
    names = dict(language.names())
    return tuple((one, names.get(one, "")) for one in key.choices)
