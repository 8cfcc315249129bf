"""An odd answer or a bug of ours ends the one source that it came from, never a poll."""

import logging
from collections.abc import Callable
from typing import TypeVar

from tray_app.core.values.reading import Reading, Unknown, Why
from tray_app.readers.odd import ODD

T = TypeVar("T")

log = logging.getLogger(__name__)

_told: set[tuple[str, str, int]] = set()


def unknown_for(error: Exception) -> Unknown:
    """The reading where a source raised one of ODD; each is in the log once."""
    raised = error.__traceback__
    while raised is not None and raised.tb_next is not None:
        raised = raised.tb_next
    place = (raised.tb_frame.f_code.co_filename, raised.tb_lineno) if raised is not None else ("", 0)
    kind = (type(error).__name__, *place)
    if kind not in _told:
        _told.add(kind)
        log.error("a source gave no usable answer", exc_info=error)
    return Unknown(Why.BAD_ANSWER, type(error).__name__)


def read(source: Callable[[], Reading[T]]) -> Reading[T]:
    """One source's answer: Unknown where it raises one of ODD."""
    try:
        return source()
    except ODD as error:
        return unknown_for(error)
