"""The menu as a value: what it says, what each row would do, and what it never does."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.menu import states
from tests.core.menu.states import (
    BIG,
    NOW,
    SERVER,
    SNAPSHOT,
    STATE,
    at,
    calm,
    known,
    listed,
    with_models,
    with_server,
)
from tests.english import TR
from tray_app.core.menu.menu import menu, render
from tray_app.core.menu.paging import PAGE
from tray_app.core.menu.screen import SEPARATOR, IconWish, NoticeSettings, ReliefChoice, ScreenState, Shape
from tray_app.core.values.command import (
    ApplyRemedy,
    Autostart,
    Cancel,
    CheckUpdates,
    Connect,
    CopyText,
    Disconnect,
    Link,
    MuteForModel,
    NoticeProblem,
    OpenLink,
    Prove,
    Quit,
    Refresh,
    SetIcon,
    SetLanguage,
    SetRelief,
    SetReliefClear,
    SetSettings,
    Snooze,
    SnoozeUntil,
    SpeedTest,
    TryRelief,
    Undo,
    Unload,
)
from tray_app.core.values.finding import Diagnosis, Level
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.core.values.plan import ActionKind, Change, Plan
from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.remedy import Advice, AdviceKind, Reason, ReliefStage
from tray_app.core.values.requests import Requests
from tray_app.core.values.snapshot import Access, Ollama, Presence, Processes, ProcessRole, WatchedProcess
from tray_app.core.values.task_settings import Setting, Switch
from tray_app.core.values.units import GIB, MIB

WIDEST = 170


def rows_of(state):
    return menu(state, TR).rows


def walk(rows):
    for row in rows:
        yield row
        yield from walk(row.children)


def find(state, identity):
    return next((row for row in walk(rows_of(state)) if row.id == identity), None)


def texts(rows):
    return [row.text for row in rows if not row.separator]


def test_state_comes_first_then_fixes_settings_and_the_app():
    top = [row.id or "---" for row in rows_of(STATE)]
    assert top == [
        *("headline", "memory", "why", "---"),
        *("fix:follow-ups-off", "more-fixes", "undo:change-1", "---"),
        *("tasks", "task-model", "models", "---"),
        *("details", "open-webui", "notifications", "---"),
        *("app", "quit"),
    ]
    assert find(STATE, "headline").text == f"Overloaded: 3 requests wait behind {BIG}"
    assert find(STATE, "memory").text == "Memory pressure warning · 19.7 of 21.3 GiB model budget"


def test_the_best_remedy_is_one_click_and_carries_the_plan_it_showed():
    row = find(STATE, "fix:follow-ups-off")
    assert row.command == ApplyRemedy(states.FOLLOW_UPS_OFF)
    assert row.command.remedy.plan.changes == (Change(Setting.FOLLOW_UPS, True, False),)


def test_what_evicts_or_cannot_be_undone_shows_its_plan_and_asks():
    for remedy in (states.EVICTING, states.STOP):
        row = find(STATE, f"fix:{remedy.id}")
        assert row.command is None
        *told, confirm = row.children
        assert told
        assert all(one.command is None for one in told)
        assert (confirm.text, confirm.command) == ("Do it anyway", ApplyRemedy(remedy, confirmed=True))
    assert "This cannot be undone" in texts(find(STATE, "fix:stop-generations").children)


def test_a_remedy_that_asks_is_never_the_one_click_row():
    state = replace(STATE, remedies=(states.STOP, states.EVICTING))
    ids = [row.id for row in rows_of(state)]
    assert "more-fixes" in ids
    assert not [identity for identity in ids if identity.startswith("fix:")]


def test_nothing_is_undone_that_is_not_listed_and_the_newest_is_on_top():
    older = replace(states.UNDOABLE, id="change-0", at=NOW - 86400)
    state = replace(STATE, undoable=(states.UNDOABLE, older))
    row = find(state, "undo:change-1")
    assert row.text == "Undo: Autocomplete: on -> off (14:02)"
    assert row.command == Undo("change-1", states.UNDOABLE.changes)
    assert find(state, "undo-more").children[0].text.endswith("(2026-09-20 14:13)")
    assert find(replace(STATE, undoable=()), "undo-more") is None


def test_times_are_on_the_users_clock():
    assert find(replace(STATE, utc_offset_s=9 * 3600), "undo:change-1").text.endswith("(23:02)")


def test_toggles_show_the_server_and_carry_both_values():
    tasks = find(STATE, "tasks")
    assert [(row.text, row.checked) for row in tasks.children] == [
        ("Titles", True),
        ("Tags", True),
        ("Follow-ups", True),
        ("Autocomplete", False),
        ("Search queries", True),
        ("Retrieval queries: no switch in this version", None),
    ]
    assert find(STATE, "task:autocomplete").command == SetSettings(Plan((Change(Setting.AUTOCOMPLETE, False, True),)))
    assert find(STATE, "task:retrieval-queries").command is None


@pytest.mark.parametrize("access", [Access.USER, Access.NONE, Access.REFUSED])
def test_without_admin_rights_nothing_can_be_written_and_a_line_says_why(access):
    state = replace(with_server(access=access), remedies=())
    assert (
        find(state, "access").text
        == {
            Access.USER: "Read-only (the account is not an admin): connect as an admin...",
            Access.NONE: "Connect to Open WebUI to see and change its tasks...",
            Access.REFUSED: "Sign in again (access is refused)...",
        }[access]
    )
    assert find(state, "task-model") is None
    assert not [row for row in walk(rows_of(state)) if isinstance(row.command, SetSettings | ApplyRemedy)]
    assert isinstance(find(state, "connect").command, Connect)


def test_the_task_model_list_is_a_radio_list_with_verdicts():
    row = find(STATE, "task-model")
    same = row.children[0]
    assert (same.text, same.checked, same.radio, same.command) == ("Same as the chat model", True, True, Refresh())
    assert {one.id for one in row.children} >= {"task-model:gemma3:1b", "task-model:llama3.2:3b"}
    for one in row.children[1:]:
        if isinstance(one.command, SetSettings):
            assert one.radio
            assert one.command.plan.changes[0].before == ""


def test_a_hosted_model_says_where_chat_text_goes_and_asks():
    hosted = listed("gpt-x", owned_by="openai", connection_type="external", ollama_name=None, host="api.example.com")
    row = find(with_models((*states.MODELS, hosted)), "task-model:gpt-x")
    assert row.text == "gpt-x - hosted at api.example.com"
    assert row.command is None
    assert "Chat text will be sent to api.example.com" in texts(row.children)
    assert row.children[-1].command == SetSettings(Plan((Change(Setting.TASK_MODEL, "", "gpt-x"),)))


def test_a_task_model_that_open_webui_does_not_list_is_shown_as_what_it_is():
    state = with_server(tasks=known(replace(states.SETTINGS, task_model="gone:1b")))
    row = find(state, "task-model:gone:1b")
    assert row.checked
    assert "not usable" in row.text
    same = find(state, "task-model:")
    assert same.command == SetSettings(Plan((Change(Setting.TASK_MODEL, "gone:1b", ""),)))


def test_which_model_answers_can_be_proven_once_one_is_chosen():
    assert find(STATE, "prove") is None
    chosen = with_server(tasks=known(replace(states.SETTINGS, task_model="gemma3:1b")))
    row = find(chosen, "prove")
    assert (row.text, row.command) == ("Prove it with one title call", Prove(Setting.TASK_MODEL))
    assert not find(replace(chosen, job=RunningJob("1", JobKind.CHANGE)), "prove").enabled


def test_the_slot_is_the_one_that_serves_the_loaded_model():
    """A preset or an outside connection uses the other slot."""
    models = (listed(BIG, connection_type="external"), listed("gemma3:1b"))
    state = with_models(models, tasks=known(replace(states.SETTINGS, task_model_external="gemma3:1b")))
    assert find(state, "task-model:gemma3:1b").checked
    assert find(state, "task-model:").command.plan.changes[0].setting is Setting.TASK_MODEL_EXTERNAL


def test_pipes_presets_and_embeddings_are_not_offered():
    odd = (
        listed("pipe", pipe=True),
        listed("preset", preset=True),
        listed("arena", arena=True),
        listed("off", active=False),
        listed("embed", capabilities=("embedding",)),
    )
    ids = {row.id for row in walk(rows_of(with_models((*states.MODELS, *odd))))}
    assert not ids & {f"task-model:{one.id}" for one in odd}


def test_unloading_asks_and_says_that_answers_are_finished_first():
    row = find(STATE, f"unload:{BIG}")
    assert row.command is None
    assert texts(row.children) == [
        "Frees 19.7 GiB; the next message loads it again",
        "1 answer that it is writing is finished first",
        "Unload it",
    ]
    assert row.children[-1].command == Unload(BIG, "digest-1")
    assert find(STATE, f"model:{BIG}").text == f"{BIG} Q4_K_M 19.7 GiB, 100% GPU, 4 min left"


def test_what_the_programs_use_is_told_and_holds_still():
    busy = (
        WatchedProcess(1, 1.0, ProcessRole.OLLAMA_SERVER, "ollama", 90 * MIB, 1.2),
        WatchedProcess(2, 2.0, ProcessRole.OLLAMA_RUNNER, "llama-server", GIB, 127.0, model=BIG),
    )
    gpu = replace(SNAPSHOT.gpu.value, used_bytes=20 * GIB, busy_percent=93.0)
    seen = replace(SNAPSHOT, processes=known(Processes(busy)), gpu=known(gpu))
    load = find(at(seen, STATE), "load")
    assert [row.text for row in load.children] == [
        "Ollama: 90 MiB memory, 0% of one core",
        "runner of qwen3:32b: 1.0 GiB memory, 130% of one core",
        "GPU: 20.0 GiB used, 90% busy",
        "",
        "Activity Monitor",
    ]
    assert find(STATE, "load") is None


def test_a_running_job_shows_progress_offers_cancel_and_holds_what_would_start_another():
    job = RunningJob("job-7", JobKind.PULL, "gemma3:1b", 400_000_000, 800_000_000, cancellable=True)
    state = replace(STATE, job=job)
    assert find(state, "job").text == "Downloading gemma3:1b: 50% of 763 MiB"
    assert find(state, "cancel").command == Cancel("job-7")
    starts = ApplyRemedy | SetSettings | Undo | Unload | SpeedTest
    waiting = [row for row in walk(rows_of(state)) if isinstance(row.command, starts)]
    assert waiting
    assert not any(row.enabled for row in waiting)
    assert find(state, "quit").enabled
    assert find(replace(state, job=replace(job, cancelling=True)), "cancel") is None


def test_a_sign_in_that_waits_for_the_person_leaves_every_other_row_as_it_is():
    state = replace(STATE, job=RunningJob("1", JobKind.CONNECT, cancellable=True))

    def able(state):
        return {row.id: row.enabled for row in walk(render(state, TR).menu.rows) if row.id not in {"job", "cancel"}}

    assert able(state) == able(replace(state, job=None))
    assert find(state, "cancel").enabled


@pytest.mark.parametrize("kind", JobKind)
def test_every_job_has_words(kind):
    assert find(replace(STATE, job=RunningJob("1", kind)), "job").text.endswith("...")


@pytest.mark.parametrize(
    ("problem", "way"),
    [
        (NoticeProblem.NOT_ALLOWED, "in its settings"),
        (NoticeProblem.NO_SERVICE, "icon and menu tell the same"),
        (NoticeProblem.SCRIPT_EDITOR, "System Settings > Notifications"),
    ],
)
def test_notices_that_may_not_be_seen_are_told_with_the_way_to_see_them(problem, way):
    state = replace(STATE, notices=NoticeSettings(problem=problem))
    assert find(state, "notifications").text == "Notifications: may not be seen"
    assert way in find(state, "unseen").text
    assert not find(state, "unseen").enabled
    assert find(STATE, "notifications").text == "Notifications"
    assert find(STATE, "unseen") is None


def test_notifications_snooze_mute_and_end_of_snooze():
    quiet = NoticeSettings(snoozed_until=NOW + 600, only_critical=True, muted_models=("old:7b",))
    state = replace(STATE, notices=quiet)
    assert find(state, "notifications").text == "Notifications: snoozed until 14:23"
    assert find(state, "snooze:now").command == Snooze(SnoozeUntil.NOW)
    assert find(state, "only-critical").checked
    assert find(state, "mute:old:7b").command == MuteForModel("old:7b", muted=False)
    assert find(state, f"mute:{BIG}").command == MuteForModel(BIG, muted=True)
    for ended in (STATE, replace(STATE, notices=NoticeSettings(snoozed_until=NOW - 1))):
        assert find(ended, "notifications").text == "Notifications"
        assert find(ended, "snooze:now") is None


def test_language_names_itself_and_the_rest_of_the_app_rows():
    assert [row.text for row in find(STATE, "language").children] == ["Same as the system", "English", "한국어"]
    assert find(replace(STATE, language="ko"), "language:ko").checked
    assert find(STATE, "language:ko").command == SetLanguage("ko")
    assert find(STATE, "autostart").command == Autostart(on=True)
    assert find(replace(STATE, autostart=None), "autostart") is None
    assert find(STATE, "open-webui").command == OpenLink(Link.OPEN_WEBUI, SERVER.url)
    assert find(STATE, "quit").command == Quit()


@pytest.mark.parametrize(
    ("system", "name"), [("darwin", "Activity Monitor"), ("win32", "Task Manager"), ("linux", "System monitor")]
)
def test_the_system_monitor_has_its_systems_name(system, name):
    snapshot = replace(SNAPSHOT, host=replace(SNAPSHOT.host, system=system))
    assert find(at(snapshot, STATE), "system-monitor").text == name


def test_before_the_first_poll_there_is_something_to_read_and_a_way_out():
    view = render(ScreenState(), TR)
    assert view.shape is Shape.UNKNOWN
    assert texts(view.menu.rows)[0] == "Looking at Ollama and Open WebUI..."
    assert texts(view.menu.rows)[-1] == "Quit"


def test_what_cannot_be_seen_is_called_unknown_with_its_reason():
    gone = Unknown(Why.UNREACHABLE, "127.0.0.1:11434")
    snapshot = replace(SNAPSHOT, ollama=gone, open_webui=Unknown(Why.TIMED_OUT), memory=Unknown(Why.DENIED))
    state = at(snapshot, replace(STATE, diagnosis=Diagnosis(Level.UNKNOWN), remedies=()))
    told = texts(rows_of(state))
    assert told[0] == "Unknown: not everything can be seen"
    assert find(state, "ollama").text == "Ollama: unknown (nothing answers: 127.0.0.1:11434)"
    assert find(state, "access").text == "Open WebUI: unknown (no answer in time)"
    assert find(state, "memory").text.startswith("Memory: unknown")
    assert find(state, "models") is None
    assert find(state, "tasks") is None


def test_no_ollama_is_not_an_unknown():
    snapshot = replace(SNAPSHOT, ollama=known(Ollama("http://127.0.0.1:11434", Presence.ABSENT)))
    assert find(at(snapshot, calm()), "ollama").text.startswith("No Ollama runs here")


def test_the_outcome_of_the_last_click_is_told():
    state = replace(STATE, message="Nothing was changed: follow-ups are off already.")
    assert find(state, "message").text == "Nothing was changed: follow-ups are off already."


@pytest.mark.parametrize(
    ("state", "shape"),
    [
        (STATE, Shape.OVERLOADED),
        (calm(), Shape.CALM),
        (replace(STATE, diagnosis=Diagnosis(Level.TIGHT, STATE.diagnosis.findings)), Shape.TIGHT),
        (replace(STATE, diagnosis=Diagnosis(Level.UNKNOWN)), Shape.UNKNOWN),
        (replace(calm(), notices=NoticeSettings(NOW + 60)), Shape.CALM),
        (replace(STATE, notices=NoticeSettings(NOW + 60)), Shape.OVERLOADED),
        (replace(STATE, job=RunningJob("1", JobKind.CHANGE)), Shape.WORKING),
    ],
)
def test_the_icon_shows_the_state_through_a_snooze(state, shape):
    assert render(state, TR).shape is shape


def test_polls_are_punctual_only_while_something_is_wrong_or_under_way():
    assert render(STATE, TR).punctual
    assert not render(calm(), TR).punctual
    assert render(replace(calm(), job=RunningJob("1", JobKind.PULL)), TR).punctual


# Write to a server or to our own files, end work there, or start a job.
WRITES = ApplyRemedy | SetSettings | Undo | Unload | SpeedTest | Disconnect | Autostart


def test_rows_that_write_are_in_their_place_and_told_rows_cannot_be_clicked():
    """The first row a keyboard lands on only looks again."""
    assert rows_of(STATE)[0].command == Refresh()
    for row in walk(rows_of(STATE)):
        if isinstance(row.command, WRITES):
            assert row.id
        if row.command is None and not row.children:
            assert not row.enabled


def test_ids_are_unique_among_siblings():
    def check(rows):
        ids = [row.id for row in rows if row.id]
        assert len(ids) == len(set(ids))
        for row in rows:
            check(row.children)

    check(rows_of(with_models(tuple(listed(f"m{number}:1b") for number in range(60)))))


def test_two_hundred_models_are_pages_and_every_one_is_there():
    models = tuple(listed(f"model-{number:03}:7b") for number in range(200))
    row = find(with_models(models), "task-model")
    assert len(row.children) <= PAGE + 1 + 200 // PAGE + 1 + 2  # a hosted one, below a line
    assert all(len(one.children) <= PAGE for one in row.children)
    found = {one.id for one in walk(row.children) if one.id.startswith("task-model:model-")}
    assert found == {f"task-model:{model.id}" for model in models}


HOSTILE = (
    "<b>bold</b>&amp;<script>",
    "line\nbreak\r\ttab\x00\x1b[31m",
    "x" * 300 + ":7b",
    "\u202eevil\u202c:1b",
    "مرحبا:7b",
    "🦙" * 150,
    "",
    " ",
    "a\u2028b\u2029c",
    "_under__score_",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_row(name):
    models = (listed(BIG), listed(name))
    state = with_models(models, loaded=(replace(states.LOADED, name=name, digest="d"),))
    state = replace(state, notices=NoticeSettings(muted_models=(name,)))
    check_texts(state)
    assert find(state, f"confirm:unload:{name}").command == Unload(name, "d")  # the command keeps the real name


@given(st.text(max_size=400))
def test_no_name_breaks_a_row(name):
    check_texts(with_models((listed(BIG), listed(name))))


def check_texts(state):
    for row in walk(rows_of(state)):
        assert len(row.text) <= WIDEST
        for char in row.text:
            assert unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
            assert unicodedata.category(char) != "Cf" or char in "\u2068\u2069"
        assert row.text.count("\u2068") == row.text.count("\u2069")


def test_a_switch_state_is_never_invented():
    state = with_server(tasks=known(replace(states.SETTINGS, tags=Switch.UNSUPPORTED)))
    assert find(state, "task:tags").checked is None


def test_advice_tells_its_steps_and_can_connect_where_that_is_missing():
    advice = Advice(kind=AdviceKind.CONTEXT_LENGTH, model=BIG, reason=Reason.LONG_CONTEXT)
    row = find(replace(STATE, remedies=(advice,)), "fix:context-length")
    assert "OLLAMA_CONTEXT_LENGTH" in " ".join(texts(row.children))
    told, copies = row.children[: row.children.index(SEPARATOR)], row.children[row.children.index(SEPARATOR) + 1 :]
    assert all(one.command is None for one in told)
    assert [one.command for one in copies] == [CopyText("launchctl setenv OLLAMA_CONTEXT_LENGTH 4096")]
    assert copies[0].command.text in " ".join(texts(told))
    missing = replace(states.FOLLOW_UPS_OFF, advice_only=True, reason=Reason.NEEDS_CONNECT)
    row = find(replace(STATE, remedies=(missing,)), "fix:follow-ups-off")
    assert row.command is None
    assert isinstance(row.children[-1].command, Connect)


def test_a_small_model_can_be_had_while_nothing_is_wrong():
    state = with_models((listed(BIG),), calm())
    rows = find(state, "get-model").children
    assert rows
    for row in rows:
        confirmed = row if row.command is not None else row.children[-1]
        assert [action.kind for action in confirmed.command.remedy.plan.actions] == [ActionKind.PULL]
        assert confirmed.command.remedy.plan.changes[0].setting is Setting.TASK_MODEL


def test_while_calm_the_menu_is_short():
    """Also with every part there: programs, a system monitor, chat first, a change that can be taken back."""
    busy = (WatchedProcess(1, 1.0, ProcessRole.OLLAMA_SERVER, "ollama", 90 * MIB, 1.2),)
    state = replace(at(replace(SNAPSHOT, processes=known(Processes(busy))), calm()), chat_first=True)
    rows = [row for row in rows_of(state) if not row.separator]
    assert {"tasks", "task-model", "models", "chat-first", "details", "undo:change-1", "app"} <= {
        row.id for row in rows
    }
    assert find(state, "load").children
    assert len(rows) <= 12


def test_the_demo_says_so_and_offers_nothing_that_touches_the_real_system():
    outside = OpenLink | Autostart | Connect | Disconnect
    assert [row for row in walk(rows_of(STATE)) if isinstance(row.command, outside)]
    played = replace(STATE, played=True)
    assert rows_of(played)[0].text.startswith("Demo: ")
    assert not [row for row in walk(rows_of(played)) if isinstance(row.command, outside)]
    assert find(STATE, "played") is None


def test_no_row_opens_a_system_monitor_where_none_is_installed():
    assert find(replace(STATE, has_monitor=False), "system-monitor") is None


def test_the_version_is_on_the_row_of_the_app():
    assert find(replace(STATE, version="1.2.3"), "app").text == "Elbowroom 1.2.3"


def test_the_icon_can_stay_away_while_nothing_is_wrong():
    rare = replace(calm(), icon=IconWish(when_tight=True))
    assert render(calm(), TR).visible
    assert not render(rare, TR).visible
    assert render(replace(rare, summoned=True), TR).visible
    for state in (
        replace(STATE, icon=rare.icon),
        replace(rare, diagnosis=None),
        replace(rare, job=RunningJob("1", JobKind.PULL)),
    ):
        assert render(state, TR).visible
    assert find(rare, "icon:when-tight").checked
    assert find(rare, "icon:always").command == SetIcon(when_tight=False)
    assert find(replace(rare, icon=IconWish(when_tight=True, by_file=True)), "icon:always").command is None


def test_a_mark_says_that_a_model_answers():
    """Never beside a sign that says more, and never where it is not known."""
    assert render(calm(), TR).works
    assert not render(STATE, TR).works
    quiet = replace(SNAPSHOT, requests=known(Requests(known(0), known(0))))
    unknown = replace(SNAPSHOT, requests=known(Requests(Unknown(Why.DENIED), Unknown(Why.DENIED))))
    assert not render(at(quiet, calm()), TR).works
    assert not render(at(unknown, calm()), TR).works


def test_automatic_relief_is_chosen_in_the_menu():
    row = find(STATE, "relief")
    assert find(STATE, "relief:").checked
    assert find(STATE, "relief:follow-ups-off").command == SetRelief("follow-ups-off")
    assert "relief:task-model:llama3.2:3b" not in {one.id for one in row.children}  # it would evict the chat model
    chosen = replace(STATE, relief=ReliefChoice("task-model:gone:1b"))
    assert find(chosen, "relief:task-model:gone:1b").checked
    assert find(chosen, "relief:").command == SetRelief("")
    fixed = replace(STATE, relief=ReliefChoice("tags-off", by_file=True))
    assert find(fixed, "relief:tags-off").checked
    assert find(fixed, "relief:told").text == "Set in settings.toml:"
    assert find(fixed, "relief:titles-off").command == SetRelief("titles-off")  # it is written there
    blocked = replace(STATE, relief=ReliefChoice("tags-off", stage=ReliefStage.LEFT_TO_USER))
    assert find(blocked, "relief").children[0].text == "You took it back: to have it again, choose Off and then it"


def test_relief_tells_its_rules_and_times_and_can_be_tried_once_something_is_chosen():
    assert find(STATE, "relief:last-day") is None
    state = replace(STATE, relief=ReliefChoice("tags-off", hold_s=10, clear_s=420, cool_down_s=1800))
    assert find(state, "relief:last-day").command == TryRelief()
    assert find(replace(state, played=True), "relief:last-day") is None  # it has no history
    times = [one for one in find(state, "relief:clear").children if one.checked]
    assert [(one.text, one.command) for one in times] == [("After 7 minutes of calm", SetReliefClear(420))]
    assert find(state, "relief:clear:120").command == SetReliefClear(120)
    rules = " ".join(one.text for one in find(state, "relief:rules").children)
    assert "lasted for 10 seconds" in rules
    assert "for 7 minutes" in rules
    assert "Not again within 30 minutes" in rules


def test_the_versions_and_what_is_wrong_with_them_are_told_and_asked_for():
    old = replace(
        STATE, overview=replace(STATE.overview, open_webui=replace(STATE.overview.open_webui, version="0.9.6"))
    )
    row = find(old, "versions")
    assert row.text == "Versions: known faults"
    told = " ".join(one.text for one in row.children)
    assert "Open WebUI 0.9.6: older than 0.12.4" in told
    assert "importing a settings file wipes every setting" in told
    assert "Fixed in 0.11.1." in told
    assert find(old, "check-updates").command == CheckUpdates()
    assert find(replace(old, played=True), "check-updates") is None
    assert find(replace(STATE, overview=None), "versions") is None
