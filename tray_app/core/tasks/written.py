"""What a model wrote for a task, read as Open WebUI reads it; and whether it can do that task at all.

Open WebUI takes what lies between the first and the last brace for JSON (utils/middleware.py, in its background tasks);
where that fails the chat simply has no tags or follow-ups, and its first message for a title.
"""

import json
from enum import StrEnum

from msgspec import Struct

from tray_app.core.tasks.releases import JSON_TITLES_SINCE
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Version

LONGEST = {Setting.TITLES: 120, Setting.TAGS: 40, Setting.FOLLOW_UPS: 400}
"""Characters of one item. Open WebUI asks for titles of three to five words, cuts one that it makes itself at 100, and
takes no longer follow-up (utils/task.py, parse_follow_ups)."""
MOST = {Setting.TITLES: 1, Setting.TAGS: 10, Setting.FOLLOW_UPS: 10}
"""Items. It asks for one to three broad tags and as many fine ones, and for three to five follow-ups."""
KEPT = 400
"""Characters of an answer in another form that are kept to be shown."""
_KEYS = {Setting.TITLES: "title", Setting.TAGS: "tags", Setting.FOLLOW_UPS: "follow_ups"}


class Flaw(StrEnum):
    """Why Open WebUI can do nothing with it. Values are stable: they appear in the JSON output."""

    EMPTY = "empty"
    NO_JSON = "no-json"
    OTHER_FIELDS = "other-fields"  # JSON, but not what was asked for
    TOO_LONG = "too-long"
    TOO_MANY = "too-many"


class Draft(Struct, frozen=True):
    """`items`: the title, the tags, the follow-ups. `raw`: the beginning of the answer where its form is wrong."""

    items: tuple[str, ...] = ()
    flaw: Flaw | None = None
    raw: str = ""


def draft_of(task: Setting, text: str, version: Version) -> Draft:
    """Reads one answer."""
    if not text.strip():
        return Draft(flaw=Flaw.EMPTY)
    if task is Setting.TITLES and version < JSON_TITLES_SINCE:
        return _judged(task, [text.strip().strip('"')], text)
    try:
        found = json.loads(text[text.find("{") : text.rfind("}") + 1])
    except (ValueError, RecursionError):
        return Draft(flaw=Flaw.NO_JSON, raw=text[:KEPT])
    told = found.get(_KEYS[task]) if isinstance(found, dict) else None
    items = [told] if task is Setting.TITLES else told
    if not isinstance(items, list) or not all(isinstance(one, str) for one in items):
        return Draft(flaw=Flaw.OTHER_FIELDS, raw=text[:KEPT])
    return _judged(task, items, text)


def _judged(task: Setting, items: list[str], text: str) -> Draft:
    kept = tuple(one.strip() for one in items if one.strip())
    if not kept:
        return Draft(flaw=Flaw.EMPTY, raw=text[:KEPT])
    flaw = None
    if any(len(one) > LONGEST[task] for one in kept):
        flaw = Flaw.TOO_LONG
    elif len(kept) > MOST[task]:
        flaw = Flaw.TOO_MANY
    return Draft(tuple(one[:KEPT] for one in kept[: MOST[task]]), flaw, text[:KEPT] if flaw else "")
