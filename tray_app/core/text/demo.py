"""The words of the demo: who plays, what happens scene by scene, and what it comes to."""

from collections.abc import Sequence

from msgspec import Struct

from tray_app.core.text import remedy as remedy_view
from tray_app.core.text.level import level_word
from tray_app.core.text.lines import Line, Span, Style, in_turn, line, pad, width
from tray_app.core.text.plan import value_word
from tray_app.core.text.status import level_style, pressure_style
from tray_app.core.text.tasks import setting_name, tasks_named
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import listed, pressure_word
from tray_app.core.values.finding import Level
from tray_app.core.values.plan import Change
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.snapshot import Pressure
from tray_app.core.values.task_settings import Setting

INDENT = "   "
BAR_COLUMNS = 16


class StorySide(Struct, frozen=True):
    """One column of the last table: what the second message met."""

    first_word_s: float
    calls_before: int
    calls: int
    tasks_on: int


def opening(tr: Translator) -> list[Line]:
    """What is real and what is played."""
    return [
        line(Span(tr.gettext("Elbowroom demo"), Style.STRONG)),
        line(tr.gettext("A 32 GB Mac with qwen3:32b in Ollama, and Open WebUI 0.12.4. One person chats.")),
        line(
            Span(
                tr.gettext("Simulated: both servers and the Mac's memory. Real: everything Elbowroom does."),
                Style.FAINT,
            )
        ),
    ]


def scene(number: int, tr: Translator) -> Line:
    """The title of a scene; 1 to 8."""
    titles = (
        tr.gettext("You chat. Open WebUI sends its background tasks to the same model."),
        tr.gettext("Elbowroom says what is wrong, and what helps."),
        tr.gettext("The quickest help: no background tasks."),
        tr.gettext("You miss them? Every change can be undone."),
        tr.gettext("The usual advice is a small model for the tasks. Would a 3B do here?"),
        tr.gettext("A model that fits beside the chat model: all tasks stay on."),
        tr.gettext("Chat first: all tasks on the large model, and none stands before you."),
        tr.gettext("Every step can be taken back. The result."),
    )
    return line(Span(f"{number}  ", Style.FAINT), Span(titles[number - 1], Style.STRONG))


