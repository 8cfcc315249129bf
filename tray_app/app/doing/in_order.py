"""What is taken back before what: a task model goes before the connection that it needs."""

from collections.abc import Callable, Iterable

from tray_app.core.tasks.assignments import resting_on
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.plan import Change, Record


def undone_before(
    recorded: Record, undoable: Iterable[Record], undo: Callable[[Record], tuple[Change, ...]]
) -> tuple[Change, ...]:
    """What had to go first, as it was taken back. A model that somebody else chose since is left alone."""
    gone: list[Change] = []
    for later in resting_on(recorded, undoable):
        try:
            gone += undo(later)
        except ChangeError as error:
            if error.problem is not Problem.DRIFT:
                raise
    return tuple(gone)
