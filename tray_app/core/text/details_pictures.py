"""The pictures as the document of the details page has them: finished numbers, each with its words."""

from collections.abc import Sequence

from tray_app.core.report.details.pictures import Pictures
from tray_app.core.report.details.scale import Offset, TimeWindow
from tray_app.core.text import details_calls, details_memory, details_time, details_words
from tray_app.core.text.text import Translator
from tray_app.core.values.version import Json

Document = dict[str, Json]


def time_document(made: Pictures, offset: Offset, tr: Translator) -> Document:
    """The chart over time of one window."""
    return details_time.document(made, offset, tr)


def document(
    newest: Pictures, times: Sequence[tuple[TimeWindow, Document]], trouble: str, offset: Offset, tr: Translator
) -> Document:
    """`newest`: memory and calls are the same in all windows. `trouble`: why the history cannot be read; empty where it
    can."""
    return {
        "windows": [[window.value, details_words.window_name(window, tr)] for window, _ in times],
        "shown": tr.gettext("Shown time"),
        "times": {window.value: made for window, made in times},
        "memory": details_memory.document(newest.memory, tr),
        "calls": details_calls.document(newest.calls, offset, tr),
        "notes": list(_notes(newest, trouble, tr)),
    }


def _notes(made: Pictures, trouble: str, tr: Translator) -> list[str]:
    notes = [trouble] if trouble else []
    if made.is_empty and not trouble:
        notes.append(
            tr.gettext("Nothing was measured yet: leave Elbowroom running, and the pictures fill from now on.")
        )
    if made.ahead:
        notes.append(
            tr.gettext(
                "Some of the history lies in the future: the clock was set back, or the file comes from another "
                "computer. It is shown when its time has come."
            )
        )
    return notes
