"""Which lane a request goes in."""

import pytest

from tray_app.core.lanes.lane import AFTER_ANSWER, BEFORE_ANSWER, GENERATIONS, lane
from tray_app.core.values.relay import Lane


@pytest.mark.parametrize("path", sorted(GENERATIONS))
def test_each_path_that_generates_has_lanes(path):
    assert lane("POST", path, "") is Lane.CHAT
    assert lane("POST", path, "title_generation") is Lane.TASK
    assert lane("POST", path, "autocomplete_generation") is Lane.TYPING


@pytest.mark.parametrize("word", sorted(AFTER_ANSWER))
def test_what_comes_after_an_answer_is_a_task(word):
    assert lane("POST", "/api/chat", word) is Lane.TASK


@pytest.mark.parametrize(
    "word", [*sorted(BEFORE_ANSWER), "moa_response_generation", "next_years_generation", "Title", ""]
)
def test_what_a_person_waits_for_and_what_is_not_known_passes(word):
    assert lane("POST", "/api/chat", word) is Lane.CHAT


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/tags"),
        ("GET", "/api/ps"),
        ("GET", "/api/version"),
        ("POST", "/api/show"),
        ("POST", "/api/pull"),
        ("POST", "/api/blobs/sha256-00"),
        ("POST", "/api/embed"),
        ("POST", "/api/embeddings"),
        ("POST", "/v1/embeddings"),
        ("GET", "/v1/models"),
        ("OPTIONS", "/api/chat"),
        ("GET", "/"),
        ("POST", "/api/chats"),
        ("POST", "/proxy/api/chat"),
    ],
)
def test_what_generates_nothing_is_not_judged_even_with_a_header(method, path):
    assert lane(method, path, "") is Lane.OTHER
    assert lane(method, path, "title_generation") is Lane.OTHER


def test_a_query_and_a_slash_at_the_end_change_nothing():
    assert lane("post", "/api/chat/?x=/api/tags", "tags_generation") is Lane.TASK
