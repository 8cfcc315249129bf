"""Task models side by side: what each took, what each wrote, and which of them is best."""

from collections.abc import Iterator, Sequence

from tray_app.core.report.trial import CLEARLY_LESS, NOTICED_S, Best, BestBy, Contest, Trial, best
from tray_app.core.tasks.written import Draft, Flaw
from tray_app.core.text import errors as error_view
from tray_app.core.text.lines import Line, Span, Style, clean, in_turn, line, pad, table, width
from tray_app.core.text.speed import called
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.text.ways import usd
from tray_app.core.text.words import joined
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import format_bytes

LABEL = 24
"""Columns of a name beside what it wrote; a longer one gets a line of its own."""


def lines(contest: Contest, columns: int, tr: Translator) -> list[Line]:
    """A table, or a block for each model where that is too wide; what they wrote; the best of them."""
    made = [line(Span(chat_line(contest, tr), Style.FAINT))]
    made += _figures(contest, columns, tr)
    made += [piece for one in contest.trials for piece in _notes(one, tr)]
    made += _written(contest, tr)
    made.append(line(Span(verdict(contest.trials, tr), Style.GOOD)))
    made.append(line(Span(runs_and_ending(contest, tr), Style.FAINT if contest.ended is None else Style.WARN)))
    return made


def chat_line(contest: Contest, tr: Translator) -> str:
    return tr.gettext("Chat model: {model}").format(model=clean(contest.chat_model))


def runs_and_ending(contest: Contest, tr: Translator) -> str:
    """What the figures are, and whether the settings are as before."""
    note = tr.ngettext("Median of {runs} run.", "Medians of {runs} runs.", contest.runs).format(runs=contest.runs)
    return in_turn(note, ending(contest, tr))


def ending(contest: Contest, tr: Translator) -> str:
    """Whether the settings are as before."""
    if contest.ended is None:
        return tr.gettext("Nothing was left changed.")
    return error_view.told(contest.ended, tr)


# --- figures ---------------------------------------------------------------------------------


def headers(contest: Contest, tr: Translator) -> tuple[str, ...]:
    """Of the table: also for other places that show it."""
    tasks = (setting_name(task, tr) for task in kinds(contest))
    return (
        tr.gettext("task model"),
        *tasks,
        tr.gettext("first word"),
        tr.gettext("while tasks run"),
        tr.gettext("memory"),
        tr.gettext("1,000 messages"),
    )


def kinds(contest: Contest) -> tuple[Setting, ...]:
    """The tasks that were timed."""
    return tuple(dict.fromkeys(task.task for one in contest.trials for task in one.tasks))


def cells(one: Trial, contest: Contest, tr: Translator) -> tuple[str, ...]:
    """One row of the table."""
    took = {task.task: task.seconds for task in one.tasks}
    return (
        called(one.entrant, tr),
        *(_seconds(took.get(task), tr) for task in kinds(contest)),
        _seconds(one.first_token_s, tr),
        _seconds(one.crowded_token_s, tr),
        _memory(one, tr),
        _price(one, tr),
    )


def _figures(contest: Contest, columns: int, tr: Translator) -> list[Line]:
    header, rows = headers(contest, tr), [cells(one, contest, tr) for one in contest.trials]
    made = table(header, rows) if rows else []
    if made and max(width("".join(span.text for span in one)) for one in made) > columns:
        return [piece for row in rows for piece in _block(row, header)]
    return made


def _block(row: Sequence[str], header: Sequence[str]) -> list[Line]:
    asked, *others = row
    widest = max(width(name) for name in header[1:])
    return [
        line(Span(asked, Style.STRONG)),
        *(
            line(Span(f"  {pad(name, widest)}  ", Style.FAINT), cell)
            for name, cell in zip(header[1:], others, strict=True)
        ),
    ]