def clock(seconds: float) -> str:
    """`0:07`, by the story's own clock."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _at(seconds: float, what: str, *more: str | Span) -> Line:
    return line(Span(f"{INDENT}{clock(seconds):>5}  ", Style.FAINT), what, *more)


def question(number: int, tr: Translator) -> str:
    """What the person asks; the first or the second message."""
    return (
        tr.gettext("Why does my computer slow down while you answer?"),
        tr.gettext("How much of that is memory, and how much is the model?"),
    )[number]


def asks(seconds: float, number: int, tr: Translator) -> Line:
    return _at(seconds, tr.gettext("You ask: {question}").format(question=question(number, tr)))


def in_front(tasks: Sequence[Setting], tr: Translator) -> Line:
    """Who stands in the queue before the message."""
    if not tasks:
        return line(INDENT + "       ", Span(tr.gettext("Nothing is ahead of you."), Style.GOOD))
    return line(INDENT + "       ", Span(_in_front(tasks, tr), Style.WARN))


def _in_front(tasks: Sequence[Setting], tr: Translator) -> str:
    text = tr.ngettext(
        "{count} background call is ahead of you: {tasks}",
        "{count} background calls are ahead of you: {tasks}",
        len(tasks),
    )
    return text.format(count=len(tasks), tasks=tasks_named(tasks, tr))


def waiting(seconds: float, tr: Translator) -> str:
    """While the first word is not there; written over again and again."""
    return INDENT + "       " + tr.gettext("no word yet, {seconds} s").format(seconds=f"{seconds:.1f}")


SLOW_S = 3.0
"""A first word later than this feels slow."""


def first_word(at: float, seconds: float, tr: Translator) -> Line:
    text = tr.gettext("First word after {seconds} s").format(seconds=f"{seconds:.1f}")
    return _at(at, "", Span(text, Style.BAD if seconds > SLOW_S else Style.GOOD))


def drained(seconds: float, tr: Translator) -> Line:
    text = tr.gettext("What was already queued is answered first. Now the queue is empty.")
    return _at(seconds, text)


def again(tr: Translator) -> Line:
    return line(INDENT + "       ", tr.gettext("The same two messages again, in a new chat."))


def moment(
    seconds: float, requests: tuple[int | None, int | None], pressure: Pressure | None, level: Level, tr: Translator
) -> Line:
    """One look as one line: level, requests (running, waiting; None: not known), pressure."""
    running, waits = requests
    counts = tr.gettext("{running} running, {waiting} waiting").format(
        running="?" if running is None else running, waiting="?" if waits is None else waits
    )
    words = pressure_word(pressure, tr) if pressure else "?"
    return _at(
        seconds,
        "",
        Span(level_word(level, tr), level_style(level)),
        f"   {counts}   ",
        Span(tr.gettext("memory pressure {pressure}").format(pressure=words), pressure_style(pressure)),
    )


def command(text: str) -> Line:
    """The command a person would type."""
    return line(Span(f"{INDENT}$ ", Style.FAINT), Span(text, Style.STRONG))


def chosen(remedy: Remedy, tr: Translator) -> Line:
    effect = remedy_view.effect(remedy, tr)
    told = remedy_view.sentence(remedy, tr)
    return line(INDENT, Span(f"> {told}", Style.GOOD), Span(f"  {effect}" if effect else "", Style.FAINT))


def done(changes: Sequence[Change], tr: Translator) -> list[Line]:
    """What the server holds now: settings with the same step share a line."""
    steps: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        step = value_word(change.setting, change.before, tr), value_word(change.setting, change.after, tr)
        steps.setdefault(step, []).append(setting_name(change.setting, tr))
    return [
        line(
            INDENT,
            Span("ok ", Style.GOOD),
            tr.gettext("{setting}: {before} -> {after}").format(setting=listed(names, tr), before=was, after=now),
        )
        for (was, now), names in steps.items()
    ]


def verified(tr: Translator) -> Line:
    return line(INDENT, Span(tr.gettext("Read back from Open WebUI: it is set as planned."), Style.FAINT))


def led_through(tr: Translator) -> Line:
    """Chat first is on."""
    text = tr.gettext("Open WebUI asks Ollama through Elbowroom's relay. Read back.")
    return line(INDENT, Span("ok ", Style.GOOD), text)


def led_back(tr: Translator) -> Line:
    """Chat first is off again."""
    text = tr.gettext("Open WebUI asks Ollama directly again; the relay has ended.")
    return line(INDENT, Span("ok ", Style.GOOD), text)


def held(tasks: Sequence[Setting], tr: Translator) -> Line:
    """What waits in the relay while somebody chats."""
    text = tr.gettext("The relay holds back: {tasks}").format(tasks=tasks_named(tasks, tr))
    return line(INDENT + "       ", text)


def done_later(seconds: float, tasks: Sequence[Setting], tr: Translator) -> Line:
    """What ran after the answer."""
    text = tr.ngettext(
        "After your answer {count} background call was done: {tasks}",
        "After your answer {count} background calls were done: {tasks}",
        len(tasks),
    )
    return _at(seconds, text.format(count=len(tasks), tasks=tasks_named(tuple(dict.fromkeys(tasks)), tr)))


def foreseen(tr: Translator) -> Line:
    """After the verdict on the model that does not fit."""
    return line(
        INDENT,
        tr.gettext("Every title would load it, and then the chat model again. Elbowroom does not offer it here."),
    )


def receipt(before: StorySide, now: StorySide, tr: Translator) -> list[Line]:
    """Two columns with bars, as long as their numbers."""

    def seconds(value: float) -> tuple[float, str]:
        return value, tr.gettext("{seconds} s").format(seconds=f"{value:.1f}")

    def count(value: int) -> tuple[float, str]:
        return value, str(value)

    rows = (
        (tr.gettext("First word after"), seconds(before.first_word_s), seconds(now.first_word_s)),
        (tr.gettext("Calls ahead of yours"), count(before.calls_before), count(now.calls_before)),
        (tr.gettext("Calls to the chat model"), count(before.calls), count(now.calls)),
        (tr.gettext("Tasks switched on"), count(before.tasks_on), count(now.tasks_on)),
    )
    label = max(width(name) for name, *_ in rows) + 2
    cell = BAR_COLUMNS + 8
    head = INDENT + " " * label + pad(tr.gettext("before"), cell) + tr.gettext("now")
    made = [line(Span(head, Style.FAINT))]
    for name, was, is_ in rows:
        most = max(was[0], is_[0])
        worse = was[0] > is_[0]
        made.append(
            line(
                INDENT + pad(name, label),
                Span(_cell(was, most, cell), Style.BAD if worse else Style.PLAIN),
                Span(_cell(is_, most, cell).rstrip(), Style.GOOD if worse else Style.PLAIN),
            )
        )
    return made


def _cell(number: tuple[float, str], most: float, columns: int) -> str:
    value, text = number
    bar = "#" * max(1 if value else 0, round(value / most * BAR_COLUMNS)) if most else ""
    return pad(pad(text, 7) + bar, columns)


def closing(tr: Translator) -> list[Line]:
    return [
        line(""),
        line(tr.gettext("That was the demo. With your own Open WebUI:")),
        command(typed(tr, "connect", "http://127.0.0.1:8080")),
        command(typed(tr, "status")),
        command(typed(tr, "fix")),
    ]


def tray_opening(tr: Translator) -> tuple[str, str]:
    """Title and body of the notice that begins the story in the tray."""
    return tr.gettext("Elbowroom demo"), tr.gettext(
        "You chat with qwen3:32b on a simulated 32 GB Mac. Try the menu: nothing here touches your own servers."
    )


def tray_wait(
    seconds: float, before: Sequence[Setting], slow: float | None, tr: Translator, held: Sequence[Setting] = ()
) -> tuple[str, str]:
    """What stood before a message. `slow`: how long the first one waited, before anything was changed; `held`: what
    waits in the relay of chat first."""
    head = tr.gettext("Demo: first word after {seconds} s").format(seconds=f"{seconds:.1f}")
    stood = (
        tr.ngettext(
            "{count} background call was ahead of it: {tasks}.",
            "{count} background calls were ahead of it: {tasks}.",
            len(before),
        ).format(count=len(before), tasks=tasks_named(before, tr))
        if before
        else tr.gettext("Nothing was ahead of your message.")
    )
    if held:
        tasks = tasks_named(tuple(dict.fromkeys(held)), tr)
        stood = in_turn(stood, tr.gettext("The relay holds back {tasks} while you chat.").format(tasks=tasks))
    if slow is None:
        return head, stood
    return head, in_turn(stood, tr.gettext("Earlier it was {seconds} s.").format(seconds=f"{slow:.1f}"))


def unclear(tr: Translator) -> str:
    return tr.gettext("This machine is too busy to play the demo; run it again later.")
