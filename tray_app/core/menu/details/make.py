"""The document of the details page from the same state that the menu is made from."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from tray_app.core.menu.app import link_rows
from tray_app.core.menu.details.compare import CompareState, CompareView, compare_view
from tray_app.core.menu.details.document import (
    AboutView,
    Head,
    JobView,
    JournalView,
    NowView,
    Offered,
    PageButton,
    ReceiptView,
    TasksView,
)
from tray_app.core.menu.details.fixes import fixes
from tray_app.core.menu.details.form import FormState, FormView, form_view
from tray_app.core.menu.details.hosted import HostedFormState, HostedView, hosted_view
from tray_app.core.menu.details.hosts import HostSeen, HostsView, hosts_view
from tray_app.core.menu.details.past import journal_view, receipt_view
from tray_app.core.menu.details.present import now_view
from tray_app.core.menu.details.tasks import tasks_view
from tray_app.core.menu.details.ways import WaysView, ways_view
from tray_app.core.menu.icon import headline, shape
from tray_app.core.menu.screen import Row, ScreenState
from tray_app.core.menu.state import access_rows, job_text, memory_line, ollama_rows
from tray_app.core.text import details as view
from tray_app.core.text import findings as finding_view
from tray_app.core.text import own_use as own_view
from tray_app.core.text.text import Translator
from tray_app.core.values.command import Cancel, CopyText
from tray_app.core.values.plan import Record
from tray_app.core.values.version import Json


class PageDocument(Struct, frozen=True):
    """`words`: headings and labels by the name that the page gives them."""

    lang: str
    words: dict[str, str]
    head: Head
    job: JobView | None
    message: str
    hosts: HostsView | None
    now: NowView
    ways: WaysView | None
    tasks: TasksView
    hosted: HostedView | None
    compare: CompareView | None
    receipt: ReceiptView | None
    journal: JournalView
    settings: FormView | None
    about: AboutView
    pictures: dict[str, Json] | None = None
    """Before the first look there is nothing to draw."""
    at: str = ""
    """Where a row of the menu leads: the part of the page, and which time it was."""


class PageState(Struct, frozen=True):
    """What the page is made from. `journal`: all changes, as all their lines leave them, oldest first. `hosts`: where
    several Ollamas are watched, the first in front."""

    screen: ScreenState
    lang: str
    journal: Sequence[Record] = ()
    form: FormState | None = None
    hosted: HostedFormState = HostedFormState()
    compare: CompareState = CompareState()
    at: str = ""
    hosts: Sequence[HostSeen] = ()


def document(state: PageState, offered: Offered, local_time: Callable[[float], str], tr: Translator) -> PageDocument:
    screen = state.screen
    return PageDocument(
        lang=state.lang,
        words=view.words(tr),
        head=_head(screen, offered, tr),
        job=_job(screen, offered, tr),
        message=screen.message,
        hosts=hosts_view(state.hosts, tr),
        now=now_view(screen, tr),
        ways=ways_view(screen, offered, tr),
        tasks=tasks_view(screen, offered, tr),
        hosted=hosted_view(state.hosted, screen, offered, tr),
        compare=compare_view(state.compare, screen, tr),
        receipt=receipt_view(screen, offered, local_time, tr),
        journal=journal_view(state.journal, screen, offered, local_time, tr),
        settings=form_view(state.form, tr) if state.form is not None else None,
        about=_about(screen, offered, tr),
        at=state.at,
    )


def _head(screen: ScreenState, offered: Offered, tr: Translator) -> Head:
    found = screen.diagnosis.findings if screen.diagnosis is not None else ()
    seen = screen.overview
    notes = (*ollama_rows(seen, tr), *access_rows(seen, tr)) if seen is not None else ()
    best, more = fixes(screen, offered, tr)
    return Head(
        shape=shape(screen),
        title=headline(screen, tr),
        sentences=tuple(finding_view.sentence(one, tr) for one in found),
        memory=memory_line(screen, seen, tr) if seen is not None else "",
        notes=tuple(button_of(row, offered) for row in notes),
        best=best,
        more=more,
    )


def _job(screen: ScreenState, offered: Offered, tr: Translator) -> JobView | None:
    job = screen.job
    if job is None:
        return None
    cancel = None
    if job.cancellable and not job.cancelling:
        cancel = PageButton(tr.gettext("Cancel"), offered.act(Cancel(job.id)))
    return JobView(job_text(job, tr), job.percent, cancel)


def button_of(row: Row, offered: Offered) -> PageButton:
    """What the menu has as a row. A row that only opens others stands for the first of them."""
    command = row.command
    if command is None:
        command = next((one.command for one in row.children if one.command is not None), None)
    if command is None:
        return PageButton(row.text)
    if isinstance(command, CopyText):
        return PageButton(row.text, copy=command.text)
    return PageButton(row.text, offered.act(command), busy=row.busy)


def _about(screen: ScreenState, offered: Offered, tr: Translator) -> AboutView:
    links = tuple(button_of(row, offered) for row in link_rows(screen, tr))
    return AboutView(f"Elbowroom {screen.version}".rstrip(), own_view.sentence(screen.own, tr), links)
