"""What chat first says: how it stands, why it cannot be switched on, and what it needs from then on."""

from collections.abc import Callable, Iterator

from tray_app.core.requests.exact import verdict_of
from tray_app.core.tasks.calls import call_of
from tray_app.core.text.at_model import call_name
from tray_app.core.text.lines import Line, Span, Style, clean, in_turn, line
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.life import ChatFirstError, ChatFirstProblem
from tray_app.core.values.relay import (
    ChatFirstState,
    ChatFirstStatus,
    Lane,
    NotTaken,
    RelayState,
    Stage,
    Standing,
    WishNotTaken,
)
from tray_app.core.values.requests import RequestKind

SHOWN = 8
LINUX = "linux"


def said(error: ChatFirstError, tr: Translator) -> tuple[str, str]:
    """Why it stays off, and what to do."""
    subject = clean(error.subject)
    said_by: dict[ChatFirstProblem, tuple[str, str]] = {
        ChatFirstProblem.TOO_OLD: (
            tr.gettext("Open WebUI {subject} does not tell what a request is for, so chat first cannot work."),
            tr.gettext("It needs Open WebUI 0.10 or newer."),
        ),
        ChatFirstProblem.NO_CONNECTION: (
            tr.gettext("No Ollama connection of Open WebUI leads to the Ollama that is watched."),
            tr.gettext("`{command}` shows which servers it uses.").format(command=typed(tr, "status")),
        ),
        ChatFirstProblem.ON_ALREADY: (
            tr.gettext("Chat first is on already."),
            tr.gettext("`{command}` shows how it stands.").format(command=typed(tr, "chat-first", "status")),
        ),
        ChatFirstProblem.NOT_REACHED: _not_reached(error, tr),
        ChatFirstProblem.HEADER_TAKEN: (
            tr.gettext("The connection has a header of the same name already ({subject}): it was left alone."),
            tr.gettext("Remove it in Open WebUI: Admin Panel > Settings > Connections."),
        ),
        ChatFirstProblem.BY_ADDRESS: (
            tr.gettext("Open WebUI keeps settings of its connections in an old form that any change would lose."),
            tr.gettext("Open Admin Panel > Settings > Connections in Open WebUI, save once, and try again."),
        ),
        ChatFirstProblem.PASSWORD: (
            tr.gettext("The connection's address holds a sign-in, which Elbowroom would have to keep."),
            tr.gettext("Give it as the connection's key instead."),
        ),
        ChatFirstProblem.NOT_STARTED: (
            tr.gettext("The relay of chat first did not come up at {subject} ({detail}).")
            if error.detail  # one that ended before it had a log
            else tr.gettext("The relay of chat first did not come up at {subject}."),
            tr.gettext("Its log, relay.log beside Elbowroom's own, says why."),
        ),
    }
    text, step = said_by[error.problem]
    return text.format(subject=subject, detail=clean(error.detail)), step


def _not_reached(error: ChatFirstError, tr: Translator) -> tuple[str, str]:
    """Open WebUI may run in a container, or on another machine: there loopback is somebody else."""
    again = typed(tr, "chat-first", "on")
    text = tr.gettext("Open WebUI itself gets no answer at {subject}: nothing was changed.")
    if error.system == LINUX:
        step = tr.gettext(
            "In a container that address is the container's own: start it with `docker run --network=host` and "
            "OLLAMA_BASE_URL=http://127.0.0.1:11434, then type `{again}`. Where it needs its own network, and for "
            "another machine: `{gateway}` where Open WebUI reaches it, then `{at}`."
        )
    else:
        step = tr.gettext(
            "In a container of Docker Desktop that address is the container's own: set the connection to "
            "http://host.docker.internal:11434 in Open WebUI (Admin Panel > Settings > Connections), then type "
            "`{again}`. For another machine: `{gateway}` where Open WebUI reaches it, then `{at}`."
        )
    gateway = typed(tr, "gateway", "haproxy", "--listen", "0.0.0.0:11436")
    return text, step.format(again=again, gateway=gateway, at=typed(tr, "chat-first", "on", "--at", "URL"))


