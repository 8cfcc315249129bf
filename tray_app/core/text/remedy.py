"""A remedy in words: what it does, what it brings, why, and the steps where only the user can take them."""

from tray_app.core.text.fit import verdict_words
from tray_app.core.text.lines import Line, Span, Style, clean, line
from tray_app.core.text.tasks import task_words
from tray_app.core.text.text import Translator
from tray_app.core.values.plan import ActionKind
from tray_app.core.values.remedy import Remedy, Strategy
from tray_app.core.values.units import format_bytes


def sentence(remedy: Remedy, tr: Translator) -> str:
    """`Turn follow-ups off`, `Use gemma3:1b for tasks (tight: +0.9 GiB, 1.2 GiB left)`."""
    kind, _, name = remedy.id.partition(":")
    text = _action(kind, remedy, tr).format(
        model=clean(name or remedy.subject), subject=clean(remedy.subject), size=_download(remedy)
    )
    if kind == "task-model" and remedy.fit is not None:
        return tr.gettext("{action} ({verdict})").format(action=text, verdict=verdict_words(remedy.fit, tr))
    return text


def _action(kind: str, remedy: Remedy, tr: Translator) -> str:
    pulls = any(action.kind is ActionKind.PULL for action in remedy.plan.actions)
    words = {
        **{f"{task.value}-off": words.turn_off for task, words in task_words(tr).items()},
        "all-tasks-off": tr.gettext("Turn all background tasks off"),
        "no-thinking-in-tasks": tr.gettext("Do background tasks without thinking first"),
        "task-model": tr.gettext("Download {model} ({size}) and use it for tasks")
        if pulls
        else tr.gettext("Use {model} for tasks"),
        "hosted-task-model": tr.gettext("Use {model} for tasks: chat text then goes to {subject}"),
        "unload": tr.gettext("Unload {model}"),
        "stop-generations": tr.gettext("Stop all answers that are being written now"),
        "context-length": tr.gettext("Give {subject} a smaller context"),
        "kv-cache-type": tr.gettext("Store the context of models more tightly"),
        "num-parallel": tr.gettext("Let Ollama work on one request at a time"),
        "cache-ram": tr.gettext("Limit what Ollama remembers of past prompts"),
    }
    return words.get(kind, kind)


def _download(remedy: Remedy) -> str:
    size = next((action.size_bytes for action in remedy.plan.actions if action.kind is ActionKind.PULL), None)
    return "?" if size is None else format_bytes(size)


WORTH_A_WORD = 0.05
"""Calls a minute that would round to 0.0 are not worth a word."""


def effect(remedy: Remedy, tr: Translator) -> str:
    """`1 call fewer per message`; empty where nothing can be promised."""
    gains = [text for text in (_calls(remedy, tr), _memory(remedy, tr)) if text]
    return ", ".join(gains)


def _calls(remedy: Remedy, tr: Translator) -> str:
    """Calls that are not made any more, or that another model does from now on."""
    made = remedy.effect
    moved = remedy.id.startswith(("task-model:", "hosted-task-model:"))
    if made.calls_per_minute is not None and made.calls_per_minute >= WORTH_A_WORD:
        text = (
            tr.gettext("about {count} calls a minute taken off")
            if moved
            else tr.gettext("{count} calls a minute fewer")
        )
        return text.format(count=_number(made.calls_per_minute))
    if made.calls_per_message:
        count = round(made.calls_per_message)
        if moved:
            text = tr.ngettext("takes {count} call per message off", "takes {count} calls per message off", count)
        else:
            text = tr.ngettext("{count} call fewer per message", "{count} calls fewer per message", count)
        return text.format(count=count)
    if made.calls_per_chat:
        count = round(made.calls_per_chat)
        if moved:
            text = tr.ngettext("takes {count} call per new chat off", "takes {count} calls per new chat off", count)
        else:
            text = tr.ngettext("{count} call fewer per new chat", "{count} calls fewer per new chat", count)
        return text.format(count=count)
    return ""


def _number(count: float) -> str:
    return f"{count:.1f}" if count < 10 else f"{count:.0f}"


def _memory(remedy: Remedy, tr: Translator) -> str:
    size = remedy.effect.memory_bytes
    if not size or remedy.fit is not None:
        return ""  # a verdict tells its own numbers
    if size > 0:
        return tr.gettext("frees about {size}").format(size=format_bytes(size))
    return tr.gettext("needs about {size} more").format(size=format_bytes(-size))


