"""The set-ups that people have, played through with whole commands: several Ollamas, other addresses, other accounts.

A model is another one at another server: what is judged, offered and written is the one of the Ollama that is read.
"""

import json

import pytest

from tests.english import TR
from tests.played import Played
from tray_app.app.jobs import job_of
from tray_app.core.values.command import Prove
from tray_app.core.values.job import JobKind
from tray_app.core.values.task_settings import Setting
from tray_app.standins.models import BIG, SMALL
from tray_app.standins.ollama import DemoOllama
from tray_app.standins.server import DemoServer, as_json
from tray_app.standins.upstream import get_json
from tray_app.standins.webui_models import Hosted, ModelRecord

TINY = "qwen2.5:3b"
ELSEWHERE_AT = "2026-03-01T08:00:00.25Z"


def patient(home):
    """A machine that is busy with other tests is no slow server: what is asked gets its time."""
    home.mkdir()
    (home / "settings.toml").write_text("request_limit_s = 60\n")
    return home


@pytest.fixture
def played(tmp_path, monkeypatch):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
    with Played(patient(tmp_path / "home")) as made:
        yield made


@pytest.fixture
def box():
    """Another machine's Ollama with the same big model and smaller ones."""
    with DemoOllama(installed=(BIG, SMALL, TINY)) as made:
        made.stored_at = ELSEWHERE_AT
        yield made


@pytest.fixture
def run(played, capsys):
    def call(*argv):
        code = played.run(*argv)
        return code, *capsys.readouterr()

    return call


def status(run):
    return json.loads(run("status", "--json")[1])


def two(played, box, *, prefixes=("", "")):
    registry = played.webui.registry
    registry.ollama.urls.append(box.url)
    registry.ollama_prefix, registry.more_prefixes = prefixes[0], prefixes[1:]


class TestTwoConnectionsWithPrefixes:
    @pytest.fixture(autouse=True)
    def _connected(self, played, box):
        two(played, box, prefixes=("mac", "box"))

    def test_a_download_sets_the_id_that_is_listed_for_this_connection(self, played, run):
        """Set by Ollama's own name it would be stored, and the next title would run on the big model all the same."""
        assert run("fix", f"task-model:mac.{SMALL}", "--yes")[0] == 0
        assert played.settings["TASK_MODEL"] == f"mac.{SMALL}"
        assert SMALL in played.ollama.models
        client = played.app().open_webui
        client.models()
        before = len(played.ollama.calls())
        client.run_task(Setting.TITLES, f"mac.{BIG}")
        assert [one["model"] for one in played.ollama.calls()[before:]] == [SMALL]

    def test_ollama_s_own_name_names_it_too(self, played, run):
        assert run("fix", f"task-model:{SMALL}", "--yes")[0] == 0
        assert played.settings["TASK_MODEL"] == f"mac.{SMALL}"

    def test_models_of_the_other_server_get_no_verdict_of_this_machine(self, run):
        made = status(run)["remedies"]
        assert not [one["id"] for one in made if one["id"].startswith("task-model:box.")]
        assert all(
            (one["fit"]["verdict"], one["reason"]) == ("unknown", "hosted-here")  # it listens on this computer, too
            for one in made
            if one["id"].startswith("hosted-task-model:box.")
        )
        assert [one["id"] for one in made if one["id"].startswith("task-model:mac.")]

    def test_tasks_that_run_on_the_other_server_do_not_crowd_the_model_here(self, played, run):
        played.webui.settings["TASK_MODEL"] = f"box.{BIG}"
        kinds = {one["kind"] for one in status(run)["findings"]}
        assert not kinds & {"tasks-on-big-model", "task-model-does-not-fit", "task-model-unusable"}
        played.webui.settings["TASK_MODEL"] = f"mac.{BIG}"
        assert "tasks-on-big-model" in {one["kind"] for one in status(run)["findings"]}

    def test_the_other_server_is_named(self, box, played, run):
        assert status(run)["open_webui"]["ollamas"] == [
            {"url": played.ollama.url, "prefix": "mac", "watched": True},
            {"url": box.url, "prefix": "box", "watched": False},
        ]
        told = run("status")[1]
        assert f"it also uses other Ollama servers, which are not read: {box.url}" in told
        assert "not all calls arrive here" not in told