def not_taken(one: WishNotTaken, tr: Translator) -> str:
    """A model of the settings that does not do its task, and what to do."""
    call = call_of(one.task)
    task = call_name(RequestKind.TASK, call.value if call is not None else None, tr)
    if one.because is NotTaken.MISSING:
        text = tr.gettext(
            "[task_models] in settings.toml names {model} ({task}), which Ollama does not have: the model that Open "
            "WebUI names does it. Get it with `ollama pull {model}`, or name another one."
        )
    else:
        text = tr.gettext(
            "[task_models] in settings.toml names {model} ({task}), which would evict {chat}: the model that Open "
            "WebUI names does it. Name a smaller one; `{fit}` judges it."
        )
    fit = typed(tr, "fit", one.model, "--with", one.chat)
    return text.format(model=clean(one.model), task=task, chat=clean(one.chat), fit=fit)


def not_at_login(tr: Translator) -> str:
    """Start at login was switched off while it is on."""
    text = tr.gettext(
        "Chat first is on: after a restart of this computer Open WebUI finds no models until Elbowroom runs. To take "
        "its connection back first: {command}"
    )
    return text.format(command=typed(tr, "chat-first", "off"))


def not_signed_in(tr: Translator) -> str:
    """The sign-in was forgotten while it is on."""
    text = tr.gettext(
        "Chat first stays on, and without a sign-in Elbowroom cannot take the connection back. Type `{connect}`, then "
        "`{off}`; or set Ollama's own address in Open WebUI: Admin Panel > Settings > Connections."
    )
    return text.format(connect=typed(tr, "connect"), off=typed(tr, "chat-first", "off"))


def status(told: ChatFirstStatus, local_time: Callable[[float], str], tr: Translator) -> list[Line]:
    """One sentence for how it stands, one for what to do; then what its relay did, and who stands in it now."""
    address = clean(told.address)
    words = {
        ChatFirstState.OFF: tr.gettext("Chat first is off."),
        ChatFirstState.ON: tr.gettext("Chat first is on: Open WebUI asks Ollama by way of {address}."),
        ChatFirstState.PAUSED: tr.gettext("Chat first waits for Elbowroom's next start, which puts it back."),
        ChatFirstState.NO_RELAY: tr.gettext(
            "Chat first is on, but its relay at {address} does not run: Open WebUI finds no models."
        ),
        ChatFirstState.CHANGED_ELSEWHERE: tr.gettext(
            "Chat first was on; somebody changed Open WebUI's connection since, and it was left alone."
        ),
    }
    if told.gateway:
        words[ChatFirstState.ON] = tr.gettext("Chat first is on: Open WebUI asks the gateway at {address}.")
    good = {ChatFirstState.ON: Style.GOOD, ChatFirstState.NO_RELAY: Style.WARN}
    lines = [line(Span(words[told.state].format(address=address), good.get(told.state, Style.PLAIN)))]
    lines += [line(Span(text, Style.WARN)) for text in _to_do(told, tr)]
    if told.relay is not None:
        lines += _relay(told.relay, local_time, tr)
    return lines


def way_on(tr: Translator) -> Line:
    """What is typed where it is off."""
    return line(
        Span(
            tr.gettext("See the plan, and switch it on: {command}").format(command=typed(tr, "chat-first", "on")),
            Style.FAINT,
        )
    )


def _to_do(told: ChatFirstStatus, tr: Translator) -> Iterator[str]:
    off = typed(tr, "chat-first", "off")
    if told.port_taken:
        text = tr.gettext(
            "Another program listens there by now. End it, or take the connection back with `{command}` and choose a "
            "free port with `relay_port` in settings.toml."
        )
        yield text.format(command=off)
    elif told.state is ChatFirstState.NO_RELAY:
        text = tr.gettext("Start Elbowroom, which starts it, or take the connection back: {command}")
        yield text.format(command=off)
    if told.state is ChatFirstState.CHANGED_ELSEWHERE:
        yield tr.gettext("`{command}` takes back what is left of it.").format(command=off)
    if told.too_old:
        text = tr.gettext(
            "Open WebUI {version} does not tell what a request is for: everything passes as a chat, and nothing is "
            "held. Update it to 0.10 or newer, or switch chat first off: {command}"
        )
        yield text.format(version=clean(told.too_old), command=off)
    if told.other_port:
        yield tr.gettext("settings.toml names another port: switch it off and on again to move there.")


