"""The document of the details page: the menu's commands, finished words, nothing said that is not known."""

import pytest
from msgspec.structs import replace

from tests.core.menu import states
from tests.core.menu.states import BIG, NOW, SNAPSHOT, STATE, at, calm, known, listed, with_models, with_server
from tests.english import TR
from tray_app.core.menu.details.document import Offered, PageButton
from tray_app.core.menu.details.form import FieldState, FormState, GroupState, form_view
from tray_app.core.menu.details.make import PageState, document
from tray_app.core.menu.menu import menu
from tray_app.core.values.command import ApplyRemedy, Cancel, Refresh, SetChatFirst, SetSettings, Undo
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.job import JobKind, RunningJob
from tray_app.core.values.plan import Event
from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.remedy import Reason, TaskModelChoice, TaskModels
from tray_app.core.values.requests import RequestKind, Requests, RunningRequest, WaitingRequest
from tray_app.core.values.snapshot import Access
from tray_app.core.values.units import GIB


def made(state, journal=(), form=None):
    offered = Offered()
    return document(PageState(state, "en", journal, form), offered, lambda at: f"at {at:.0f}", TR), offered.commands


def commands_of(state):
    return set(map(repr, made(state)[1].values()))


def in_menu(state):
    def walk(rows):
        for row in rows:
            yield row
            yield from walk(row.children)

    return {repr(row.command) for row in walk(menu(state, TR).rows) if row.command is not None}


@pytest.mark.parametrize(
    "state",
    [
        STATE,
        replace(STATE, chat_first=False),
        with_models((listed(BIG), listed("gemma3:1b"), listed("llama3.2:3b"))),
        with_server(access=Access.USER),
        at(SNAPSHOT, calm()),
    ],
)
def test_it_offers_nothing_that_the_menu_does_not(state):
    assert commands_of(state) <= in_menu(state)


def test_what_asks_in_the_menu_asks_here():
    shown, commands = made(STATE)
    fixes = {one.key: one for one in shown.head.more}
    for remedy in (states.EVICTING, states.STOP):
        fix = fixes[remedy.id]
        assert not fix.button.act
        assert fix.asked.lines
        assert commands[fix.asked.yes.act] == ApplyRemedy(remedy, confirmed=True)
    assert "This cannot be undone" in fixes[states.STOP.id].asked.lines
    choice = TaskModelChoice("llama3.2:3b", Fit(Verdict.EVICTS, 3 * GIB, GIB))
    shown, commands = made(replace(STATE, task_models=TaskModels(choices=(choice,))))
    evicting = shown.tasks.models[-1]
    assert not evicting.act
    assert isinstance(commands[evicting.asked.yes.act], SetSettings)


def test_the_best_fix_is_one_click_and_shows_its_plan():
    shown, commands = made(STATE)
    best = shown.head.best
    assert commands[best.button.act] == ApplyRemedy(states.FOLLOW_UPS_OFF)
    assert best.plan == ("Follow-ups: on -> off",)
    assert best.asked is None


def test_the_same_command_has_the_same_token_and_another_has_another():
    one, other = made(STATE)[1], made(STATE)[1]
    assert one == other
    assert len(one) == len(set(map(repr, one.values())))


def test_who_is_at_the_model():
    active = (RunningRequest(BIG, RequestKind.CHAT, "relay", running_s=6.4),)
    queue = (
        WaitingRequest(BIG, RequestKind.TASK, "tags", 4.6, held=False),
        WaitingRequest("<b>" + "x" * 300, RequestKind.TASK, "titles", 130.0, held=True),
    )
    seen = replace(SNAPSHOT, requests=known(Requests(known(1), known(2), active=active, queue=queue)))
    calls = made(at(seen, STATE))[0].now.calls
    assert [(one.kind, one.what, one.state_word, one.since) for one in calls] == [
        ("chat", "chat", "runs", "6 s"),
        ("task", "tags of a chat", "waits", "5 s"),
        ("task", "title of a chat", "held back", "2 min"),
    ]
    assert calls[2].model.startswith("<b>x")
    assert len(calls[2].model) <= 40


