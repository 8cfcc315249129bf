"""What `set`, `fix` and `undo` say."""

from collections.abc import Iterable, Sequence

from tray_app.core.report.overview import Overview
from tray_app.core.text import level
from tray_app.core.text.lines import Line, Span, Style, clean, in_turn, line
from tray_app.core.text.plan import change_sentence, done_sentences, value_word
from tray_app.core.text.tasks import setting_name, unless_bypassed
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import listed
from tray_app.core.values.finding import Diagnosis
from tray_app.core.values.plan import Action, ActionKind, Change
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.snapshot import WebUIModel
from tray_app.core.values.task_settings import SLOTS, Setting
from tray_app.core.values.units import format_bytes


def model_warnings(
    changes: Iterable[Change], models: Iterable[WebUIModel], other_users: int | None, tr: Translator
) -> list[str]:
    """An id that Open WebUI does not list is obeyed, and told: tasks then fall back to the chat model in silence.

    `other_users`: accounts that may be refused a model; None: not known.
    """
    listed = {model.id: model for model in models}
    warnings = []
    for change in changes:
        if change.setting not in SLOTS or not change.after:
            continue
        name = value_word(change.setting, change.after, tr)
        model = listed.get(str(change.after))
        if model is None:
            warnings.append(
                tr.gettext(
                    "Warning: Open WebUI does not list {model}; until it does, tasks run on the chat model."
                ).format(model=name)
            )
        elif not model.active:
            warnings.append(
                tr.gettext("Warning: {model} is switched off in Open WebUI; tasks run on the chat model.").format(
                    model=name
                )
            )
        elif model.public is False and other_users != 0:
            where = "Workspace > Models" if model.preset else "Admin Panel > Settings > Models"
            warning = tr.gettext(
                "Warning: only some users may use {model}; background tasks of the others may fail. Make it public "
                "in Open WebUI: {where}."
            ).format(model=name, where=where)
            warnings.append(in_turn(warning, unless_bypassed(tr)))
    return warnings


def dry_run(tr: Translator) -> str:
    return tr.gettext("Nothing was changed (--dry-run).")


def nothing_to_change(tr: Translator) -> str:
    return tr.gettext("Nothing to do: Open WebUI is set like that already.")


def nothing_to_undo(tr: Translator) -> str:
    return tr.gettext("Nothing to undo on this server.")


def nothing_to_fix(diagnosis: Diagnosis, seen: Overview, tr: Translator) -> str:
    """Where something could not be asked, that is why, and the way to ask it comes with it."""
    if diagnosis.blind is None:
        return tr.gettext("Nothing to fix.")
    return in_turn(level.told(diagnosis, seen, tr), level.next_step(diagnosis, seen, tr))


def left_alone(tr: Translator) -> str:
    return tr.gettext("Nothing was changed.")


def applied(changes: Sequence[Change], others: Sequence[str], tr: Translator) -> list[Line]:
    """What the server holds now, verified; and the way back."""
    lines = [line(Span("ok ", Style.GOOD), change_sentence(change, tr)) for change in changes]
    if others:
        told = tr.gettext("Somebody else changed other settings at the same moment ({keys}); they were left alone.")
        lines.append(line(Span(told.format(keys=", ".join(others)), Style.WARN)))
    verified = tr.gettext("Verified. Take it back with: {command}")
    if any(change.setting in SLOTS for change in changes):  # which model takes the tasks, only a call shows
        verified = tr.gettext("Stored, and read back. Take it back with: {command}")
    verified = verified.format(command=typed(tr, "undo"))
    lines.append(line(Span(verified, Style.FAINT)))
    return lines


def proven(chat: str, answered: str, seconds: float, tr: Translator) -> Line:
    text = tr.gettext("In effect: {answered} answered a real task call of a chat with {chat}, in {seconds} s.")
    return line(Span(text.format(answered=clean(answered), chat=clean(chat), seconds=f"{seconds:.1f}"), Style.GOOD))


