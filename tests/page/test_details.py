"""The details page by its own protocol: one worker's data, the menu's commands, nothing worked out for nobody."""

import contextlib
import json
import threading
import time
import tomllib

import pytest

from tests.page.opened import Opened
from tests.page.test_gate import Clock
from tray_app.core.values.command import Looked, OpenDetails
from tray_app.page.details_page import IDLE_S, MOST_WAITING, WATCHED_S, DetailsPage
from tray_app.standins.server import wait_until
from tray_app.storage.settings_write import seal_of


def switch(document, key):
    return next((one for one in document["tasks"]["switches"] if one["key"] == key), None)


def follow_ups_known(document):
    return switch(document, "task:follow-ups") is not None


def test_a_switch_changes_open_webui_by_the_journal_and_can_be_undone(guest, played):
    document = guest.until(follow_ups_known)
    token = switch(document, "task:follow-ups")["act"]
    assert guest.post("/act", {"act": token}) == (200, {"ok": True, "message": ""})
    document = guest.until(lambda one: one["journal"]["lines"] and not one["job"])
    assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is False
    [line] = document["journal"]["lines"]
    assert (line["what"], line["in_force"]) == ("Follow-ups: on -> off", True)
    guest.post("/act", {"act": line["undo"]["act"]})
    document = guest.until(lambda one: not one["journal"]["lines"][0]["in_force"] and not one["job"])
    assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is True
    assert document["journal"]["lines"][0]["undo"] is None


def test_a_button_of_an_older_document_changes_only_what_it_showed(guest, played):
    """As an old menu row: it meant `on -> off`, and once that was done it does nothing more."""
    document = guest.until(follow_ups_known)
    token = switch(document, "task:follow-ups")["act"]
    guest.post("/act", {"act": token})
    guest.until(lambda one: one["journal"]["lines"] and not one["job"])
    guest.post("/act", {"act": token})
    guest.until(lambda one: one["message"])
    assert played.settings["ENABLE_FOLLOW_UP_GENERATION"] is False
    assert len(played.app().journal.changes().all) == 1


def test_a_token_that_was_never_offered_does_nothing_and_says_so(guest):
    guest.until(lambda one: True)
    for sent in ({"act": "x"}, {"act": 5}, {"act": None}, {}, {"act": ["a"]}):
        status, told = guest.post("/act", sent)
        assert (status, told["ok"]) == (200, False)
        assert told["message"] == "This is no longer offered. Look at the page again."


def test_settings_are_written_and_comments_stay(guest, opened):
    document = guest.until(lambda one: one["settings"])
    sent = {
        "values": {"poll_idle_s": "7", "limits.hold_s": "12.5", "notices": False},
        "seal": document["settings"]["seal"],
    }
    status, told = guest.post("/setting", sent)
    assert (status, told["ok"], told["message"]) == (200, True, "3 settings were saved.")
    assert told["seal"] == seal_of(opened.file)
    text = opened.file.read_text()
    assert text.startswith("# mine\npoll_s = 1 # often\n")
    assert "poll_idle_s = 7" in text
    assert tomllib.loads(text)["limits"] == {"hold_s": 12.5}
    document = guest.until(lambda one: one["settings"]["seal"] != document["settings"]["seal"])
    fields = {one["key"]: one for group in document["settings"]["groups"] for one in group["fields"]}
    assert (fields["poll_idle_s"]["value"], fields["notices"]["value"], fields["limits.hold_s"]["value"]) == (
        "7",
        False,
        "12.5",
    )
    assert wait_until(lambda: opened.session.settings().poll_idle_s == 7)


def test_every_declared_key_has_a_field_in_words(guest):
    from tray_app.app.details.form import _keys

    document = guest.until(lambda one: one["settings"])
    fields = {one["key"]: one for group in document["settings"]["groups"] for one in group["fields"]}
    assert fields.keys() == _keys().keys()
    for one in fields.values():
        assert one["label"]
        assert one["kind"] != "number" or "by default" in one["hint"]
        assert not one["key"].endswith(("_s", "_bytes", "_percent")) or one["unit"]


def test_a_file_that_was_changed_meanwhile_is_left_alone(guest, opened):
    document = guest.until(lambda one: one["settings"])
    other = opened.file.read_text() + "snooze_s = 60\n"
    opened.file.write_text(other)
    status, told = guest.post("/setting", {"values": {"poll_s": "7"}, "seal": document["settings"]["seal"]})
    assert (status, told["ok"]) == (200, False)
    assert "was changed meanwhile" in told["message"]
    assert opened.file.read_text() == other
    assert told["seal"] == seal_of(opened.file), "it was told: the next one is saved"


@pytest.mark.parametrize(
    "values",
    [
        {"poll_s": "abc"},
        {"poll_s": "1e9"},
        {"poll_s": True},
        {"nothing": "1"},
        {"limits": "1"},
        {"ollama_url": "::"},
        {},
    ],
)
def test_what_does_not_hold_is_refused_with_a_sentence(guest, opened, values):
    document = guest.until(lambda one: one["settings"])
    before = opened.file.read_bytes()
    status, told = guest.post("/setting", {"values": values, "seal": document["settings"]["seal"]})
    assert (status, told["ok"]) == (200, False)
    assert told["message"]
    assert opened.file.read_bytes() == before
    assert told["seal"] in (document["settings"]["seal"], ""), "nothing was told of another file"