def test_without_prefixes_it_is_said_that_calls_are_spread(played, box, run):
    two(played, box)
    told = run("status")[1]
    assert "models that several servers have are called at any of them: not all calls arrive here" in told
    ready = [one["id"] for one in status(run)["remedies"] if one["id"].startswith("task-model:") and not one["actions"]]
    assert f"task-model:{TINY}" not in ready


def test_a_download_that_open_webui_would_not_list_is_not_made(played, run, monkeypatch):
    """Its connection lists chosen models only: a new one would stay unused."""
    registry = played.webui.registry
    monkeypatch.setattr("tray_app.app.doing.downloads.LIST_PAUSE_S", 0.0)
    monkeypatch.setattr(registry, "_of_one_ollama", lambda index, url, _about: _only(registry, index, url))
    before = played.settings
    code, _, err = run("fix", f"task-model:{SMALL}", "--yes")
    assert (code, played.settings) == (1, before)
    assert "does not list" in err


def _only(registry, index, url):
    return [registry._ollama_entry(tag, set(), index) for tag in get_json(url, "/api/tags")["models"][:1]]


class TestOwnOllamaByItsOpenAIAddress:
    @pytest.fixture(autouse=True)
    def _connected(self, played):
        registry = played.webui.registry
        registry.ollama.on = False
        registry.hosted = [Hosted(f"{played.ollama.url}/v1")]
        played.ollama.models[SMALL] = DemoOllama(installed=(SMALL,)).models[SMALL]

    def test_nothing_of_it_is_hosted_and_the_chat_model_is_not_offered(self, run):
        made = status(run)
        offered = {one["id"]: one for one in made["remedies"]}
        assert not [one for one in offered if one.startswith("hosted-task-model:")]
        assert f"task-model:{BIG}" not in offered
        assert offered[f"task-model:{SMALL}"]["fit"]["verdict"] == "fits"
        assert "tasks-on-big-model" in {one["kind"] for one in made["findings"]}

    def test_the_small_one_goes_into_the_external_slot(self, played, run):
        assert run("fix", f"task-model:{SMALL}", "--yes")[0] == 0
        assert (played.settings["TASK_MODEL"], played.settings["TASK_MODEL_EXTERNAL"]) == ("", SMALL)
        assert "127.0.0.1" not in run("fix", "--list")[1]


class Relay(DemoServer):
    """A published port: another address of the same Ollama."""

    def __init__(self, target):
        super().__init__()
        self.target = target

    def handle(self, request):
        return as_json(get_json(self.target, request.path))


class TestTheSameOllamaBehindAnotherPort:
    @pytest.fixture
    def relay(self, played):
        with Relay(played.ollama.url) as made:
            played.webui.registry.ollama.urls[:] = [made.url]
            yield made

    @pytest.mark.usefixtures("relay")
    def test_it_is_known_by_what_it_serves(self, run):
        made = status(run)
        assert made["open_webui"]["ollamas"][0]["watched"] is True
        assert "tasks-on-big-model" in {one["kind"] for one in made["findings"]}
        assert made["remedies"]

    def test_where_nothing_tells_it_is_said(self, played, relay, run):
        """An old Ollama, or a program between that leaves the moment out."""
        played.ollama.stored_at = ""
        made = status(run)
        assert (made["level"], made["level_reason"]) == ("calm", "which-ollama")
        assert made["unknown"]["findings.tasks-on-big-model"] == {"why": "not-judged", "detail": "which-ollama"}
        told = run("status")[1]
        assert f"Open WebUI uses an Ollama at {relay.url}; whether that is the one that is read cannot be told" in told
        assert "Nothing crowds your models" not in told

    def test_the_same_models_stored_at_another_moment_are_another_server_s(self, played, run):
        with DemoOllama(installed=(BIG,)) as other:
            other.stored_at = ELSEWHERE_AT
            played.webui.registry.ollama.urls[:] = [other.url]
            made = status(run)
            assert made["level_reason"] == "other-ollama"
            assert f"Open WebUI uses another Ollama than the one that is read: {other.url}" in run("status")[1]