def test_what_is_not_known_is_never_nobody():
    for requests in (Unknown(Why.UNREACHABLE), known(Requests(Unknown(Why.DENIED), Unknown(Why.DENIED)))):
        now = made(at(replace(SNAPSHOT, requests=requests), STATE))[0].now
        assert not now.calls
        assert "unknown" in now.told
        assert "Nobody" not in now.told
    none = known(Requests(known(0), known(0)))
    assert made(at(replace(SNAPSHOT, requests=none), STATE))[0].now.told == "Nobody is at a model now."
    untold = made(at(replace(SNAPSHOT, requests=known(Requests(known(2), known(3)))), STATE))[0].now.told
    assert "3 requests wait." in untold


def test_a_job_shows_its_progress_and_its_cancel_and_holds_what_would_start_another():
    job = RunningJob("job-7", JobKind.PULL, "gemma3:1b", 400_000_000, 800_000_000, cancellable=True)
    shown, commands = made(replace(STATE, job=job))
    assert shown.job.percent == 50
    assert commands[shown.job.cancel.act] == Cancel("job-7")
    assert shown.head.best.button.busy
    assert all(one.busy for one in shown.tasks.switches if one.act)


def test_chat_first_is_a_switch_where_it_can_be_had():
    assert made(STATE)[0].tasks.chat_first is None
    shown, commands = made(replace(STATE, chat_first=False))
    assert commands[shown.tasks.chat_first.act] == SetChatFirst(on=True)


def test_the_journal_is_newest_first_and_only_what_may_be_undone_has_a_button():
    old = replace(states.UNDOABLE, id="change-0", at=NOW - 9000, event=Event.UNDONE)
    shown, commands = made(STATE, (old, states.UNDOABLE))
    assert [line.key for line in shown.journal.lines] == ["change-1", "change-0"]
    assert commands[shown.journal.lines[0].undo.act] == Undo("change-1", states.UNDOABLE.changes)
    assert shown.journal.lines[1].undo is None
    many = tuple(replace(old, id=f"change-{number}") for number in range(150))
    assert len(made(STATE, many)[0].journal.lines) == 100
    assert made(STATE, many)[0].journal.told.startswith("50 older changes")
    assert made(STATE)[0].journal.told == "No change was made yet."


def test_without_a_look_it_still_is_a_page():
    shown, _ = made(replace(STATE, overview=None, diagnosis=None, remedies=()))
    assert shown.head.title == "Looking at Ollama and Open WebUI..."
    assert not shown.tasks.switches
    assert shown.tasks.told


def test_who_may_only_look_gets_no_switch_and_the_way_to_one():
    shown, commands = made(with_server(access=Access.USER))
    assert not any(one.act for one in shown.tasks.switches)
    assert "administrator" in shown.tasks.told
    advice = replace(states.FOLLOW_UPS_OFF, advice_only=True, reason=Reason.NEEDS_CONNECT)
    shown, commands = made(replace(STATE, remedies=(advice,)))
    [fix] = shown.head.more
    assert fix.button.text == "Connect to Open WebUI again..."
    assert not isinstance(commands[fix.button.act], Refresh)


def test_the_model_in_use_only_looks_again():
    chosen = with_server(tasks=known(replace(states.SETTINGS, task_model="gemma3:1b")))
    shown, commands = made(chosen)
    used = next(one for one in shown.tasks.models if one.chosen)
    assert (used.text, commands[used.act]) == ("gemma3:1b", Refresh())
    assert isinstance(shown.tasks.proof, PageButton)


def test_a_field_says_its_unit_its_bounds_and_its_default():
    fields = (
        FieldState("poll_s", "Time between two looks at the machine.", 7.0, 5.0, 1, 300, ()),
        FieldState("icon", "The icon.", "", "", None, None, (("", ""), ("always", ""))),
        FieldState("candidate_models", "Models.", ("a", "b"), (), None, None, ()),
        FieldState("notices", "Notices.", True, True, None, None, ()),
    )
    [group] = form_view(FormState((GroupState("", "", fields),), "seal"), TR).groups
    poll, icon, models, notices = group.fields
    assert (poll.kind, poll.value, poll.unit, poll.hint, poll.set) == (
        "number",
        "7",
        "seconds",
        "1 to 300, by default 5",
        True,
    )
    assert icon.choices == (("", "As chosen in the menu"), ("always", "Always there"))
    assert (models.kind, models.value) == ("lines", "a\nb")
    assert (notices.kind, notices.value, notices.set) == ("switch", True, False)