def test_a_second_click_opens_the_same_page(opened):
    one, other = opened.guest(), opened.guest()
    assert one.port == other.port
    assert one.until(follow_ups_known)["tasks"] == other.until(follow_ups_known)["tasks"]


def test_the_end_of_the_app_is_told(opened):
    guest = opened.guest()
    guest.until(follow_ups_known)
    told = []
    looking = threading.Thread(target=lambda: told.append(last_status(guest)))
    looking.start()
    opened.worker._details.close()
    looking.join(30)
    assert told == [410]


def last_status(guest):
    """410, said to who was looking; who asks a moment later finds no listener, which the page takes for the same."""
    with contextlib.suppress(ConnectionError):
        while (status := guest.ask("GET", f"/state?seen={guest.number}")[0]) in (200, 204):
            guest.number = "" if status == 204 else guest.number
            time.sleep(0.05)
        return status
    return 410


def test_nothing_is_worked_out_while_nobody_looks(played, monkeypatch):
    made = []
    monkeypatch.setattr("tray_app.app.details.desk.document", lambda *given: made.append(given))
    with Opened(played) as opened:
        opened.way_in()
        assert wait_until(lambda: opened.worker._look is not None)
        first = opened.worker._look
        assert wait_until(lambda: opened.worker._look is not first)
        assert made == []
        assert opened.worker._details._settings._state is None


# --- the page alone, on a clock that is moved ----------------------------------------------


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def page(clock):
    looked = []
    made = DetailsPage(lambda path, sent: {"path": path, "sent": sent}, lambda: looked.append(1), "over", clock)
    made.looked = looked
    yield made
    if not made._closed:
        made.close()


def test_it_is_watched_as_long_as_somebody_asks(page, clock):
    page.publish(b"{}")
    assert not page.is_watched
    assert page._state("").status == 200
    assert page.is_watched
    assert page.looked == [1]
    page._state("")
    assert page.looked == [1]
    clock.now += WATCHED_S + 1
    assert not page.is_watched


def test_it_is_over_some_minutes_after_the_last_tab(page, clock):
    page.gate.bootstrap(page.gate.bootstrap_url.rpartition("/")[2])
    page.seen()
    clock.now += IDLE_S
    assert not page.is_over
    page.seen()
    clock.now += IDLE_S + 1
    assert page.is_over


def test_a_night_in_which_the_machine_slept_does_not_end_it(page, clock):
    """Where the clock goes on meanwhile: nobody could have asked. After that the minutes count again."""
    page.gate.bootstrap(page.gate.bootstrap_url.rpartition("/")[2])
    page.seen()
    page.look_after()
    clock.now += 8 * 3600
    page.look_after()
    assert not page.is_over
    for _ in range(4):
        clock.now += IDLE_S / 4
        page.look_after()
    assert not page.is_over
    clock.now += 1
    page.look_after()
    assert page.is_over


def test_it_is_over_where_nobody_ever_came(page, clock):
    assert not page.is_over
    clock.now += 31
    assert page.is_over


def test_ten_tabs_do_not_hold_ten_connections(page):
    """A browser has six for all of them, and a button needs one, too."""
    page.publish(b"{}")
    statuses = []
    tabs = [threading.Thread(target=lambda: statuses.append(page._state(page._name).status)) for _ in range(10)]
    for tab in tabs:
        tab.start()
    assert wait_until(lambda: len(statuses) == 10 - MOST_WAITING)
    assert set(statuses) == {204}
    page.publish(b'{"a": 1}')
    for tab in tabs:
        tab.join(20)
    assert statuses.count(200) == MOST_WAITING
    assert page._waiting == []


def test_the_same_document_again_is_no_news(page):
    page.publish(b"{}")
    name = page._name
    page.publish(b"{}")
    assert page._name == name
    page.publish(b"[]")
    assert page._name != name


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"[" * 30000, b"\xff", b"null"])
def test_a_body_that_is_no_object_is_refused(page, body):
    assert page.act("/act", body).status == 400


@pytest.mark.timeout(600)
def test_a_tab_that_stays_open_leaves_nothing_behind(played):
    """Many frames in a minute: neither the page nor the worker keeps more for every frame."""
    import gc

    with Opened(played) as opened:
        guest = opened.guest()
        guest.until(follow_ups_known)
        desk, counts = opened.worker._details, []
        for frame in range(120):
            opened.worker.send(Looked())
            desk._page.publish(json.dumps({"frame": frame}).encode())
            guest.look()
            if frame in (40, 119):
                gc.collect()
                counts.append(len(gc.get_objects()))
        assert len(desk._commands) < 200
        assert counts[1] - counts[0] < 2000


def test_open_details_is_safe_to_ask_for_at_once(opened):
    for _ in range(5):
        opened.worker.send(OpenDetails())
    assert wait_until(lambda: len(opened.opened) == 5)
    assert opened.guest().until(follow_ups_known)
