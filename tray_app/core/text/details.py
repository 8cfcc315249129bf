"""What only the details page says: its headings, its labels, and the state of what it shows."""

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed


def words(tr: Translator) -> dict[str, str]:
    """Every heading and label, by the name that the page gives it."""
    return {
        "title": tr.gettext("Elbowroom: details"),
        "best": tr.gettext("Best fix"),
        "more_fixes": tr.gettext("More fixes"),
        "what_changes": tr.gettext("What exactly changes"),
        "how": tr.gettext("How to do it"),
        "now": tr.gettext("At the model now"),
        "hosts": tr.gettext("Ollamas side by side"),
        "ollama": "Ollama",
        "level": tr.gettext("Level"),
        "running": tr.gettext("Running"),
        "waiting": tr.gettext("Waiting"),
        "models": tr.gettext("Models"),
        "request": tr.gettext("request"),
        "model": tr.gettext("model"),
        "state": tr.gettext("state"),
        "since": tr.gettext("since"),
        "tasks": tr.gettext("Background tasks"),
        "task_model": tr.gettext("Task model"),
        "in_use": tr.gettext("in use"),
        "use": tr.gettext("Use it"),
        "get_model": tr.gettext("Get a small model"),
        "receipt": tr.gettext("What the last change brought"),
        "figure": tr.gettext("figure"),
        "before": tr.gettext("before"),
        "after": tr.gettext("after"),
        "change": tr.gettext("change"),
        "difference": tr.gettext("difference"),
        "journal": tr.gettext("Changes"),
        "when": tr.gettext("when"),
        "undo": tr.gettext("undo"),
        **_ways_words(tr),
        "settings": tr.gettext("Settings"),
        "settings_intro": tr.gettext(
            "What is saved here is written into settings.toml; comments and everything else in it stay as they are."
        ),
        "settings_unread": tr.gettext("The settings file cannot be read, so it is left alone."),
        "save": tr.gettext("Save"),
        "discard": tr.gettext("Discard"),
        "close": tr.gettext("Cancel"),
        "copied": tr.gettext("Copied"),
        "gone": gone(tr),
        "late": tr.gettext("Elbowroom does not answer. What is shown here is old."),
    }


def _ways_words(tr: Translator) -> dict[str, str]:
    """Of the answers side by side, of the form for a hosted model and of the comparison."""
    return {
        "ways": tr.gettext("Which way?"),
        "suits": tr.gettext("suits this machine"),
        "hosted": tr.gettext("A hosted model"),
        "add_hosted": tr.gettext("Add a hosted model..."),
        "address": tr.gettext("Address"),
        "address_hint": tr.gettext(
            "openrouter.ai, https://api.openai.com/v1, or another machine of yours: nas.local:11434"
        ),
        "key": tr.gettext("Key"),
        "key_hint": tr.gettext("Open WebUI keeps it, Elbowroom does not. Empty where none is needed."),
        "list_models": tr.gettext("List its models"),
        "search": tr.gettext("Search"),
        "price": tr.gettext("USD per 1M tokens, in / out"),
        "show_plan": tr.gettext("Show what would change"),
        "try_and_add": tr.gettext("Send a test title, then add it"),
        "another_model": tr.gettext("Another model"),
        "another_place": tr.gettext("Another address"),
        "compare": tr.gettext("Compare task models"),
        "which_models": tr.gettext("Models to compare"),
        "start_compare": tr.gettext("Compare"),
    }


def undo_word(tr: Translator) -> str:
    return tr.gettext("Undo")


def gone(tr: Translator) -> str:
    """Of a page whose app has ended, or that was left for long."""
    return tr.gettext(
        "This page is over: Elbowroom has ended, or nobody looked for long. "
        "Choose Details... in its menu, or type {command}"
    ).format(command=typed(tr, "details"))


def no_longer(tr: Translator) -> str:
    """Of a button whose meaning is not known any more."""
    return tr.gettext("This is no longer offered. Look at the page again.")


def no_browser(tr: Translator) -> str:
    return tr.gettext("No browser opened the details page. In a terminal: {command}").format(command=typed(tr, "watch"))


def opened(tr: Translator) -> str:
    return tr.gettext("The details page opens in your browser.")


def stays_open(tr: Translator) -> str:
    """Of a command that serves the page itself, as no tray app runs."""
    return tr.gettext(
        "The details page opens in your browser. It ends a few minutes after its last tab was closed, "
        "or with Ctrl+C here."
    )


