"""`set`, `fix` and `undo`."""

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tray_app.app.changes import CutShort
from tray_app.app.doing import trying
from tray_app.app.doing.downloads import Step
from tray_app.app.speed import prove
from tray_app.app.watch import Look
from tray_app.app.wiring import App
from tray_app.cli.main import DONE, FAILED, INTERRUPTED, NOTHING_TO_DO
from tray_app.cli.relief import advice
from tray_app.cli.terminal import Terminal
from tray_app.core.remedies.strategy import Strategy
from tray_app.core.report.receipt import LONGEST_S
from tray_app.core.report.work import TaskWork, task_work
from tray_app.core.tasks import assignments
from tray_app.core.text import change as view
from tray_app.core.text import plan as plan_view
from tray_app.core.text import receipt as receipt_view
from tray_app.core.text import remedy as remedy_view
from tray_app.core.text import speed as speed_view
from tray_app.core.text import status as status_view
from tray_app.core.text import ways as ways_view
from tray_app.core.text.lines import Span, Style, line
from tray_app.core.text.text import Translator
from tray_app.core.text.words import yes_words
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.plan import ActionKind, Change, Event, Plan, Record
from tray_app.core.values.remedy import (
    HOSTED_MODEL,
    Consent,
    Remedy,
    UseModel,
    task_model_named,
    unload_id,
)
from tray_app.core.values.snapshot import LoadedModel
from tray_app.core.values.task_settings import SLOTS
from tray_app.storage.history import HistoryFile

if TYPE_CHECKING:
    from tray_app.services.open_webui import OpenWebUIClient


def put_back(app: App, terminal: Terminal, tr: Translator) -> bool:
    """Whether a comparison that was killed had left a task model switched, which is back now."""
    found = trying.put_back(app.carrier, trying.held_in(app.paths))
    if found:
        terminal.note(speed_view.put_back(tr))
    return bool(found)


