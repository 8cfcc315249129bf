"""Which way to go: the answers to the problem in words, from the same facts for terminal, menu and page."""

from collections.abc import Iterable

from tray_app.core.remedies.strategy import Reach, Strategy, StrategyReason
from tray_app.core.text.fit import verdict_words
from tray_app.core.text.hosted import first_step
from tray_app.core.text.lines import Line, Span, Style, clean, in_turn, line
from tray_app.core.text.tasks import setting_name
from tray_app.core.text.text import Translator
from tray_app.core.text.text import later as _
from tray_app.core.text.typed import typed
from tray_app.core.text.words import joined, listed
from tray_app.core.values.remedy import StrategyKind, UseModel

_REASONS = {
    StrategyReason.FITS_BESIDE: _("{subject} fits into memory beside the chat model."),
    StrategyReason.NO_SMALL_MODEL_FITS: _("None of the small models fits into memory beside the chat model."),
    StrategyReason.ONE_AT_A_TIME: _(
        "Ollama is set to hold only so many models at a time (OLLAMA_MAX_LOADED_MODELS): each task would push the "
        "chat model out."
    ),
    StrategyReason.NONE_TO_TRY: _("Open WebUI lists no small model of this Ollama."),
    StrategyReason.NEW_ARE_NOT_LISTED: _(
        "Open WebUI lists no small model of this Ollama, and would not list a new one by itself."
    ),
    StrategyReason.CHAT_MODEL_IS_SMALL: _("The chat model is small itself: none is clearly smaller."),
    StrategyReason.IN_USE: _("{subject} does the tasks already."),
    StrategyReason.FITS_BUT_THINKS: _(
        "{subject} fits, but thinks before each task, and this version of Open WebUI cannot tell it not to."
    ),
    StrategyReason.HOSTED_NOT_FOR_TASKS: _(
        "Open WebUI lists models of other servers, but none that suits: not for text, or not clearly smaller."
    ),
    StrategyReason.HOSTED_NOT_FOR_ALL: _("Open WebUI lists hosted models, but not for everybody who uses it."),
    StrategyReason.FITS_BUT_PRIVATE: _(
        "{subject} fits, but only admins may use it: make it public in Open WebUI's Admin Panel > Settings > Models."
    ),
    StrategyReason.WOULD_BE_PRIVATE: _(
        "{subject} would fit, but others use this Open WebUI too and may not use a new model until an admin makes "
        "it public there."
    ),
    StrategyReason.SETTINGS_UNKNOWN: _("Open WebUI's task settings are not known."),
    StrategyReason.MODELS_UNKNOWN: _("Which models Open WebUI lists is not known."),
    StrategyReason.NO_CHAT_MODEL: _("It is not known now which model it would run beside."),
    StrategyReason.NO_TASK_IS_ON: _("No task is on that it could do."),
    StrategyReason.PRESSURE: _("{subject} might fit, but memory is under pressure now."),
    StrategyReason.LITTLE_AVAILABLE: _("{subject} might fit, but little memory is available now."),
    StrategyReason.BUDGET_NEARLY_FULL: _("{subject} would fill almost all that is left for models."),
    StrategyReason.FIT_UNKNOWN: _("Whether {subject} fits beside the chat model is not known."),
    StrategyReason.LISTED_ALREADY: _("Open WebUI already lists a model at {subject}; chat text would be sent there."),
    StrategyReason.NONE_LISTED: _("Open WebUI lists no hosted model. It needs an account there and a good connection."),
    StrategyReason.NOTHING_FITS: _("It helps at once, needs no memory and is easily taken back."),
    StrategyReason.SMALL_MODEL_IS_BETTER: _("Possible, but here you can keep all tasks."),
    StrategyReason.CHAT_FIRST_IS_BETTER: _("Possible, but chat first keeps all tasks."),
    StrategyReason.NOTHING_TO_SWITCH_OFF: _("No task is on that has a switch."),
    StrategyReason.TASKS_CAN_WAIT: _("Elbowroom can hold tasks back here until nobody waits for an answer."),
    StrategyReason.CHAT_FIRST_IS_ON: _("It is on."),
    StrategyReason.OLDER_OPEN_WEBUI: _("Open WebUI before 0.10 does not tell tasks from chats."),
    StrategyReason.OLLAMA_ELSEWHERE: _("Ollama runs on another computer: a gateway there can do it."),
    StrategyReason.NO_RELAY_HERE: _("Elbowroom's relay cannot be started here."),
    StrategyReason.NO_CONNECTION_HERE: _("None of Open WebUI's connections leads to this Ollama."),
    StrategyReason.CONNECTIONS_UNKNOWN: _("Which Ollama Open WebUI uses could not be read."),
    StrategyReason.JOURNAL_UNREAD: _("Elbowroom's journal cannot be read: nothing is changed without it."),
}
"""Of a table only the line that is said is translated: a menu says four in each look."""


