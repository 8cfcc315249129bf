"""The words of the demo: who plays, and what happens scene by scene."""

from tray_app.core.text import remedy as remedy_view
from tray_app.core.text.level import level_word
from tray_app.core.text.lines import Line, Span, Style, clean, line
from tray_app.core.text.status import level_style, pressure_style
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import pressure_word
from tray_app.core.values.finding import Level
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.snapshot import Pressure


def opening(tr: Translator) -> list[Line]:
    """What is real and what is played."""
    return [
        line(Span(tr.gettext("Elbowroom demo"), Style.STRONG)),
        line(tr.gettext("A 32 GB Mac with qwen3:32b in Ollama and Open WebUI 0.12.4, as stand-ins on this machine.")),
        line(
            Span(
                tr.gettext(
                    "Played: the two servers and the memory of the Mac. Real: everything Elbowroom does with them."
                ),
                Style.FAINT,
            )
        ),
        line(""),
    ]


def scene(number: int, tr: Translator) -> Line:
    """The title of a scene; 1 to 6."""
    titles = (
        tr.gettext("Quiet: the model is loaded and nobody asks anything."),
        tr.gettext("You start a chat. Open WebUI sends title, tags, follow-ups and autocomplete to the same model."),
        tr.gettext("Elbowroom says what is wrong, and what helps."),
        tr.gettext("One command makes the change, through Open WebUI's admin API, and checks it."),
        tr.gettext("The same chat again."),
        tr.gettext("And back: every change can be undone."),
    )
    return line(Span(f"{number}  ", Style.FAINT), Span(titles[number - 1], Style.STRONG))


def moment(
    seconds: float, requests: tuple[int | None, int | None], pressure: Pressure | None, level: Level, tr: Translator
) -> Line:
    """One poll as one line: time, requests (running, waiting; None: not known), pressure, level."""
    running, waiting = requests
    counts = tr.gettext("{running} running, {waiting} waiting").format(
        running="?" if running is None else running, waiting="?" if waiting is None else waiting
    )
    words = pressure_word(pressure, tr) if pressure else "?"
    return line(
        Span(f"   {seconds:4.0f} s  ", Style.FAINT),
        f"{counts}   ",
        Span(tr.gettext("memory pressure {pressure}").format(pressure=words), pressure_style(pressure)),
        "   ",
        Span(level_word(level, tr), level_style(level)),
    )


def command(text: str) -> Line:
    """The command a person would type."""
    return line(Span("   $ ", Style.FAINT), Span(text, Style.STRONG))


def chosen(remedy: Remedy, tr: Translator) -> Line:
    effect = remedy_view.effect(remedy, tr)
    return line(
        "   ", Span(remedy_view.sentence(remedy, tr), Style.GOOD), Span(f"  {effect}" if effect else "", Style.FAINT)
    )


def press_enter(tr: Translator) -> str:
    return tr.gettext("Press Enter to go on")


def receipt(before: float, after: float, tr: Translator) -> list[Line]:
    """The effect, counted at the server: calls that one message costs the chat model."""
    text = tr.gettext("Calls to qwen3:32b for each message: {before} before, {after} after.").format(
        before=f"{before:.1f}", after=f"{after:.1f}"
    )
    return [line("   ", Span(text, Style.GOOD))]


def closing(tr: Translator) -> list[Line]:
    return [
        line(""),
        line(tr.gettext("That was the demo. With your own Open WebUI:")),
        command(typed(tr, "connect", "http://127.0.0.1:8080")),
        command(typed(tr, "status")),
        command(typed(tr, "fix")),
    ]


def unclear(tr: Translator) -> str:
    return tr.gettext("The overload did not build up on this machine in time; run the demo again.")


def held(name: str, tr: Translator) -> str:
    """What the server itself says after the undo."""
    return tr.gettext("Open WebUI holds again: tasks on: {tasks}").format(tasks=clean(name))
