"""What a model wrote, read as Open WebUI reads it: what it could not use is marked, each limit on both of its sides."""

import json

import pytest

from tray_app.core.tasks.conversations import CONVERSATIONS, named
from tray_app.core.tasks.written import KEPT, Flaw, draft_of
from tray_app.core.values.task_settings import Setting

NEW = (0, 12, 4)
TITLES, TAGS, FOLLOW_UPS = Setting.TITLES, Setting.TAGS, Setting.FOLLOW_UPS


def said(task, value):
    return draft_of(task, json.dumps({{TITLES: "title", TAGS: "tags", FOLLOW_UPS: "follow_ups"}[task]: value}), NEW)


@pytest.mark.parametrize(
    ("task", "text", "items"),
    [
        (TITLES, '{"title": "Basil in winter"}', ("Basil in winter",)),
        (TITLES, 'Sure! ```json\n{ "title": " Basil " }\n```', ("Basil",)),
        (TAGS, '<think>hm</think>{"tags": ["Garden", "", "Herbs"]}', ("Garden", "Herbs")),
        (FOLLOW_UPS, '{"follow_ups": ["Why?", "How?"]}', ("Why?", "How?")),
    ],
)
def test_what_open_webui_can_use(task, text, items):
    draft = draft_of(task, text, NEW)
    assert (draft.items, draft.flaw, draft.raw) == (items, None, "")


@pytest.mark.parametrize(
    ("task", "text", "flaw"),
    [
        (TITLES, " \n", Flaw.EMPTY),
        (TITLES, '{"title": " "}', Flaw.EMPTY),
        (TAGS, '{"tags": []}', Flaw.EMPTY),
        (TITLES, "Basil in winter", Flaw.NO_JSON),
        (TAGS, '{"tags": ["a", ]}', Flaw.NO_JSON),
        (TAGS, "{" * 100_000, Flaw.NO_JSON),
        (TAGS, '{"a":' * 20_000 + "}", Flaw.NO_JSON),
        (TITLES, '{"titel": "Basil"}', Flaw.OTHER_FIELDS),
        (TITLES, '{"title": ["Basil"]}', Flaw.OTHER_FIELDS),
        (TAGS, '{"tags": "Garden"}', Flaw.OTHER_FIELDS),
        (TAGS, '{"tags": [{"name": "Garden"}]}', Flaw.OTHER_FIELDS),
    ],
)
def test_what_it_cannot_use(task, text, flaw):
    draft = draft_of(task, text, NEW)
    assert (draft.flaw, draft.items) == (flaw, ())
    assert len(draft.raw) <= KEPT


@pytest.mark.parametrize(
    ("task", "longest"), [(TITLES, 120), (TAGS, 40), (FOLLOW_UPS, 400)], ids=["title", "tag", "follow-up"]
)
def test_too_long(task, longest):
    def of(count):
        return said(task, "x" * count if task is TITLES else ["y", "x" * count]).flaw

    assert (of(longest), of(longest + 1)) == (None, Flaw.TOO_LONG)


@pytest.mark.parametrize("task", [TAGS, FOLLOW_UPS])
def test_too_many(task):
    assert said(task, [f"one {number}" for number in range(10)]).flaw is None
    assert said(task, [f"one {number}" for number in range(11)]).flaw is Flaw.TOO_MANY


@pytest.mark.parametrize(("version", "flaw"), [((0, 5, 7), None), ((0, 5, 8), Flaw.NO_JSON)])
def test_older_releases_ask_for_a_title_in_plain_words(version, flaw):
    assert draft_of(TITLES, '"Basil in winter"', version).flaw is flaw


def test_conversations_are_whole_and_in_both_languages():
    assert all(len(one.turns) % 2 == 0 and one.question == one.turns[-2] for one in CONVERSATIONS)
    assert {one.language for one in CONVERSATIONS} == {"en", "ko"}
    assert len({one.name for one in CONVERSATIONS}) == len(CONVERSATIONS)


@pytest.mark.parametrize(
    ("name", "language", "taken"),
    [
        ("", "en", "basil"),
        ("", "ko", "kimchi"),
        ("", "de", "basil"),
        ("jeju", "en", "jeju"),
        ("bicycle", "ko", "bicycle"),
    ],
)
def test_the_usual_one_is_in_the_language_of_the_reader(name, language, taken):
    assert named(name, language).name == taken