def set_(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Change task settings; obeyed with a warning where a model id does not fit."""
    wanted = assignments.parse(options.assignments)
    client = app.carrier.writable()
    put_back(app, terminal, tr)
    version = client.version()
    try:
        plan = app.carrier.plan(wanted)
    except ChangeError as error:
        if error.problem is Problem.NOTHING_TO_DO:
            terminal.text(view.nothing_to_change(tr))
            if options.prove:
                kept = tuple(Change(setting, value, value) for setting, value in wanted.items())
                return proven(app, kept, terminal, tr, asked=True) or NOTHING_TO_DO
            return NOTHING_TO_DO
        raise ChangeError(error.problem, error.subject, version) from error
    if _names_a_model(plan):
        for warning in view.model_warnings(plan.changes, client.models(), other_users(client), tr):
            terminal.note(warning)
    if options.dry_run:
        terminal.show(plan_view.plan_lines(plan, tr))
        terminal.text(view.dry_run(tr))
        return DONE
    try:
        done = app.carrier.apply(plan.changes, "set")
    except CutShort as cut:
        return cut_short(cut, terminal, tr)
    terminal.show(view.applied(done.changes, done.others, tr))
    return proven(app, done.changes, terminal, tr, asked=options.prove)


def proven(app: App, changes: Sequence[Change], terminal: Terminal, tr: Translator, *, asked: bool) -> int:
    """With --prove, or where a person says so: one real task call for every task model that was set."""
    slots = [change.setting for change in changes if change.setting in SLOTS]
    if not slots:
        return DONE
    if not asked and not (terminal.interactive and terminal.ask(view.ask_to_prove(tr), yes_words(tr))):
        terminal.show([line(Span(view.way_to_prove(tr), Style.FAINT))])
        return DONE
    worst = DONE
    for slot in slots:
        proof = prove(app.carrier, slot)
        if proof is None:
            terminal.note(view.not_proven(tr))
        elif proof.good:
            terminal.show([view.proven(proof.chat, proof.answered, proof.seconds, tr)])
        else:
            terminal.note(view.not_in_effect(proof.chat, proof.wanted, proof.answered, tr))
            worst = FAILED
    return worst


def other_users(client: "OpenWebUIClient") -> int | None:
    """How many accounts may be refused a model."""
    try:
        return client.ordinary_users()
    except ServiceError:
        return None


def cut_short(cut: CutShort, terminal: Terminal, tr: Translator) -> int:
    """Ctrl-C in the middle of a change or an undo: says what the server holds now."""
    match cut.record:
        case Record(event=Event.APPLIED, changes=changes) if not cut.undoing:
            terminal.show(view.applied(changes, (), tr))
        case Record(event=Event.UNDONE, changes=changes):
            terminal.show(view.undone([one.back() for one in changes], (), tr))
        case _:
            terminal.note(view.left_alone(tr))
    return INTERRUPTED


def _names_a_model(plan: Plan) -> bool:
    return any(change.setting in SLOTS for change in plan.changes)


def fix(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Carry out a remedy: the best of the top finding, or the one that was named."""
    if not (options.list or options.dry_run):
        put_back(app, terminal, tr)
    with terminal.progress() as progress:
        progress.update(status_view.looking(tr))
        look = app.observer.look_twice()
    if options.list:
        return _list(app, look, terminal, tr)
    if advice.followed(options.id, look.remedies, look, terminal, tr):
        return NOTHING_TO_DO
    remedy = _chosen(options.id, look.remedies, look.facts.here or (), look.strategies())
    if remedy is None:
        return _none(look, terminal, tr)
    return _do(app, remedy, look, options, terminal, tr)


def _none(look: Look, terminal: Terminal, tr: Translator) -> int:
    if look.remedies:  # what cannot be undone is done by its name alone
        terminal.show(status_view.remedy_lines(look.remedies, tr))
    else:
        terminal.text(view.nothing_to_fix(look.diagnosis, look.facts.overview, tr))
    return NOTHING_TO_DO


def _do(app: App, remedy: Remedy, look: Look, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Shown first, then asked, then done."""
    terminal.text(remedy_view.sentence(remedy, tr))
    if remedy.advice_only:
        return advice.told(remedy, look, terminal, tr)
    if not remedy.plan.changes and not remedy.plan.actions:
        app.carrier.writable()  # it has no plan where the server may not be changed: this says why
    terminal.show(plan_view.plan_lines(remedy.plan, tr))
    if options.dry_run:
        terminal.text(view.dry_run(tr))
        return DONE
    if not options.yes and not _agreed(terminal, remedy, tr):
        return FAILED
    return _carry_out(app, remedy, terminal, tr, asked=options.prove)


def _list(app: App, look: Look, terminal: Terminal, tr: Translator) -> int:
    """What helps, and the ways side by side also where nothing is wrong."""
    terminal.show(status_view.remedy_lines(look.remedies, tr))
    if not look.remedies and look.diagnosis.blind is not None:
        terminal.text(view.nothing_to_fix(look.diagnosis, look.facts.overview, tr))
    terminal.text("")
    terminal.show(ways_view.lines(look.strategies(_task_work(app, look)), tr))
    return DONE if look.remedies else NOTHING_TO_DO


def _task_work(app: App, look: Look) -> TaskWork | None:
    """How long tasks took over the last day, where the tray has kept a history that can be read."""
    if look.facts.chat_model is None:
        return None
    try:
        past = HistoryFile(app.paths.history_file).read(look.facts.at.taken_at - LONGEST_S)
    except StorageError:
        return None
    return task_work(past, look.facts.chat_model.name)


def _chosen(
    wanted: str | None, remedies: Sequence[Remedy], loaded: Sequence[LoadedModel], ways: Sequence[Strategy]
) -> Remedy | None:
    """The best, or the one that is named; by its name also what `--list` shows while nothing is wrong."""
    if wanted is None:
        return next((one for one in remedies if one.needs < Consent.CONFIRMED), None)
    for one in (*remedies, *(way.remedy for way in ways if way.remedy is not None)):
        if one.id == wanted:
            return one
    # By Ollama's own name where Open WebUI lists it with a connection's prefix.
    own = [one for one in remedies if isinstance(one, UseModel) and _is_named(one, task_model_named(wanted))]
    if len(own) == 1:
        return own[0]
    if wanted in {unload_id(one.name) for one in loaded}:
        raise UsageError(Slip.UNLOAD, wanted)
    if wanted.startswith(HOSTED_MODEL):
        raise UsageError(Slip.HOSTED, wanted)
    ids = tuple(one.id for one in remedies)
    raise UsageError(Slip.REMEDY, wanted, assignments.nearest(wanted, ids), ids)


def _is_named(remedy: UseModel, name: str) -> bool:
    return bool(name) and remedy.model.endswith(f".{name}")


def _agreed(terminal: Terminal, remedy: Remedy, tr: Translator) -> bool:
    if not terminal.interactive:
        raise UsageError(Slip.NEEDS_YES, f"fix {remedy.id}")
    if terminal.ask(view.question(remedy, tr), yes_words(tr)):
        return True
    terminal.text(view.left_alone(tr))
    return False


def _carry_out(app: App, remedy: Remedy, terminal: Terminal, tr: Translator, *, asked: bool) -> int:
    def show(step: Step) -> None:
        progress.update(
            view.pull_progress(step.subject, step.completed_bytes, step.total_bytes, step.bytes_per_s, tr), step.subject
        )

    with terminal.progress() as progress:
        try:
            done = app.carrier.carry_out(remedy, Consent.CONFIRMED, show, cancelled=lambda: False)
        except CutShort as cut:
            progress.clear()
            return cut_short(cut, terminal, tr)
        except KeyboardInterrupt:
            progress.clear()
            pulled = next((one.subject for one in remedy.plan.actions if one.kind is ActionKind.PULL), "")
            terminal.note(view.pull_cancelled(pulled, tr) if pulled else view.left_alone(tr))
            return INTERRUPTED
    for action in done.freed:
        terminal.text(view.freed(action, tr))
    if done.stopped is not None:
        terminal.text(view.stopped(done.stopped, tr))
    if done.changes:
        terminal.show(view.applied(done.changes, done.others, tr))
    return proven(app, done.changes, terminal, tr, asked=asked)


def undo(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Take back the newest change that is still in force, or all of them."""
    kept = app.journal.read()
    if not (kept.records or kept.broken):
        terminal.text(receipt_view.nothing_changed(tr))
        return NOTHING_TO_DO
    app.carrier.writable()
    for settled in app.carrier.settle():
        terminal.note(view.settled(settled.changes, tr))
    back = put_back(app, terminal, tr)
    waiting = app.carrier.undoable()
    if back and not options.all:
        return DONE  # that was the newest change
    if not options.all:
        waiting = waiting[:1]
    if not waiting:
        terminal.text(view.nothing_to_undo(tr))
        return NOTHING_TO_DO
    if options.dry_run:
        for one in waiting:
            terminal.show(plan_view.plan_lines(Plan(tuple(change.back() for change in one.changes)), tr))
        terminal.text(view.dry_run(tr))
        return DONE
    worst = DONE
    for one in waiting:
        try:
            worst = max(worst, _undo_one(app, one, terminal, tr))
        except CutShort as cut:
            return cut_short(cut, terminal, tr)
    return worst


def _undo_one(app: App, recorded: Record, terminal: Terminal, tr: Translator) -> int:
    try:
        undone = app.carrier.undo(recorded.id)
    except ChangeError as error:
        if error.problem is not Problem.DRIFT:
            raise
        terminal.note(view.left_to_others([one.setting for one in recorded.changes], tr))
        return FAILED
    terminal.show(view.undone(undone.changes, undone.drifted, tr))
    if undone.stays is not None:
        terminal.text(view.model_stays(*undone.stays, tr))
    return FAILED if undone.drifted else DONE
