"""A remedy in words: what it does, what it brings, why, and the steps where only the user can take them."""

from tray_app.core.text.fit import verdict_words
from tray_app.core.text.lines import clean
from tray_app.core.text.tasks import task_words
from tray_app.core.text.text import Translator
from tray_app.core.text.words import joined, size
from tray_app.core.values.remedy import (
    Advice,
    AdviceKind,
    AllTasksOff,
    EndRunner,
    HostedModel,
    NoThinking,
    PutChatsFirst,
    Reason,
    Remedy,
    SameAsChat,
    StopGenerations,
    SwitchOff,
    UnloadModel,
    UseModel,
)
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import format_bytes


def sentence(remedy: Remedy, tr: Translator) -> str:
    """`Turn follow-ups off`, `Use gemma3:1b for tasks (tight: +0.9 GiB, 1.2 GiB left)`."""
    match remedy:
        case SwitchOff(task=task):
            text = task_words(task, tr).turn_off
        case PutChatsFirst() | AllTasksOff() | SameAsChat() | NoThinking():
            text = _for_all_tasks(remedy, tr)
        case UseModel():
            text = _use_model(remedy, tr)
        case HostedModel(model=model, host=host):
            text = tr.gettext("Use {model} for tasks: chat text then goes to {subject}")
            text = text.format(model=clean(model), subject=clean(host))
        case UnloadModel() | EndRunner():
            text = _frees(remedy, tr)
        case StopGenerations():
            text = tr.gettext("Stop all answers that are being written now")
        case Advice():
            text = _advice(remedy, tr)
        case _:
            raise NotImplementedError(remedy.id)
    return text


def _for_all_tasks(remedy: PutChatsFirst | AllTasksOff | SameAsChat | NoThinking, tr: Translator) -> str:
    match remedy:
        case PutChatsFirst():
            return tr.gettext("Chat first: keep all tasks, none before a chat")
        case AllTasksOff():
            return tr.gettext("Turn all background tasks off")
        case SameAsChat():
            return tr.gettext("Run tasks on the chat model again")
        case NoThinking():
            return tr.gettext("Skip thinking in background tasks")


def _frees(remedy: UnloadModel | EndRunner, tr: Translator) -> str:
    left = isinstance(remedy, EndRunner)
    text = tr.gettext("End the runner of {model} that was left behind") if left else tr.gettext("Unload {model}")
    return text.format(model=clean(remedy.model))


def _use_model(remedy: UseModel, tr: Translator) -> str:
    get = remedy.download
    text = tr.gettext("Download {model} ({size}) and use it for tasks") if get else tr.gettext("Use {model} for tasks")
    text = text.format(model=clean(remedy.model), size=size(get.size_bytes) if get else "")
    if remedy.fit is None:
        return text
    return tr.gettext("{action} ({verdict})").format(action=text, verdict=verdict_words(remedy.fit, tr))


def _advice(remedy: Advice, tr: Translator) -> str:
    return {
        AdviceKind.CONTEXT_LENGTH: tr.gettext("Give {subject} a smaller context"),
        AdviceKind.KV_CACHE_TYPE: tr.gettext("Compress the context cache of models"),
        AdviceKind.NUM_PARALLEL: tr.gettext("Let Ollama work on one request at a time"),
        AdviceKind.CACHE_RAM: tr.gettext("Limit what Ollama remembers of past prompts"),
        AdviceKind.MAX_LOADED_MODELS: tr.gettext("Let Ollama keep two models in memory"),
        AdviceKind.KEEP_ALIVE: tr.gettext("Let Ollama free idle models sooner"),
    }[remedy.kind].format(subject=clean(remedy.model))


def sentence_with_effect(remedy: Remedy, tr: Translator) -> str:
    """`Turn follow-ups off (1 fewer call per message)`; a verdict stands for the effect."""
    said, brings = sentence(remedy, tr), effect(remedy, tr)
    told = isinstance(remedy, UseModel) and remedy.fit is not None
    return f"{said} ({brings})" if brings and not told else said


WORTH_A_WORD = 0.05
"""Calls a minute that would round to 0.0 are not worth a word."""


def effect(remedy: Remedy, tr: Translator) -> str:
    """`1 fewer call per message`; empty where nothing can be promised."""
    gains = [text for text in (_calls(remedy, tr), _memory(remedy, tr)) if text]
    return joined(gains, tr)


def _calls(remedy: Remedy, tr: Translator) -> str:
    """Calls that are not made any more, or that another model does from now on."""
    made = remedy.effect
    if isinstance(remedy, SwitchOff) and remedy.task is Setting.AUTOCOMPLETE:
        yours = remedy.reason is Reason.WHILE_TYPING
        return tr.gettext("no calls while you type") if yours else tr.gettext("no calls while somebody types")
    if made.calls_per_minute is not None and made.calls_per_minute >= WORTH_A_WORD:
        text, shown = tr.gettext("about {count} fewer calls per minute"), _number(made.calls_per_minute)
    elif isinstance(remedy, AllTasksOff) and made.calls_per_chat:
        count = round(made.calls_per_chat)
        text = tr.ngettext("up to {count} fewer call per message", "up to {count} fewer calls per message", count)
        shown = str(count)
    elif made.calls_per_message:
        count = round(made.calls_per_message)
        text = tr.ngettext("{count} fewer call per message", "{count} fewer calls per message", count)
        shown = str(count)
    elif made.calls_per_chat:
        count = round(made.calls_per_chat)
        text = tr.ngettext("{count} fewer call per new chat", "{count} fewer calls per new chat", count)
        shown = str(count)
    else:
        return ""
    counted = text.format(count=shown)
    moved = isinstance(remedy, UseModel | HostedModel)
    return tr.gettext("{effect} on the chat model").format(effect=counted) if moved else counted


