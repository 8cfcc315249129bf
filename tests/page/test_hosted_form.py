"""The form for a hosted model, and the comparison, by the page's own protocol: no key anywhere, one line for each fault."""

import logging

import pytest

from tests.page.opened import Opened
from tests.played import Played
from tray_app.core.values.command import OpenDetails, PageForm
from tray_app.standins.endpoint import CATALOG, DemoEndpoint, HostedEntry, many
from tray_app.standins.models import BIG, SMALL

pytestmark = pytest.mark.timeout(300)
TASKS = "meta-llama/llama-3.2-3b-instruct"
THINKER = "qwen/qwen3-4b"
RUDE = "evil/<b>x</b>\u202e-1b"


@pytest.fixture
def endpoint():
    with DemoEndpoint() as made:
        yield made


def ready(document):
    return document["hosted"] is not None and not document["hosted"]["told"] and not document["job"]


def at_step(step):
    return lambda one: one["hosted"]["step"] == step and not one["hosted"]["working"]


LISTED = at_step("model")


def failed(document):
    return document["hosted"]["error"] and not document["hosted"]["working"]


def find(guest, endpoint, key=None, holds=LISTED, address=None):
    guest.until(ready)
    sent = {"do": "find", "address": address or endpoint.base, "key": endpoint.key if key is None else key}
    assert guest.post("/hosted", sent) == (200, {"ok": True})
    return guest.until(holds)


def plan(guest, endpoint, model=TASKS, key=None):
    find(guest, endpoint, key)
    guest.post("/hosted", {"do": "plan", "model": model})
    return guest.until(at_step("plan"))


def test_found_planned_tried_added_and_taken_back(guest, played, endpoint):
    before = played.settings
    offers = find(guest, endpoint)["hosted"]["offers"]
    assert offers["models"][0] == {
        "id": "meta-llama/llama-3.2-1b-instruct",
        "text": "meta-llama/llama-3.2-1b-instruct",
        "price": "0.005 / 0.01",
        "mark": "next to nothing",
    }
    guest.post("/hosted", {"do": "plan", "model": TASKS})
    shown = guest.until(at_step("plan"))["hosted"]
    assert shown["plan"][0].startswith("Hosted connection: none -> ")
    assert shown["plan"][1] == f"Task model: same as chat -> {TASKS}"
    assert "for: titles, tags, follow-ups" in shown["notes"][0]
    assert "USD for 1,000 messages" in shown["notes"][1]
    assert (played.webui.registry.hosted, endpoint.calls(), played.settings) == ([], [], before)
    guest.post("/hosted", {"do": "add"})
    document = guest.until(lambda one: at_step("done")(one) and one["hosted"]["undo"] and not one["job"])
    done = document["hosted"]["done"]
    assert done[0].startswith("The endpoint wrote a title")
    assert done[-1].startswith(f"In effect: {TASKS} answered a real task call")
    assert played.settings["TASK_MODEL"] == TASKS
    assert "no longer" not in document["head"]["title"]
    guest.post("/act", {"act": document["hosted"]["undo"]["act"]})
    guest.until(lambda one: at_step("done")(one) and one["hosted"]["undo"] is None and not one["job"])
    assert (played.settings, played.webui.registry.hosted) == (before, [])


def test_the_key_is_in_no_document_log_file_or_address(opened, guest, played, endpoint, caplog):
    caplog.set_level(logging.DEBUG)
    seen = [find(guest, endpoint), plan(guest, endpoint)]
    guest.post("/hosted", {"do": "add"})
    seen.append(guest.until(at_step("done")))
    files = b"".join(path.read_bytes() for path in played.home.rglob("*") if path.is_file())
    assert endpoint.key not in repr(seen)
    assert endpoint.key.encode() not in files
    assert endpoint.key not in caplog.text
    assert not any(endpoint.key in one.path for one in (*endpoint.asked, *played.webui.asked))
    assert opened.worker._details._hosted._key == ""


def test_the_key_goes_with_the_page(opened, guest, endpoint):
    find(guest, endpoint)
    assert opened.worker._details._hosted._key == endpoint.key
    opened.worker._details.close()
    assert opened.worker._details._hosted._key == ""


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("two words", "This is no key: a key has no spaces in it."),
        (
            "sk-or-wrong",
            "127.0.0.1 does not accept this key: nothing was changed. Copy it anew from your account there.",
        ),
        ("", "127.0.0.1 wants a key. Type it here."),
    ],
)
def test_a_wrong_key_is_told_at_its_field(guest, played, endpoint, key, said):
    endpoint.public_list = False
    shown = find(guest, endpoint, key, failed)["hosted"]
    assert (shown["step"], shown["at"], shown["error"]) == ("place", "key", said)
    assert shown["address"] == endpoint.base
    assert played.webui.registry.hosted == []