def test_an_open_webui_that_reaches_no_ollama_is_no_calm(played, run):
    played.webui.registry._from_ollama = lambda _about: []
    made = status(run)
    assert (made["level"], made["level_reason"]) == ("calm", "nothing-listed")
    told = run("status")[1]
    assert "Open WebUI lists no model of this Ollama: what it sends does not arrive here." in told
    assert "Admin Panel > Settings > Connections" in told


def test_a_dead_ollama_at_another_address_is_named(played, run):
    played.webui.registry.ollama.urls[:] = ["http://127.0.0.1:9"]
    assert status(run)["level_reason"] == "other-ollama"
    assert "http://127.0.0.1:9" in run("status")[1]


class TestWhoIsAffectedByAPrivateModel:
    @pytest.fixture(autouse=True)
    def _installed(self, played):
        played.ollama.models[SMALL] = DemoOllama(installed=(SMALL,)).models[SMALL]

    def private(self, run):
        return [one for one in status(run)["findings"] if one["kind"] == "task-model-unusable"]

    @pytest.mark.parametrize("role", ["admin", "pending"])
    def test_nobody_fails_where_everybody_else_is_an_administrator_or_waits(self, played, run, role):
        played.webui.accounts.add("second@example.com", "second-password-1", "Second", role)
        assert f"task-model:{SMALL}" in {one["id"] for one in status(run)["remedies"]}
        code, out, err = run("set", f"task-model={SMALL}")
        assert (code, "Warning" in err + out) == (0, False)
        assert self.private(run) == []

    def test_an_ordinary_user_may_fail_and_the_way_out_is_named(self, played, run):
        for number in range(2):
            played.webui.accounts.add(f"user{number}@example.com", "user-password-1", "User", "user")
        ready = [one["id"] for one in status(run)["remedies"] if not one["actions"]]
        assert f"task-model:{SMALL}" not in ready
        code, out, err = run("set", f"task-model={SMALL}")
        assert (code, played.settings["TASK_MODEL"]) == (0, SMALL)
        assert "background tasks of the others may fail" in err
        assert "BYPASS_MODEL_ACCESS_CONTROL, which it does not tell" in err
        assert "Admin Panel > Settings > Models." in err
        (found,) = self.private(run)
        assert {one["name"]: one["value"] for one in found["evidence"]}["users"] == 2
        assert "Make it public in Open WebUI" in run("status")[1]
        assert out


class TestPresetsThatLookIntoTheOtherSlot:
    """0.6.11 to 0.6.40: a preset has no connection type, and so the external slot."""

    @pytest.fixture
    def old(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
        with Played(patient(tmp_path / "home"), version="0.6.18", installed=(BIG, SMALL)) as made:
            records = made.webui.registry.records
            records["helper"] = ModelRecord("helper", name="Helper", base_model_id=BIG, public=True)

            def run(*argv):
                code = made.run(*argv)
                return code, *capsys.readouterr()

            yield made, run

    def test_a_fix_fills_both_slots(self, old):
        played, run = old
        assert run("fix", f"task-model:{SMALL}", "--yes")[0] == 0
        assert (played.settings["TASK_MODEL"], played.settings["TASK_MODEL_EXTERNAL"]) == (SMALL, SMALL)
        client = played.app().open_webui
        assert {client.run_task(Setting.TITLES, chat).model for chat in (BIG, "helper")} == {SMALL}
        assert "task-model-unusable" not in {one["kind"] for one in status(run)["findings"]}

    def test_presets_that_are_left_out_are_named_and_the_second_slot_is_offered(self, old):
        played, run = old
        played.webui.settings["TASK_MODEL"] = SMALL
        (found,) = [one for one in status(run)["findings"] if one["kind"] == "task-model-unusable"]
        told = {one["name"]: one["value"] for one in found["evidence"]}
        assert (told["reason"], told["presets"], told["slot"]) == ("presets", "Helper", "task-model-external")
        assert f"Chats with Helper do not use the task model {SMALL}" in run("status")[1]
        assert run("fix", f"task-model:{SMALL}", "--yes")[0] == 0
        assert (played.settings["TASK_MODEL"], played.settings["TASK_MODEL_EXTERNAL"]) == (SMALL, SMALL)

    def test_somebody_s_choice_for_hosted_chats_stays(self, old):
        played, run = old
        played.webui.settings["TASK_MODEL_EXTERNAL"] = BIG
        run("fix", f"task-model:{SMALL}", "--yes")
        assert (played.settings["TASK_MODEL"], played.settings["TASK_MODEL_EXTERNAL"]) == (SMALL, BIG)

    @pytest.mark.parametrize(("version", "both"), [("0.6.10", False), ("0.6.40", True), ("0.6.41", False)])
    def test_only_these_versions(self, tmp_path, monkeypatch, version, both):
        monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)
        with Played(patient(tmp_path / "home"), version=version, installed=(BIG, SMALL)) as played:
            played.webui.registry.records["helper"] = ModelRecord("helper", base_model_id=BIG, public=True)
            played.run("fix", f"task-model:{SMALL}", "--yes")
            assert (played.settings["TASK_MODEL_EXTERNAL"] == SMALL) is both
            assert played.settings["TASK_MODEL"] == SMALL