def lines(strategies: Iterable[Strategy], tr: Translator) -> list[Line]:
    """Each answer with what it brings, whether it can be had here and why, what it would mean, and its command."""
    made: list[Line] = []
    told, unknown = tuple(strategies), set[StrategyReason]()
    for one in told:
        mark = Span("> " if one.suits else "  ", Style.GOOD if one.suits else Style.FAINT)
        stands = Span(f"  {standing(one, tr)}", Style.GOOD if one.suits else Style.FAINT)
        made.append(line(mark, Span(name(one, tr), Style.STRONG if one.suits else Style.PLAIN), stands))
        made.append(line(Span(f"    {brings(one, tr)}", Style.FAINT)))
        because = "" if one.reason in unknown else reason(one, tr)
        if one.reach is Reach.UNKNOWN:  # what keeps several from being known is said with the first
            unknown.add(one.reason)
        made += [line(f"    {text}") for text in (because, means(one, tr), costs(one, tr)) if text]
        if way_there(one, tr):
            made.append(line(Span(f"    {way_there(one, tr)}", Style.FAINT)))
        if one.remedy is not None:
            command = line(Span(f"    {typed(tr, 'fix', one.remedy.id)}", Style.FAINT))
            made.append((*command, Span(tr.gettext("  shows the steps"))) if one.remedy.advice_only else command)
    if all(one.seconds_before is None for one in told):
        made.append(line(Span(not_measured(tr), Style.FAINT)))
    return made


def not_measured(tr: Translator) -> str:
    """Said once for all of them."""
    return tr.gettext("How long tasks take here is not known yet: the history tells after some messages.")


def way_there(one: Strategy, tr: Translator) -> str:
    """What is typed where only the first step is missing; empty elsewhere."""
    return typed(tr, "hosted", "add", "openrouter.ai") if one.reason is StrategyReason.NONE_LISTED else ""


def name(one: Strategy, tr: Translator) -> str:
    words = {
        StrategyKind.SMALL_MODEL: tr.gettext("A small model of your own for tasks"),
        StrategyKind.HOSTED_MODEL: tr.gettext("A hosted model for tasks"),
        StrategyKind.FEWER_TASKS: tr.gettext("Fewer tasks"),
        StrategyKind.CHAT_FIRST: tr.gettext("Chat first"),
    }
    return words[one.kind]


def standing(one: Strategy, tr: Translator) -> str:
    """Whether it can be had here, in a word or two."""
    words = {
        Reach.SUITS: tr.gettext("suits this machine"),
        Reach.IN_USE: tr.gettext("in use"),
        Reach.POSSIBLE: tr.gettext("possible"),
        Reach.NEEDS_ADMIN: tr.gettext("needs an administrator's sign-in"),
        Reach.UNKNOWN: tr.gettext("not known"),
        Reach.TO_ADD: tr.gettext("can be added"),
        Reach.NOT_HERE: tr.gettext("not here"),
    }
    said = words[one.reach]
    fit = one.remedy.fit if isinstance(one.remedy, UseModel) else None
    return joined((said, verdict_words(fit, tr)), tr) if fit is not None and fit.need_bytes is not None else said


def brings(one: Strategy, tr: Translator) -> str:
    """Its benefit, and for whom it is."""
    words = {
        StrategyKind.SMALL_MODEL: tr.gettext(
            "Few resources. For limited hardware, if it fits into memory beside the chat model."
        ),
        StrategyKind.HOSTED_MODEL: tr.gettext("The fastest tasks. For a stable connection and an account."),
        StrategyKind.FEWER_TASKS: tr.gettext("The most load removed. For people who want the plain chat."),
        StrategyKind.CHAT_FIRST: tr.gettext(
            "No chat waits for a task. For machines on which nothing fits beside the chat model."
        ),
    }
    return words[one.kind]


