"""What background tasks cost, in words and figures: a table that is the picture, with its bars."""

from collections.abc import Sequence

from tray_app.core.report.details.calls import CallShare, CallsPicture
from tray_app.core.report.details.lanes import LaneKind
from tray_app.core.report.details.scale import Offset
from tray_app.core.text.details_words import duration, lane_name, weekday
from tray_app.core.text.lines import in_turn
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.values.version import Json


def document(made: CallsPicture, offset: Offset, tr: Translator) -> dict[str, Json]:
    days: list[Json] = [weekday(day, offset, tr) for day in made.days]
    figures: list[Json] = [
        tr.gettext("requests"),
        tr.gettext("each"),
        tr.gettext("in all"),
        tr.gettext("per answer"),
        tr.gettext("per day"),
    ]
    kinds = [(one.kind.value, lane_name(one.kind, tr), one.share, one.kind) for one in made.kinds]
    return {
        "title": tr.gettext("What each kind of request costs"),
        "sentence": sentence(made, tr),
        "days": days,
        "day": tr.gettext("{day}: {count}"),
        "kinds": {
            "caption": tr.gettext("By kind, last {count} days").format(count=len(made.days)),
            "head": [tr.gettext("kind"), *figures],
            "rows": [_row(key, name, share, kinds_share(made, share), made, tr) for key, name, share, _ in kinds],
        },
        "models": {
            "caption": tr.gettext("By model, last {count} days").format(count=len(made.days)),
            "head": [tr.gettext("model"), *figures[:3], tr.gettext("of these tasks"), figures[4]],
            "rows": [
                {
                    **_row(
                        "model", short(one.model) if one.model else tr.gettext("not known"), one.share, 0.0, made, tr
                    ),
                    "per": f"{one.tasks}",
                    "share": one.share.busy_s / (sum(other.share.busy_s for other in made.models) or 1.0),
                }
                for one in made.models
            ],
        },
    }


def kinds_share(made: CallsPicture, share: CallShare) -> float:
    """Of all the time that models worked."""
    whole = sum(one.share.busy_s for one in made.kinds)
    return share.busy_s / whole if whole else 0.0


def _row(key: str, name: str, share: CallShare, of_all: float, made: CallsPicture, tr: Translator) -> dict[str, Json]:
    return {
        "id": key,
        "name": name,
        "calls": str(share.calls),
        "each": _each(share, tr),
        "all": duration(share.busy_s, tr),
        "share": of_all,
        "per": "" if share.per_answer is None else f"{share.per_answer:.1f}",
        "days": list(share.by_day),
        "told": _told(share.by_day, made.watched_days, tr),
    }


def _each(share: CallShare, tr: Translator) -> str:
    if share.each_s is None:
        return tr.gettext("not known")
    return tr.gettext("{count} s").format(count=f"{share.each_s:.1f}")


def _told(by_day: Sequence[int], watched: int, tr: Translator) -> str:
    """The mean of the days of which something is kept."""
    if not watched:
        return tr.gettext("not known")
    return f"{sum(by_day) / watched:.0f}" if sum(by_day) >= watched else f"{sum(by_day) / watched:.1f}"


def sentence(made: CallsPicture, tr: Translator) -> str:
    if not made.kinds:
        return tr.gettext("No request was seen to end in these days.")
    tasks = tr.ngettext(
        "{count} background task worked for {duration}.",
        "{count} background tasks worked for {duration}.",
        made.task_calls,
    ).format(count=made.task_calls, duration=duration(made.task_s, tr))
    if not made.answers:
        return in_turn(tasks, tr.gettext("No answer of a chat was seen, so there is nothing per answer."))
    answers = tr.ngettext("{count} answer was given.", "{count} answers were given.", made.answers)
    untold = next((one.share.calls for one in made.kinds if one.kind is LaneKind.UNTOLD), 0)
    doubt = tr.gettext("Of {count} requests it is not known what they were: figures per answer are then too low.")
    return in_turn(answers.format(count=made.answers), tasks, doubt.format(count=untold) if untold else "")