def test_a_preset_whose_base_was_deleted_is_told(played, run):
    played.webui.registry.records["old"] = ModelRecord("old", base_model_id="gone:7b", public=True)
    played.webui.settings["TASK_MODEL"] = "old"
    (found,) = [one for one in status(run)["findings"] if one["kind"] == "task-model-unusable"]
    assert {one["name"]: one["value"] for one in found["evidence"]}["reason"] == "base-gone"
    assert "does not list the model on which the task model old is built" in run("status")[1]


def test_a_second_name_of_the_chat_model_s_own_file_is_the_chat_model(played, run):
    """Ollama runs both in one process: it needs no room, and relieves nothing."""
    played.ollama.models["mine:latest"] = played.ollama.models[BIG]
    played.webui.settings["TASK_MODEL"] = "mine:latest"
    kinds = {one["kind"] for one in status(run)["findings"]}
    assert "tasks-on-big-model" in kinds
    assert "task-model-does-not-fit" not in kinds


def test_a_restart_that_forgets_the_settings_is_named_as_a_cause(played, run):
    """ENABLE_PERSISTENT_CONFIG=False: what the environment says comes back."""
    assert run("set", "tags=off")[0] == 0
    played.webui.settings["ENABLE_TAGS_GENERATION"] = True
    assert "ENABLE_PERSISTENT_CONFIG" in run("status")[1]
    code, out, _ = run("undo")
    assert (code, "or by a restart of Open WebUI" in out) == (0, True)


