"""`set`, `fix` and `undo`."""

from argparse import Namespace
from collections.abc import Sequence

from tray_app.app.wiring import App
from tray_app.cli.main import DONE, FAILED, INTERRUPTED, NOTHING_TO_DO
from tray_app.cli.terminal import Terminal
from tray_app.core.tasks import assignments
from tray_app.core.text import change as view
from tray_app.core.text import plan as plan_view
from tray_app.core.text import remedy as remedy_view
from tray_app.core.text import status as status_view
from tray_app.core.text.lines import line
from tray_app.core.text.text import Translator
from tray_app.core.values.errors import ChangeError, Problem, ServiceError, UsageError
from tray_app.core.values.plan import ActionKind, Change, Event, Plan, Record
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.task_settings import SLOTS


def set_(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Change task settings; obeyed with a warning where a model id does not fit."""
    wanted = assignments.parse(options.assignments)
    client = app.writable_open_webui()
    version = client.version()
    try:
        plan = assignments.plan(client.read_document(), wanted)
    except ChangeError as error:
        if error.problem is Problem.NOTHING_TO_DO:
            terminal.text(view.nothing_to_change(tr))
            return NOTHING_TO_DO
        raise ChangeError(error.problem, error.subject, version) from error
    for warning in view.model_warnings(plan.changes, client.models(), tr) if _names_a_model(plan) else ():
        terminal.note(warning)
    if options.dry_run:
        terminal.show(plan_view.plan_lines(plan, tr))
        terminal.text(view.dry_run(tr))
        return DONE
    before = _recorded_ids(app)
    try:
        done = app.fixer.apply(plan.changes, "set")
    except KeyboardInterrupt:
        return _cut_short(app, before, terminal, tr)
    terminal.show(view.applied(done.changes, done.others, tr))
    return DONE


def _recorded_ids(app: App) -> frozenset[str]:
    return frozenset(one.id for one in app.journal.changes().all)


def _cut_short(app: App, before: frozenset[str], terminal: Terminal, tr: Translator) -> int:
    """Ctrl-C in the middle of a change: looks what the server holds now and says it."""
    new = next((one for one in app.journal.changes().all if one.id not in before), None)
    if new is not None:
        new = _settled(app, new)
    if new is not None and new.event is Event.APPLIED:
        terminal.show(view.applied(new.changes, (), tr))
    else:
        terminal.note(view.left_alone(tr))
    return INTERRUPTED


def _names_a_model(plan: Plan) -> bool:
    return any(change.setting in SLOTS for change in plan.changes)


def fix(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Carry out a remedy: the best of the top finding, or the one that was named."""
    with terminal.progress() as progress:
        progress.update(status_view.looking(tr))
        look = app.observer.look_twice()
    if options.list:
        terminal.show(status_view.remedy_lines(look.remedies, tr))
        if look.remedies:
            terminal.show([line(""), *remedy_view.strategy_lines(look.strategies, tr)])
        return DONE if look.remedies else NOTHING_TO_DO
    remedy = _chosen(options.id, look.remedies)
    if remedy is None:
        terminal.text(view.nothing_to_fix(look.diagnosis.level, tr))
        return NOTHING_TO_DO
    terminal.text(remedy_view.sentence(remedy, tr))
    if remedy.advice_only:
        for step in remedy_view.advice_steps(remedy, look.snapshot.host.system, tr):
            terminal.text(f"  {step}")
        return DONE
    if not remedy.plan.changes and not remedy.plan.actions:
        app.writable_open_webui()  # it has no plan where the server may not be changed: this says why
    terminal.show(plan_view.plan_lines(remedy.plan, tr))
    if options.dry_run:
        terminal.text(view.dry_run(tr))
        return DONE
    if not options.yes and not _agreed(terminal, remedy, tr):
        return FAILED
    return _carry_out(app, remedy, terminal, tr)


def _chosen(wanted: str | None, remedies: Sequence[Remedy]) -> Remedy | None:
    if wanted is None:
        return next((one for one in remedies if not one.advice_only and not one.asks), None)
    for one in remedies:
        if one.id == wanted:
            return one
    ids = tuple(one.id for one in remedies)
    raise UsageError("remedy", wanted, assignments.nearest(wanted, ids), ids)


def _agreed(terminal: Terminal, remedy: Remedy, tr: Translator) -> bool:
    if not terminal.interactive:
        raise UsageError("needs-yes", f"fix {remedy.id}")
    if terminal.ask(view.question(remedy, tr)):
        return True
    terminal.text(view.left_alone(tr))
    return False


def _carry_out(app: App, remedy: Remedy, terminal: Terminal, tr: Translator) -> int:
    from tray_app.app.carry_out import Outcome, Step, carry_out

    def show(step: Step) -> None:
        progress.update(
            view.pull_progress(step.subject, step.completed_bytes, step.total_bytes, step.bytes_per_s, tr), step.subject
        )

    before = _recorded_ids(app)
    with terminal.progress() as progress:
        try:
            done: Outcome = carry_out(app, remedy, show, cancelled=lambda: False)
        except KeyboardInterrupt:
            progress.clear()
            pulled = next((one.subject for one in remedy.plan.actions if one.kind is ActionKind.PULL), "")
            if not pulled or _recorded_ids(app) != before:
                return _cut_short(app, before, terminal, tr)
            terminal.note(view.pull_cancelled(pulled, tr))
            return INTERRUPTED
    for name in done.unloaded:
        terminal.text(view.unloaded(name, tr))
    if done.stopped is not None:
        terminal.text(view.stopped(done.stopped, tr))
    if done.changes:
        terminal.show(view.applied(done.changes, done.others, tr))
    return DONE


def undo(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Take back the newest change that is still in force, or all of them."""
    fixer = app.fixer
    for settled in fixer.settle():
        terminal.note(view.settled(settled.changes, tr))
    waiting = app.journal.changes().undoable(app.open_webui.origin)
    if not options.all:
        waiting = waiting[:1]
    if not waiting:
        terminal.text(view.nothing_to_undo(tr))
        return NOTHING_TO_DO
    if options.dry_run:
        for one in waiting:
            terminal.show(plan_view.plan_lines(Plan(_back(one)), tr))
        terminal.text(view.dry_run(tr))
        return DONE
    worst = DONE
    for one in waiting:
        try:
            worst = max(worst, _undo_one(app, one, terminal, tr))
        except KeyboardInterrupt:
            return _undo_cut_short(app, one, terminal, tr)
    return worst


def _undo_cut_short(app: App, recorded: Record, terminal: Terminal, tr: Translator) -> int:
    """Ctrl-C in the middle of an undo: looks what the server holds now and says it."""
    settled = _settled(app, recorded)
    if settled.event is Event.UNDONE:
        terminal.show(view.undone(_back(recorded), (), tr))
    else:
        terminal.note(view.left_alone(tr))
    return INTERRUPTED


def _settled(app: App, recorded: Record) -> Record:
    """The change as it is after a look at the server. ChangeError where that cannot be asked: it stays open."""
    try:
        app.fixer.settle()
    except ServiceError as error:
        names = ", ".join(one.setting for one in recorded.changes)
        raise ChangeError(Problem.NOT_KEPT, names, type(error).__name__, written="unknown") from error
    return app.journal.changes().made(recorded.id)


def _back(recorded: Record) -> tuple[Change, ...]:
    return tuple(one.back() for one in recorded.changes)


def _undo_one(app: App, recorded: Record, terminal: Terminal, tr: Translator) -> int:
    try:
        undone = app.fixer.undo(recorded)
    except ChangeError as error:
        if error.problem is not Problem.DRIFT:
            raise
        settings = [one.setting for one in recorded.changes]
        terminal.note(view.left_to_others(settings, tr))
        return FAILED
    terminal.show(view.undone(undone.changes, undone.drifted, tr))
    if recorded.remedy.startswith("task-model:"):
        name = recorded.remedy.partition(":")[2]
        terminal.text(view.model_stays(name, _size_of(app, name), tr))
    return FAILED if undone.drifted else DONE


def _size_of(app: App, name: str) -> int | None:
    """The disk size of a model, as Ollama says; None where it cannot be asked."""
    try:
        return next((model.size_bytes for model in app.ollama.tags() if model.name == name), None)
    except ServiceError:
        return None