def test_a_wrong_key_that_only_the_title_finds_leads_back_to_the_key(guest, played, endpoint):
    find(guest, endpoint, "sk-or-wrong")
    guest.post("/hosted", {"do": "plan", "model": TASKS})
    guest.until(at_step("plan"))
    guest.post("/hosted", {"do": "add"})
    shown = guest.until(failed)["hosted"]
    assert (shown["step"], shown["at"]) == ("place", "key")
    assert played.webui.registry.hosted == []


@pytest.mark.parametrize(
    ("model", "spoil", "said"),
    [
        (TASKS, {"credit": False}, "says that the account has no credit."),
        (TASKS, {"limited": True}, "takes no more requests for now"),
        (
            THINKER,
            {},
            "thought for so long that it wrote no title: nothing was changed. Choose one that does not think.",
        ),
    ],
)
def test_what_the_title_finds_changes_nothing_and_leads_to_the_models(
    guest, played, endpoint, model, spoil, said, monkeypatch
):
    monkeypatch.setattr("tray_app.services.hosted.endpoint.ANSWER_TOKENS", 200)
    plan(guest, endpoint, model)
    for name, value in spoil.items():
        setattr(endpoint, name, value)
    guest.post("/hosted", {"do": "add"})
    shown = guest.until(failed)["hosted"]
    assert (shown["step"], shown["at"]) == ("model", "model")
    assert said in shown["error"]
    assert "\n" not in shown["error"]
    assert played.webui.registry.hosted == []
    assert not played.settings["TASK_MODEL"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "address"),
        ("http://[", "address"),
        ("<script>alert(1)</script>", "address"),
        ("http://127.0.0.1:9", "127.0.0.1"),
        ("http://openrouter.example", "unencrypted"),
    ],
)
def test_nonsense_is_one_line_at_the_address(guest, endpoint, address, said):
    guest.until(ready)
    guest.post("/hosted", {"do": "find", "address": address, "key": "sk-x"})
    shown = guest.until(failed)["hosted"]
    assert shown["step"] == "place"
    assert said in shown["error"]
    assert "\n" not in shown["error"]


def test_an_address_that_is_no_api_is_told(guest, played, endpoint):
    shown = find(guest, endpoint, holds=failed, address=f"{endpoint.url}/somewhere")["hosted"]
    assert "not as an endpoint of the OpenAI type" in shown["error"]
    assert shown["at"] == "address"


def test_five_thousand_models_are_bounded_and_searched(guest):
    with DemoEndpoint((*many(5000), HostedEntry(RUDE, "", "0.000001"))) as endpoint:
        offers = find(guest, endpoint)["hosted"]["offers"]
        assert len(offers["models"]) == 40
        assert offers["more"] == "4961 more: search for them."
        status, told = guest.post("/hosted", {"do": "search", "words": "MAKER-7 model-7-8b"})
        assert (status, [one["id"] for one in told["offers"]["models"]]) == (200, ["maker-7/model-7-8b"])
        status, told = guest.post("/hosted", {"do": "search", "words": "<b>"})
        (one,) = told["offers"]["models"]
        assert (one["id"], one["text"]) == (RUDE, "evil/<b>x</b>-1b")
        assert guest.post("/hosted", {"do": "search", "words": "nobody has this"})[1]["offers"] == {
            "models": [],
            "more": "No model has all of these words.",
        }


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"do": 5},
        {"do": "find"},
        {"do": "find", "address": [], "key": ""},
        {"do": "plan"},
        {"do": "add"},
        {"do": "x"},
    ],
)
def test_what_no_page_of_ours_sends_does_nothing(guest, played, sent):
    guest.until(ready)
    assert guest.post("/hosted", sent)[0] == 200
    assert guest.post("/compare", sent) == (200, {"ok": False})
    assert guest.post("/hosted", {"do": "search", "words": ""})[1]["offers"]["models"] == []
    assert played.webui.registry.hosted == []