def means(one: Strategy, tr: Translator) -> str:
    """What it would mean here: calls, seconds, price; empty where it cannot be had."""
    if one.remedy is None:
        return ""
    return in_turn(*(text for text in (_calls(one, tr), _seconds(one, tr), _price(one, tr)) if text))


def _calls(one: Strategy, tr: Translator) -> str:
    if one.calls is None:
        return ""
    later, first = (round(count) for count in one.calls)
    if one.kind is StrategyKind.CHAT_FIRST:
        text = tr.ngettext(
            "{count} call per message no longer stands before a chat, {first} with the first of a chat.",
            "{count} calls per message no longer stand before a chat, {first} with the first of a chat.",
            later,
        )
    elif one.kind is StrategyKind.FEWER_TASKS:
        text = tr.ngettext(
            "{count} fewer call per message, {first} with the first of a chat.",
            "{count} fewer calls per message, {first} with the first of a chat.",
            later,
        )
    else:
        text = tr.ngettext(
            "{count} fewer call per message on the chat model, {first} with the first of a chat.",
            "{count} fewer calls per message on the chat model, {first} with the first of a chat.",
            later,
        )
    return text.format(count=later, first=first)


def _seconds(one: Strategy, tr: Translator) -> str:
    """Only what was measured."""
    if one.seconds_before is None:
        return ""
    before = f"{one.seconds_before:.1f}"
    if one.seconds_after is None:
        return tr.gettext("Tasks now keep the chat model busy for {before} s per message.").format(before=before)
    said = tr.gettext("A chat may now wait {before} s per message for tasks, then {after} s.").format(
        before=before, after=f"{one.seconds_after:.1f}"
    )
    if one.seconds_there is None:
        return said
    there = tr.gettext("The other model took {seconds} s for them.").format(seconds=f"{one.seconds_there:.1f}")
    return in_turn(said, there)


LEAST_USD = 0.01


def usd(amount: float, tr: Translator) -> str:
    """`0.04 USD`; small amounts are not rounded to nothing."""
    if 0 < amount < LEAST_USD:
        return tr.gettext("less than {amount} USD").format(amount=f"{LEAST_USD:.2f}")
    return tr.gettext("{amount} USD").format(amount=f"{amount:.2f}")


def _price(one: Strategy, tr: Translator) -> str:
    if one.usd is None:
        return tr.gettext("What its endpoint asks for it is not known.")
    if not one.usd:
        return tr.gettext("It costs no money.")
    return tr.gettext("At most about {usd} for 1,000 messages.").format(usd=usd(one.usd, tr))


def costs(one: Strategy, tr: Translator) -> str:
    """What is lost by it; empty where it cannot be had."""
    if one.remedy is None:
        return ""
    if one.kind is StrategyKind.FEWER_TASKS and one.lost:
        tasks = listed((setting_name(task, tr) for task in one.lost), tr)
        return tr.gettext("Lost: {what}.").format(what=tasks)
    return {
        StrategyKind.SMALL_MODEL: tr.gettext("Lost: memory for a second model; its titles may be simpler."),
        StrategyKind.HOSTED_MODEL: tr.gettext("Lost: the text of chats leaves this computer."),
        StrategyKind.FEWER_TASKS: tr.gettext("Lost: what the tasks do that are switched off."),
        StrategyKind.CHAT_FIRST: tr.gettext("Lost: nothing; titles, tags and follow-ups come a little later."),
    }[one.kind]


def reason(one: Strategy, tr: Translator) -> str:
    """Why it suits this machine or does not."""
    return tr.gettext(_REASONS[one.reason]).format(subject=clean(one.subject))


def why(one: Strategy, tr: Translator) -> str:
    """The same, with what is typed where only the first step is missing."""
    said = reason(one, tr)
    return in_turn(said, first_step(tr)) if one.reason is StrategyReason.NONE_LISTED else said