def not_in_effect(chat: str, wanted: str, answered: str, tr: Translator) -> str:
    return tr.gettext(
        "Not in effect: a real task call of a chat with {chat} was answered by {answered}, not by {wanted}."
    ).format(chat=clean(chat), answered=clean(answered), wanted=clean(wanted))


def not_proven(tr: Translator) -> str:
    return tr.gettext("Nothing to prove it with: no task is on that comes by itself, or no chat model uses this slot.")


def ask_to_prove(tr: Translator) -> str:
    return tr.gettext("Prove it with one title call? [y/N]")


def way_to_prove(tr: Translator) -> str:
    return tr.gettext("With --prove, one real task call shows which model answers.")


def undone(changes: Sequence[Change], drifted: Sequence[Setting], tr: Translator) -> list[Line]:
    lines = [line(Span("ok ", Style.GOOD), change_sentence(change, tr)) for change in changes]
    if not changes and not drifted:
        lines.append(
            line(tr.gettext("It is as it was before already: changed elsewhere, or by a restart of Open WebUI."))
        )
    if drifted:
        lines.append(line(Span(left_to_others(drifted, tr), Style.WARN)))
    return lines


def left_to_others(drifted: Sequence[Setting], tr: Translator) -> str:
    """Drift: the value is no longer ours, so it is told and left alone."""
    return tr.gettext("{settings}: changed elsewhere since, so it was left alone.").format(
        settings=listed((setting_name(setting, tr) for setting in drifted), tr)
    )


def settled(changes: Sequence[Change], tr: Translator) -> str:
    """A change that a crash left open was looked up on the server."""
    return tr.gettext("An earlier run was cut short; checked on the server: {changes}").format(
        changes="; ".join(done_sentences(changes, tr))
    )


def question(remedy: Remedy, tr: Translator) -> str:
    if not remedy.undoable:
        return tr.gettext("This cannot be undone. Do it? [y/N]")
    return ask_undoable(tr)


def ask_undoable(tr: Translator) -> str:
    return tr.gettext("Do it? It can be undone. [y/N]")


def pull_progress(name: str, completed: int, total: int | None, rate: float | None, tr: Translator) -> str:
    """`Downloading gemma3:1b  [#####.....] 412 of 815 MiB, 22 MiB/s, 18 s left`."""
    head = tr.gettext("Downloading {name}").format(name=clean(name))
    if not total:
        return head + "  " + format_bytes(completed)
    filled = min(20, completed * 20 // total)
    text = f"{head}  [{'#' * filled}{'.' * (20 - filled)}] {format_bytes(completed)} / {format_bytes(total)}"
    if rate:
        left = max(0, round((total - completed) / rate))
        text += tr.gettext(", {rate}/s, {seconds} s left").format(rate=format_bytes(rate), seconds=left)
    return text


def pull_cancelled(name: str, tr: Translator) -> str:
    return tr.gettext(
        "Stopped. No setting was changed. The part of {name} that is already here stays, and a new try goes on from it."
    ).format(name=clean(name))


def model_stays(name: str, size_bytes: int | None, tr: Translator) -> str:
    """Undo takes back the setting, not the download."""
    if size_bytes is None:
        return tr.gettext("The model {name} stays installed.").format(name=clean(name))
    return tr.gettext("The model {name} stays installed ({size}).").format(
        name=clean(name), size=format_bytes(size_bytes)
    )


def freed(action: Action, tr: Translator) -> str:
    if action.kind is not ActionKind.END:
        return unloaded(action.subject, tr)
    said = tr.gettext("Process {pid}, which held {name}, has ended: its memory is free again.")
    return said.format(pid=action.pid, name=clean(action.subject))


def unloaded(name: str, tr: Translator) -> str:
    return tr.gettext("{name} was unloaded; the next message loads it again.").format(name=clean(name))


def stopped(count: int, tr: Translator) -> str:
    return tr.ngettext("{count} answer was stopped.", "{count} answers were stopped.", count).format(count=count)