def _number(count: float) -> str:
    return f"{count:.1f}" if count < 10 else f"{count:.0f}"


def _memory(remedy: Remedy, tr: Translator) -> str:
    saved = remedy.effect.memory_bytes
    if not saved or remedy.fit is not None:
        return ""  # a verdict tells its own numbers
    if saved > 0:
        return tr.gettext("frees about {size}").format(size=format_bytes(saved))
    return tr.gettext("needs about {size} more").format(size=format_bytes(-saved))


def reason(remedy: Remedy, tr: Translator) -> str:
    """Why this helps here, or what is missing for it."""
    words = {
        Reason.TASKS_WAIT: tr.gettext(
            "Nothing is lost and no second model is needed: titles, tags and follow-ups come as soon as nobody waits."
        ),
        Reason.EVERY_MESSAGE: tr.gettext("Follow-ups are the one task that runs after every answer."),
        Reason.FIRST_MESSAGE: tr.gettext("This runs once for every new chat, after its first answer."),
        Reason.BESIDE_ANSWER: tr.gettext("The title is written while the first answer is, and slows it down."),
        Reason.WHILE_TYPING: tr.gettext("Autocomplete calls the model again and again while you type."),
        Reason.WHERE_SWITCHED_ON: tr.gettext(
            "Autocomplete calls the model while those type who switched it on for themselves."
        ),
        Reason.WEB_SEARCH: tr.gettext("Searches then use your message as it is."),
        Reason.FILES: tr.gettext("Questions about files then use your message as it is."),
        Reason.PLAIN_CHAT: tr.gettext("Only the chat itself is left."),
        Reason.SOME_HAVE_NO_SWITCH: tr.gettext("Tasks without a switch in this version of Open WebUI go on."),
        Reason.THINKS_BEFORE_TITLE: tr.gettext("{subject} thinks before each small task, sometimes for minutes."),
        Reason.TAKES_ITS_PLACE: tr.gettext(
            "{subject} and the chat model take each other's place in memory; then one model does both."
        ),
        Reason.NO_ROOM_FOR_BOTH: tr.gettext(
            "Beside the chat model {subject} would run on the slow CPU; then one model does both."
        ),
        Reason.FITS_BESIDE: tr.gettext("It fits into memory beside the chat model, which then only chats."),
        Reason.BARELY_FITS: tr.gettext("There is little room beside the chat model."),
        Reason.MEMORY_IS_SHORT: tr.gettext("It might fit beside the chat model, but memory is under pressure now."),
        Reason.FIT_UNKNOWN: tr.gettext("Whether it fits beside the chat model is not known."),
        Reason.HOSTED: tr.gettext(
            "It needs no memory here; titles and the like are written from what {subject} is sent."
        ),
        Reason.HOSTED_HERE: tr.gettext("Its server runs on this computer too: what it takes here is not known."),
        Reason.ENDS_ANSWERS: tr.gettext("What was not written yet is lost."),
        Reason.ENDS_ANSWERS_OF_ALL: tr.gettext("Answers of other users end too."),
        Reason.MAY_END_ANSWERS_OF_OTHERS: tr.gettext("Where others use this Open WebUI, their answers end too."),
        Reason.SERVES_NOBODY: tr.gettext("The Ollama that started it has ended; no answer is lost."),
        Reason.FREES_MEMORY: tr.gettext("It is loaded again with the next message to it."),
        Reason.CHAT_MODEL_ALONE_SPILLS: tr.gettext(
            "{subject} does not fit even alone; with a smaller context less of it runs on the slow CPU."
        ),
        Reason.CONTEXT_SPILLS: tr.gettext("{subject} does not fit even alone: its context takes too much memory."),
        Reason.LONG_CONTEXT: tr.gettext("A smaller context leaves memory for everything else."),
        Reason.SMALLER_CONTEXT_MEMORY: tr.gettext("It halves the memory for context with hardly any loss."),
        Reason.SLOTS_RESERVE_MEMORY: tr.gettext(
            "Every request that may run beside another reserves memory for itself."
        ),
        Reason.ONE_MODEL_ONLY: tr.gettext("It was told to keep one, so that chat and task model evict each other."),
        Reason.MODELS_STAY: tr.gettext("A model stays for five minutes after its last request unless told otherwise."),
        Reason.PROMPT_CACHE: tr.gettext("Unless told otherwise, Ollama keeps up to 8 GiB of past prompts per model."),
        Reason.NEEDS_CONNECT: tr.gettext("Connect to Open WebUI to do this here."),
        Reason.NEEDS_NEW_SIGN_IN: tr.gettext("Open WebUI refuses the sign-in: sign in anew to do this here."),
        Reason.NEEDS_ADMIN: tr.gettext("Only an administrator of Open WebUI can change this."),
        Reason.SETTINGS_UNREAD: tr.gettext("Open WebUI's task settings could not be read now, so they are left alone."),
    }
    return words[remedy.reason].format(subject=clean(remedy.subject))