class TestWorkersThatEachKeepTheirOwnSettings:
    """Open WebUI to 0.9 with several workers and no Redis."""

    @pytest.fixture
    def old(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr("tray_app.app.doing.read_backs.PAUSE_S", 0.0)
        with Played(patient(tmp_path / "home"), version="0.8.12") as made:
            made.webui.set_workers(2)

            def run(*argv):
                code = made.run(*argv)
                return code, *capsys.readouterr()

            yield made, run

    def test_it_is_never_told_as_verified_and_each_further_try_brings_one_more_to_it(self, old):
        played, run = old
        code, out, err = run("set", "tags=off")
        held = [store["ENABLE_TAGS_GENERATION"] for store in played.webui._stores]
        assert (code, sorted(held)) == (1, [False, True])
        assert "Verified" not in out + err
        code, out, _ = run("set", "tags=off")
        assert (code, [store["ENABLE_TAGS_GENERATION"] for store in played.webui._stores]) == (0, [False, False])
        assert "Verified" in out
        assert run("set", "tags=off")[0] == 3

    def test_undo_finds_the_worker_that_still_holds_it(self, old):
        played, run = old
        run("set", "tags=off")
        assert run("undo")[0] == 0
        assert [store["ENABLE_TAGS_GENERATION"] for store in played.webui._stores] == [True, True]


class TestOneRealCallProvesIt:
    @pytest.fixture(autouse=True)
    def _installed(self, played):
        played.ollama.models[SMALL] = DemoOllama(installed=(SMALL,)).models[SMALL]

    def asked(self, played):
        return [one["model"] for one in played.ollama.calls()]

    def test_the_model_that_answers_is_told(self, played, run):
        code, out, _ = run("set", f"task-model={SMALL}", "--prove")
        assert (code, self.asked(played)) == (0, [SMALL])
        assert f"In effect: {SMALL} answered a real task call of a chat with {BIG}" in out

    def test_nothing_is_called_unless_it_was_asked_for(self, played, run):
        code, out, _ = run("fix", f"task-model:{SMALL}", "--yes")
        assert (code, self.asked(played)) == (0, [])
        assert "With --prove, one real task call shows which model answers." in out
        code, out, _ = run("set", "tags=off")
        assert "--prove" not in out

    @pytest.mark.parametrize(("answer", "calls"), [("y", [SMALL]), ("", []), ("n", [])])
    @pytest.mark.parametrize("argv", [("set", f"task-model={SMALL}"), ("fix", f"task-model:{SMALL}", "--yes")])
    def test_on_a_terminal_it_is_asked(self, played, run, monkeypatch, argv, answer, calls):
        monkeypatch.setattr("tray_app.cli.terminal.Terminal.interactive", property(lambda _self: True))
        monkeypatch.setattr("builtins.input", lambda: answer)
        code, out, err = run(*argv)
        assert (code, self.asked(played)) == (0, calls)
        assert "Stored, and read back." in out
        assert "Prove it with one title call? [y/N]" in err
        assert ("In effect" in out) is bool(calls)
        assert ("With --prove" in out) is not calls

    def test_a_change_of_no_model_asks_nothing(self, run, monkeypatch):
        monkeypatch.setattr("tray_app.cli.terminal.Terminal.interactive", property(lambda _self: True))
        monkeypatch.setattr("builtins.input", lambda: pytest.fail("asked"))
        code, out, _ = run("set", "tags=off")
        assert code == 0
        assert "Verified." in out

    @pytest.mark.parametrize(
        ("model", "off", "said"),
        [
            (SMALL, (), f"In effect: {SMALL} answered a real task call"),
            ("gone:7b", (), "Not in effect: a real task call"),
            (SMALL, ("titles=off", "tags=off", "follow-ups=off"), "Nothing to prove it with"),
        ],
    )
    def test_the_tray_says_the_same_in_its_menu_and_a_notice(self, played, run, model, off, said):
        run("set", f"task-model={model}", *off)
        job = job_of(Prove(Setting.TASK_MODEL), played.app().carrier, lambda: TR)
        done = job.work(None)
        assert (job.kind, done.error) == (JobKind.PROVE, None)
        assert done.message.startswith(said)
        assert done.notice.body.startswith(said)

    def test_stored_is_not_in_effect(self, played, run):
        """Open WebUI keeps an id that it does not list, and runs the tasks on the chat model."""
        code, _, err = run("set", "task-model=gone:7b", "--prove")
        assert (code, played.settings["TASK_MODEL"], self.asked(played)) == (1, "gone:7b", [BIG])
        assert f"Not in effect: a real task call of a chat with {BIG} was answered by {BIG}, not by gone:7b." in err

    def test_what_is_set_already_can_be_proven_too(self, played, run):
        run("set", f"task-model={SMALL}")
        code, out, _ = run("set", f"task-model={SMALL}", "--prove")
        assert (code, self.asked(played)) == (3, [SMALL])
        assert "In effect" in out

    def test_with_a_prefix_the_answer_names_ollama_s_own_name(self, played, box, run):
        two(played, box, prefixes=("mac", "box"))
        code, out, _ = run("fix", f"task-model:mac.{SMALL}", "--yes", "--prove")
        assert (code, self.asked(played), box.calls()) == (0, [SMALL], [])
        assert f"In effect: {SMALL} answered a real task call of a chat with mac.{BIG}" in out

    def test_without_a_task_that_comes_by_itself_there_is_nothing_to_prove_it_with(self, played, run):
        run("set", "titles=off", "tags=off", "follow-ups=off")
        code, _, err = run("set", f"task-model={SMALL}", "--prove")
        assert (code, self.asked(played)) == (0, [])
        assert "Nothing to prove it with" in err

    def test_a_slot_that_no_chat_model_uses_cannot_be_proven(self, played, run):
        code, _, err = run("set", f"task-model-external={SMALL}", "--prove")
        assert (code, self.asked(played)) == (0, [])
        assert "Nothing to prove it with" in err