def _relay(relay: RelayState, local_time: Callable[[float], str], tr: Translator) -> list[Line]:
    counts = relay.counts
    text = tr.gettext(
        "Since {time}: {chats} chats, {tasks} tasks; {held} held, {broken} made way for a chat; {dropped} of {typing} "
        "completions no longer needed."
    )
    done = text.format(
        time=local_time(relay.started_at),
        chats=counts.chats,
        tasks=counts.tasks,
        held=counts.held,
        broken=counts.broken_off,
        dropped=counts.dropped,
        typing=counts.typing,
    )
    lines = [line(done)]
    if not relay.upstream_ok:
        lines.append(line(Span(tr.gettext("Ollama did not answer the relay"), Style.WARN)))
    open_now = [one for one in relay.standing if one.lane is not Lane.OTHER]
    if not open_now:
        return [*lines, line(Span(tr.gettext("Nothing stands in it now."), Style.FAINT))]
    shown = sorted(open_now, key=lambda one: (one.stage is Stage.HELD, one.position or 0, one.arrived_at))
    left = len(shown) - SHOWN
    lines.append(line(tr.gettext("In it now:")))
    lines += [line("  " + standing(one, relay, tr)) for one in shown[: SHOWN if left <= 0 else SHOWN - 1]]
    if left > 0:
        more = left + 1
        lines.append(line("  " + tr.ngettext("{count} more", "{count} more", more).format(count=more)))
    return lines


def standing(one: Standing, relay: RelayState, tr: Translator) -> str:
    """`title of a chat (qwen3:32b): held 4 s, until a chat with qwen3:32b is answered`."""
    verdict = verdict_of(one)
    what = call_name(verdict.kind, verdict.task, tr)
    since = one.arrived_at if one.stage is Stage.HELD else one.sent_at or one.arrived_at
    seconds = f"{max(0.0, relay.taken_at - since):.0f}"
    words = {
        Stage.ANSWERING: tr.gettext("{what} ({model}): answered for {seconds} s so far"),
        Stage.SENT: tr.gettext("{what} ({model}): at Ollama for {seconds} s, no word yet"),
        Stage.HELD: tr.gettext("{what} ({model}): held {seconds} s, {why}"),
    }
    told = words[one.stage].format(what=what, model=_model(one.model), seconds=seconds, why=_held_for(one, relay, tr))
    if not one.broken_off:
        return told
    gave_way = tr.ngettext("gave way to a chat {count} time", "gave way to a chat {count} times", one.broken_off)
    return f"{told}, {gave_way.format(count=one.broken_off)}"


def _held_for(one: Standing, relay: RelayState, tr: Translator) -> str:
    """Whom it lets pass: chats that run, another task before it, or a person who may write again."""
    sent = [other for other in relay.standing if other.stage is not Stage.HELD]
    chats = [other for other in sent if other.lane is Lane.CHAT]
    if chats:
        text = tr.ngettext("until {count} chat is answered", "until {count} chats are answered", len(chats))
        return text.format(count=len(chats))
    if (one.position or 1) > 1 or any(other.model == one.model and other.lane is Lane.TASK for other in sent):
        return tr.gettext("until the tasks before it are done")
    return tr.gettext("in case somebody writes again")


def _model(name: str | None) -> str:
    return short(clean(name)) if name else "?"


def from_now_on(tr: Translator, *, at_login: bool) -> list[Line]:
    """What a person should know who switched it on: what happens when Elbowroom is not there."""
    lines = [
        tr.gettext("Quitting Elbowroom takes the connection back, and its next start puts it back."),
        tr.gettext("Before you remove Elbowroom: {command}").format(command=typed(tr, "chat-first", "off")),
    ]
    if not at_login:
        text = tr.gettext(
            "After a restart of this computer Open WebUI finds no models until Elbowroom runs: `{command}` starts it "
            "when you sign in."
        )
        lines.append(text.format(command=typed(tr, "autostart", "on")))
    return [line(Span(text, Style.FAINT)) for text in lines]


def switching(tr: Translator) -> str:
    return tr.gettext("Starting the relay, and letting Open WebUI prove that it is reached...")


def question(tr: Translator) -> str:
    return tr.gettext("Switch chat first on? It can be undone. [y/N]")


def stays_on(why: str, tr: Translator) -> str:
    """Quit, while the connection cannot be taken back. `why`: a sentence."""
    return in_turn(tr.gettext("Chat first stays on, and its relay goes on: the connection was not taken back."), why)