def page_is_about(url: str, tr: Translator) -> str:
    """Where several Ollamas are shown side by side."""
    return tr.gettext("Everything else on this page is about {url}.").format(url=clean(url))


def looked_at_now(tr: Translator) -> str:
    """Of an Ollama that nobody has looked at yet."""
    return tr.gettext("Looking...")


def nobody(tr: Translator) -> str:
    return tr.gettext("Nobody is at a model now.")


def running_untold(count: int, tr: Translator) -> str:
    text = tr.ngettext(
        "{count} request runs; what it is for is not known.",
        "{count} requests run; what they are for is not known.",
        count,
    )
    return text.format(count=count)


def wait_untold(count: int, tr: Translator, *, at_least: bool = False) -> str:
    """Those that wait, where nobody tells them one by one. `at_least`: there may be more."""
    if at_least:
        text = tr.ngettext("At least {count} request waits.", "At least {count} requests wait.", count)
    else:
        text = tr.ngettext("{count} request waits.", "{count} requests wait.", count)
    return text.format(count=count)


def waiting_unknown(why: str, tr: Translator) -> str:
    return tr.gettext("How many wait: {state}.").format(state=why)


def state_word(state: str, tr: Translator) -> str:
    """Of a request: it runs, waits at Ollama, or is held so that a chat goes first."""
    return {"running": tr.gettext("runs"), "waits": tr.gettext("waits"), "held": tr.gettext("held back")}[state]


def seconds(count: float, tr: Translator) -> str:
    """`6 s`, `2 min`."""
    if count < 120:
        return tr.gettext("{seconds} s").format(seconds=f"{max(0.0, count):.0f}")
    return tr.gettext("{minutes} min").format(minutes=f"{count / 60:.0f}")


def settings_unknown(tr: Translator) -> str:
    return tr.gettext("Open WebUI's task settings are not known.")


def only_told(tr: Translator) -> str:
    return tr.gettext("This sign-in may look, not change: connect as an administrator to switch tasks here.")


def no_switch(tr: Translator) -> str:
    return tr.gettext("no switch in this version")


def not_usable(tr: Translator) -> str:
    return tr.gettext("not usable, the chat model does the tasks")


def chat_first_note(tr: Translator) -> str:
    return tr.gettext("All tasks stay on, and none stands before a chat.")


def older_changes(count: int, tr: Translator) -> str:
    text = tr.ngettext(
        "{count} older change; {command} shows all.", "{count} older changes; {command} shows all.", count
    )
    return text.format(count=count, command=typed(tr, "journal"))


def group_title(name: str, tr: Translator) -> str:
    """Of a table of the settings file; the keys outside of all are general."""
    titles = {
        "limits": tr.gettext("Thresholds and times"),
        "chat_first": tr.gettext("Chat first"),
        "task_models": tr.gettext("A model for each task"),
    }
    return titles.get(name, tr.gettext("General"))


def unit(key: str, tr: Translator) -> str:
    """What a setting is measured in, as the end of its key tells."""
    units = {
        "_bytes_per_s": tr.gettext("bytes per second"),
        "_per_s": tr.gettext("per second"),
        "_bytes": tr.gettext("bytes"),
        "_percent": "%",
        "_s": tr.gettext("seconds"),
    }
    return next((word for end, word in units.items() if key.endswith(end)), "")


def number(value: float) -> str:
    """`5`, `0.8`, `20000000`: as it is typed."""
    return str(int(value)) if float(value).is_integer() else str(value)


def bounds(low: float, high: float, default: float, tr: Translator) -> str:
    return tr.gettext("{low} to {high}, by default {default}").format(
        low=number(low), high=number(high), default=number(default)
    )


def choice_word(key: str, value: str, tr: Translator) -> str:
    """Of a setting with a few values that have no name of their own."""
    words = {
        ("language", ""): tr.gettext("Same as the system"),
        ("icon", ""): tr.gettext("As chosen in the menu"),
        ("icon", "always"): tr.gettext("Always there"),
        ("icon", "when-tight"): tr.gettext("Only when something is wrong"),
    }
    return words.get((key, value), value)


def not_a_value(key: str, given: str, tr: Translator) -> str:
    return tr.gettext("`{given}` is no value for `{key}`; nothing was saved.").format(
        key=clean(key), given=clean(given, 60)
    )


def saved(count: int, tr: Translator) -> str:
    text = tr.ngettext("{count} setting was saved.", "{count} settings were saved.", count)
    return text.format(count=count)