def test_a_model_that_was_never_listed_is_told(guest, endpoint):
    find(guest, endpoint)
    guest.post("/hosted", {"do": "plan", "model": "nobody/x"})
    shown = guest.until(failed)["hosted"]
    assert (shown["step"], shown["error"]) == ("model", "127.0.0.1 does not list that model. Choose one from the list.")


def test_the_way_back_forgets_the_key(opened, guest, endpoint):
    plan(guest, endpoint)
    guest.post("/hosted", {"do": "back"})
    guest.until(at_step("model"))
    guest.post("/hosted", {"do": "back"})
    shown = guest.until(at_step("place"))["hosted"]
    assert (shown["address"], opened.worker._details._hosted._key) == (endpoint.base, "")


def test_a_row_of_the_menu_leads_to_its_form(opened, guest):
    document = guest.until(ready)
    assert document["at"] == ""
    opened.worker.send(OpenDetails(PageForm.HOSTED))
    assert guest.until(lambda one: one["at"])["at"].startswith("hosted:")


# --- the comparison -------------------------------------------------------------------------------


def compared(document):
    is_there = document["compare"] is not None and not document["compare"]["working"]
    return is_there and (document["compare"]["contest"] or document["compare"]["told"])


def test_models_are_compared_and_the_settings_are_as_before(guest, played):
    before = played.settings
    document = guest.until(ready)
    entrants = {one["id"]: one["chosen"] for one in document["compare"]["entrants"]}
    assert entrants == {"": False, SMALL: True}
    assert guest.post("/compare", {"models": [SMALL]}) == (200, {"ok": True})
    contest = guest.until(compared)["compare"]["contest"]
    assert [row["cells"][0] for row in contest["rows"]] == ["same as chat", SMALL]
    assert contest["headers"][1:4] == ["Titles", "Tags", "Follow-ups"]
    assert [one["task"] for one in contest["written"]] == ["Titles", "Tags", "Follow-ups"]
    assert all(draft["lines"] for one in contest["written"] for draft in one["drafts"])
    assert contest["ending"] == "Medians of 3 runs. Nothing was left changed."
    assert sum(row["best"] for row in contest["rows"]) == 1
    assert played.settings == before


def test_a_comparison_is_cancelled_and_leaves_everything_as_it_was(guest, played):
    before = played.settings
    guest.until(ready)
    guest.post("/compare", {"models": [SMALL]})
    document = guest.until(lambda one: one["job"] and one["job"]["cancel"])
    guest.post("/act", {"act": document["job"]["cancel"]["act"]})
    document = guest.until(compared)
    assert played.settings == before
    assert played.app().carrier.undoable() == ()
    assert document["compare"]["told"].startswith("Cancelled: the task model is as before.")


def test_a_hosted_model_that_does_the_tasks_now_has_its_price(guest, played, endpoint):
    """Open WebUI asks the endpoint for no list where a connection names its models: the price is asked for there."""
    plan(guest, endpoint)
    guest.post("/hosted", {"do": "add"})
    guest.until(lambda one: at_step("done")(one) and not one["job"])
    guest.post("/compare", {"models": [SMALL]})
    rows = guest.until(compared)["compare"]["contest"]["rows"]
    now = next(row for row in rows if row["cells"][0] == TASKS)
    assert now["cells"][-1] == "at most less than 0.01 USD"
    assert now["cells"][-2] == "no more"


def test_a_price_that_nobody_tells_has_its_reason(guest, played):
    with DemoEndpoint((HostedEntry(TASKS), *CATALOG[:1])) as endpoint:
        plan(guest, endpoint)
        guest.post("/hosted", {"do": "add"})
        guest.until(lambda one: at_step("done")(one) and not one["job"])
        guest.post("/compare", {"models": [SMALL]})
        contest = guest.until(compared)["compare"]["contest"]
    assert contest["rows"][0]["cells"][-1] == "unknown"
    assert f"What {TASKS} costs is not known: 127.0.0.1 tells no prices." in contest["notes"]


def test_who_may_only_look_gets_no_form(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    with Played(tmp_path / "home", installed=(BIG, SMALL)) as played:
        played.home.mkdir(exist_ok=True)
        played.app().secrets.forget_all()
        with Opened(played) as opened:
            document = opened.guest().until(lambda one: one["hosted"] is not None)
    assert document["hosted"]["told"].startswith("Only an administrator of Open WebUI can add one")
    assert document["compare"] is None
