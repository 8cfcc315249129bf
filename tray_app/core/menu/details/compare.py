"""Task models side by side: which may be tried, and the newest comparison as a table with what each of them wrote."""

from msgspec import Struct

from tray_app.core.menu.screen import ScreenState
from tray_app.core.menu.tasks import choice_words
from tray_app.core.report.trial import Contest, Trial, best
from tray_app.core.text import speed as speed_view
from tray_app.core.text import trial as view
from tray_app.core.text.lines import clean
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.fit import Verdict
from tray_app.core.values.job import JobKind
from tray_app.core.values.snapshot import Access
from tray_app.core.values.task_settings import Setting

MOST_ENTRANTS = 12
CHOSEN = 3
"""So many are chosen beforehand."""


class CompareState(Struct, frozen=True):
    """The newest comparison. `note`: why there is none, in words of when it was asked for."""

    contest: Contest | None = None
    error: ElbowroomError | None = None
    note: str = ""


class EntrantView(Struct, frozen=True):
    """`chosen`: beforehand."""

    id: str
    text: str
    note: str
    chosen: bool


class TrialView(Struct, frozen=True):
    """A row. `best`: the best of them; `able`: it did every task."""

    cells: tuple[str, ...]
    best: bool
    able: bool


class DraftView(Struct, frozen=True):
    name: str
    lines: tuple[str, ...]
    wrong: bool


class WrittenView(Struct, frozen=True):
    """What each of them wrote for one task."""

    task: str
    drafts: tuple[DraftView, ...]


class ContestView(Struct, frozen=True):
    chat_model: str
    headers: tuple[str, ...]
    rows: tuple[TrialView, ...]
    notes: tuple[str, ...]
    written_title: str
    written: tuple[WrittenView, ...]
    verdict: str
    ending: str
    left: bool
    """The settings are not as before."""


class CompareView(Struct, frozen=True):
    """`working`: one is under way."""

    intro: str
    entrants: tuple[EntrantView, ...]
    contest: ContestView | None
    told: str
    working: bool
    busy: bool


def compare_view(state: CompareState, screen: ScreenState, tr: Translator) -> CompareView | None:
    """None where nothing may be switched."""
    server = screen.overview.open_webui if screen.overview is not None else None
    if server is None or server.access is not Access.ADMIN or screen.overview is None or not screen.overview.settings:
        return None
    told = state.note or (view.failed(state.error, tr) if state.error is not None else "")
    return CompareView(
        intro=speed_view.what_it_does(tr),
        entrants=entrants_view(screen, tr),
        contest=_contest(state.contest, tr) if state.contest is not None and state.contest.trials else None,
        told=told,
        working=screen.job is not None and screen.job.kind is JobKind.COMPARE,
        busy=screen.busy,
    )


def entrants_view(screen: ScreenState, tr: Translator) -> tuple[EntrantView, ...]:
    """Those that can be chosen for tasks, and the chat model itself. Those that fit and stay here are chosen."""
    usable = [one for one in screen.task_models.choices if one.usable][:MOST_ENTRANTS]
    fitting = [one.id for one in usable if one.fit.verdict is Verdict.FITS][:CHOSEN]
    others = tuple(EntrantView(one.id, clean(one.id), choice_words(one, tr), one.id in fitting) for one in usable)
    return (EntrantView("", tr.gettext("Same as the chat model"), "", chosen=not others), *others)


def _contest(contest: Contest, tr: Translator) -> ContestView:
    winner = best(contest.trials).trial
    return ContestView(
        chat_model=view.chat_line(contest, tr),
        headers=view.headers(contest, tr),
        rows=tuple(TrialView(view.cells(one, contest, tr), one is winner, one.able) for one in contest.trials),
        notes=tuple(note for one in contest.trials for note in view.notes(one, tr)),
        written_title=view.written_title(contest, tr),
        written=tuple(_written(task, contest.trials, tr) for task in view.kinds(contest)),
        verdict=view.verdict(contest.trials, tr),
        ending=view.runs_and_ending(contest, tr),
        left=contest.ended is not None,
    )


def _written(task: Setting, trials: tuple[Trial, ...], tr: Translator) -> WrittenView:
    made = [(one, made.draft) for one in trials for made in one.tasks if made.task is task]
    return WrittenView(
        setting_name(task, tr),
        tuple(
            DraftView(
                speed_view.called(one.entrant, tr),
                tuple(view.draft_lines(task, draft, tr)),
                draft.flaw is not None,
            )
            for one, draft in made
        ),
    )
