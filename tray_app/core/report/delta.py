"""Only what changed: a JSON value written against the one before it, and read back. Pure.

An object is written as its changed members, every other changed value whole. Where an object must be written whole
(its members are others than before), it stands alone under `=`.
"""

from tray_app.core.values.version import Json

WHOLE = "="


def changed(now: Json, before: Json) -> Json:
    """What `patched(before, ...)` turns back into `now`. For two equal objects that is `{}`."""
    if not isinstance(now, dict):
        return now
    if not isinstance(before, dict) or now.keys() != before.keys() or WHOLE in now:
        return {WHOLE: now}
    return {name: changed(value, before[name]) for name, value in now.items() if not _same(value, before[name])}


def patched(before: Json, change: Json) -> Json:
    """The value that was written. KeyError where the change belongs to another value than `before`."""
    if not isinstance(change, dict):
        return change
    if change.keys() == {WHOLE}:
        return change[WHOLE]
    if not isinstance(before, dict) or not change.keys() <= before.keys():
        raise KeyError(*sorted(change)[:1])
    return {**before, **{name: patched(before[name], value) for name, value in change.items()}}


def _same(one: Json, other: Json) -> bool:
    """Equal and of one type: in Python 1 is True and 1.0, in JSON they are three values."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return one == other