def _seconds(value: float | None, tr: Translator) -> str:
    return tr.gettext("unknown") if value is None else tr.gettext("{seconds} s").format(seconds=f"{value:.2f}")


def _memory(one: Trial, tr: Translator) -> str:
    """Measured, or as predicted where Ollama did not say."""
    if one.bytes is None:
        return tr.gettext("unknown")
    if not one.bytes:
        return tr.gettext("no more")
    size = format_bytes(one.bytes)
    return size if one.memory_bytes is not None else tr.gettext("about {size}").format(size=size)


def _price(one: Trial, tr: Translator) -> str:
    if one.usd is None:
        return tr.gettext("unknown")
    return tr.gettext("at most {usd}").format(usd=usd(one.usd, tr)) if one.usd else tr.gettext("no money")


def _notes(one: Trial, tr: Translator) -> Iterator[Line]:
    """What went wrong with it, and why its price is not known."""
    name = called(one.entrant, tr)
    if one.failed is not None:
        yield line(Span(_failed(one.failed, name, tr), Style.BAD))
    if one.fell_back:
        told = tr.gettext("Open WebUI did not use {name}: {model} answered.")
        yield line(Span(told.format(name=name, model=clean(one.answered)), Style.BAD))
    if one.displaced:
        told = tr.gettext("{name} pushed the chat model out of memory.")
        yield line(Span(told.format(name=name), Style.WARN))
    if one.failed is None and one.usd is None:
        yield line(Span(_why_no_price(one, name, tr), Style.FAINT))


def notes(one: Trial, tr: Translator) -> tuple[str, ...]:
    """The same without their colours."""
    return tuple("".join(span.text for span in told) for told in _notes(one, tr))


def _failed(error: ElbowroomError, name: str, tr: Translator) -> str:
    told = tr.gettext("{name} could not be measured: {reason}")
    return told.format(name=name, reason=error_view.sentence(error, tr))


def cancelled(tr: Translator) -> str:
    return tr.gettext("Cancelled: the task model is as before. What was measured until then stands here.")


def failed(error: ElbowroomError, tr: Translator) -> str:
    """Of a comparison that could not begin."""
    return error_view.told(error, tr)


def _why_no_price(one: Trial, name: str, tr: Translator) -> str:
    if one.entrant.price is None:
        told = tr.gettext("What {name} costs is not known: {host} tells no prices.")
    else:
        told = tr.gettext("What {name} costs is not known: {host} does not count the tokens of an answer.")
    return told.format(name=name, host=clean(one.entrant.host or ""))


# --- what they wrote -------------------------------------------------------------------------


def _written(contest: Contest, tr: Translator) -> Iterator[Line]:
    wrote = [one for one in contest.trials if one.tasks]
    if not wrote:
        return
    names = [called(one.entrant, tr) for one in wrote]
    label = min(LABEL, max(map(width, names)))
    yield line("")
    yield line(Span(written_title(contest, tr), Style.STRONG))
    for task in kinds(contest):
        yield line(Span(setting_name(task, tr), Style.FAINT))
        for one, name in zip(wrote, names, strict=True):
            draft = next((made.draft for made in one.tasks if made.task is task), None)
            if draft is not None:
                yield from _beside(name, label, draft_lines(task, draft, tr), Style.BAD if draft.flaw else Style.PLAIN)
    yield line("")


def written_title(contest: Contest, tr: Translator) -> str:
    return tr.gettext("What they wrote about `{conversation}`").format(conversation=contest.conversation)


def _beside(name: str, label: int, texts: Sequence[str], style: Style) -> Iterator[Line]:
    first, *others = texts
    if width(name) > label:
        yield line(f"  {name}")
        first, others = "", list(texts)
    if first:
        yield line(Span(f"  {pad(name, label)}  ", Style.FAINT), Span(first, style))
    for text in others:
        yield line(" " * (label + 4), Span(text, style))