def reason(remedy: Remedy, tr: Translator) -> str:
    """Why this helps here, or what is missing for it; empty for a word that needs no explanation."""
    words = {
        "every-message": tr.gettext("Follow-ups are the one task that runs after every answer."),
        "first-message": tr.gettext("This runs once for every new chat, after its first answer."),
        "beside-answer": tr.gettext("The title is written while the first answer is, and slows it down."),
        "while-typing": tr.gettext("Autocomplete calls the model again and again while you type."),
        "web-search": tr.gettext("Searches then use your message as it is."),
        "files": tr.gettext("Questions about files then use your message as it is."),
        "plain-chat": tr.gettext("Only the chat itself is left."),
        "thinks-before-title": tr.gettext("{subject} thinks before each small task, sometimes for minutes."),
        "fits-beside": tr.gettext("It fits into memory beside the chat model, which then only chats."),
        "barely-fits": tr.gettext("There is little room beside the chat model."),
        "fit-unknown": tr.gettext("Whether it fits beside the chat model is not known."),
        "hosted": tr.gettext("It needs no memory here; titles and the like are written from what {subject} is sent."),
        "ends-answers": tr.gettext("Answers of other users end too."),
        "frees-memory": tr.gettext("It is loaded again with the next message to it."),
        "chat-model-alone-spills": tr.gettext("{subject} does not fit even alone: its context takes too much memory."),
        "long-context": tr.gettext("A smaller context leaves memory for everything else."),
        "smaller-context-memory": tr.gettext("It halves the memory for context with hardly any loss."),
        "slots-reserve-memory": tr.gettext("Every request that may run beside another reserves memory for itself."),
        "prompt-cache": tr.gettext("Ollama keeps up to 8 GiB of past prompts per model."),
        "needs-connect": tr.gettext("Connect to Open WebUI to do this here."),
        "needs-admin": tr.gettext("Only an administrator of Open WebUI can change this."),
    }
    return words.get(remedy.reason, "").format(subject=clean(remedy.subject))


def advice_steps(remedy: Remedy, system: str, tr: Translator) -> list[str]:
    """The exact steps on this platform (linux, darwin, win32) for what needs a restart of Ollama; else none."""
    settings = {
        "context-length": ("OLLAMA_CONTEXT_LENGTH", "4096"),
        "kv-cache-type": ("OLLAMA_KV_CACHE_TYPE", "q8_0"),
        "num-parallel": ("OLLAMA_NUM_PARALLEL", "1"),
        "cache-ram": ("LLAMA_ARG_CACHE_RAM", "512"),
    }
    if remedy.id not in settings:
        return []
    name, value = settings[remedy.id]
    steps = {
        "darwin": [
            tr.gettext("In Terminal: launchctl setenv {name} {value}"),
            tr.gettext("Quit Ollama from its menu and open it again."),
            tr.gettext("After a restart of the Mac, set it again."),
        ],
        "win32": [
            tr.gettext("Quit Ollama from its tray icon."),
            tr.gettext(
                "Settings > System > About > Advanced system settings > Environment variables: new, for your user."
            ),
            tr.gettext("Name {name}, value {value}. Then start Ollama again."),
        ],
    }
    linux = [
        tr.gettext("In a terminal: sudo systemctl edit ollama"),
        tr.gettext('Under [Service] add the line Environment="{name}={value}" and save.'),
        tr.gettext("Then: sudo systemctl restart ollama"),
    ]
    made = [text.format(name=name, value=value) for text in steps.get(system, linux)]
    if remedy.id == "kv-cache-type":
        flash = tr.gettext("Ollama before 0.12.4 needs OLLAMA_FLASH_ATTENTION=1 beside it.")
        made.append(flash)
    return made


def strategy_lines(strategies: tuple[Strategy, ...], tr: Translator) -> list[Line]:
    """The three answers, the one that suits this machine marked, each with its reason."""
    made: list[Line] = []
    for one in strategies:
        mark = Span("> " if one.suits else "  ", Style.GOOD if one.suits else Style.FAINT)
        made.append(line(mark, Span(_strategy_name(one, tr), Style.STRONG if one.suits else Style.PLAIN)))
        made.append(line(Span(f"    {strategy_reason(one, tr)}", Style.FAINT)))
    return made


def _strategy_name(one: Strategy, tr: Translator) -> str:
    words = {
        "small-model": tr.gettext("A small model of your own for tasks"),
        "hosted-model": tr.gettext("A hosted model for tasks"),
        "fewer-tasks": tr.gettext("Fewer tasks"),
    }
    return words.get(one.name, one.name)


def strategy_reason(one: Strategy, tr: Translator) -> str:
    """Why it suits this machine or does not."""
    words = {
        "fits-beside": tr.gettext("{subject} fits into memory beside the chat model."),
        "no-small-model-fits": tr.gettext("None of the small models fits into memory beside the chat model."),
        "memory-pressure": tr.gettext("{subject} might fit, but memory is under pressure now."),
        "available-memory": tr.gettext("{subject} might fit, but little memory is available now."),
        "budget": tr.gettext("{subject} would fill almost all that is left for models."),
        "fit-unknown": tr.gettext("Whether {subject} fits beside the chat model is not known."),
        "listed-already": tr.gettext("Open WebUI already lists a model at {subject}; chat text would be sent there."),
        "none-listed": tr.gettext("Open WebUI lists no hosted model. It needs an account there and a good connection."),
        "nothing-fits": tr.gettext("It helps at once, needs no memory and is easily taken back."),
        "small-model-is-better": tr.gettext("Possible, but here you can keep all tasks."),
        "nothing-to-switch-off": tr.gettext("No task can be switched off, or none is on."),
    }
    return words.get(one.reason, "").format(subject=clean(one.subject))
