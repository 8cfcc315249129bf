"""Some of what strangers try on the page and the doorbell; the large one: tests/page/attacks.py."""

import pytest

from tests.page.attacks import DetailsHouse, House, attacked, other_user
from tray_app.page.gate import Gate

REQUESTS = 50


@pytest.mark.parametrize("kind", [House, DetailsHouse])
def test_no_stranger_gets_anything_and_the_owner_gets_in_as_before(kind):
    wrong, statuses = attacked(REQUESTS, seed=3, kind=kind)
    assert wrong == []
    assert statuses.keys() == {"program", "site", *(["user"] if other_user() else [])}
    assert all(found.get("403", 0) > REQUESTS // 10 for found in statuses.values())


@pytest.mark.parametrize("kind", [House, DetailsHouse])
@pytest.mark.parametrize(
    ("rule", "won"),
    [("may_act", "site was let through"), ("_has_cookie", "program won an answer"), ("may_call", "user won")],
)
def test_a_wall_that_is_missing_is_found(monkeypatch, rule, won, kind):
    role = won.partition(" ")[0]
    if role == "user" and other_user() is None:
        pytest.skip("only root on Linux can start another user's program")
    monkeypatch.setattr(Gate, rule, lambda *_: rule == "_has_cookie" or None)
    wrong, _ = attacked(REQUESTS, 3, (role,), kind)
    assert any(won in one for one in wrong)


def test_a_door_that_opens_to_anybody_is_found(monkeypatch):
    monkeypatch.setattr("tray_app.app.instance.hmac.compare_digest", lambda *_: True)
    assert any("rang" in one for one in attacked(REQUESTS, 3, ("program",))[0])