def draft_lines(task: Setting, draft: Draft, tr: Translator) -> list[str]:
    """The title, the tags in one line, the follow-ups in one each; or what is wrong with it, and how it begins."""
    items = [clean(one) for one in draft.items]
    if draft.flaw is not None:
        wrong = tr.gettext("cannot be used: {reason}").format(reason=_flaw(draft.flaw, tr))
        raw = clean(" ".join(draft.raw.split()), 120)
        return [wrong, raw] if raw else [wrong]
    return [joined(items, tr)] if task is Setting.TAGS else items


def _flaw(flaw: Flaw, tr: Translator) -> str:
    return {
        Flaw.EMPTY: tr.gettext("it is empty"),
        Flaw.NO_JSON: tr.gettext("it is no JSON"),
        Flaw.OTHER_FIELDS: tr.gettext("it is JSON, but not what was asked for"),
        Flaw.TOO_LONG: tr.gettext("it is too long"),
        Flaw.TOO_MANY: tr.gettext("there are too many"),
    }[flaw]


# --- the best --------------------------------------------------------------------------------


def verdict(trials: Sequence[Trial], tr: Translator) -> str:
    """Which is best and why, in a sentence; and what could not be compared."""
    found = best(trials)
    if found.trial is None:
        return tr.gettext("None of them did every task in a form that Open WebUI can use.")
    if found.by is BestBy.ALONE:
        return _alone(found.trial, tr)
    unknown = (_not_known(one, tr) for one in found.unknown)
    return in_turn(_why(found, found.trial, tr), *unknown)


def _why(found: Best, first: Trial, tr: Translator) -> str:
    name = _named(first, tr)
    if found.than is None:
        if found.by is BestBy.ONLY_ABLE:
            return tr.gettext("Best here: {name}, the only one that can do every task.").format(name=name)
        return tr.gettext("No clear difference here: {name} is as good as the others.").format(name=name)
    words = {
        BestBy.SOONER: tr.gettext("Best here: {name}. While tasks run, a chat starts {less} sooner than with {other}."),
        BestBy.QUICKER: tr.gettext(
            "Best here: {name}. With {other} chats start about as soon, but tasks take {less} more."
        ),
        BestBy.CHEAPER: tr.gettext("Best here: {name}. {other} is about as quick and costs up to {less} more."),
        BestBy.SMALLER: tr.gettext("Best here: {name}. {other} is about as quick and takes {less} more memory."),
    }
    return words[found.by].format(name=name, other=_named(found.than, tr), less=_less(found.by, first, found.than, tr))


def _named(one: Trial, tr: Translator) -> str:
    return called(one.entrant, tr) if one.entrant.id else tr.gettext("the chat model itself")


def _less(by: BestBy, first: Trial, other: Trial, tr: Translator) -> str:
    """By how much."""
    match by:
        case BestBy.SOONER:
            return _seconds((other.crowded_token_s or 0.0) - (first.crowded_token_s or 0.0), tr)
        case BestBy.QUICKER:
            return _seconds(other.task_s - first.task_s, tr)
        case BestBy.CHEAPER:
            return usd((other.usd or 0.0) - (first.usd or 0.0), tr)
        case _:
            return format_bytes((other.bytes or 0) - (first.bytes or 0))


def _not_known(by: BestBy, tr: Translator) -> str:
    if by is BestBy.CHEAPER:
        return tr.gettext("Prices are not known of all, so money decides nothing.")
    return tr.gettext("Memory is not known of all, so it decides nothing.")


def _alone(one: Trial, tr: Translator) -> str:
    """With one model alone: whether tasks delay the chat."""
    first, crowded = one.first_token_s, one.crowded_token_s
    if first is None or crowded is None or first > CLEARLY_LESS * crowded or crowded - first < NOTICED_S:
        return tr.gettext("Tasks do not delay the chat here.")
    return tr.gettext("While tasks run, the chat starts {seconds} s later.").format(seconds=f"{crowded - first:.1f}")
