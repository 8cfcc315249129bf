"""What chat first says: how it stands, why it cannot be switched on, and what it needs from then on."""

from tray_app.core.text.lines import Line, Span, Style, clean, line
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.life import ChatFirstError, ChatFirstProblem
from tray_app.core.values.relay import ChatFirstState, ChatFirstStatus


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
        ChatFirstProblem.NOT_REACHED: _not_reached(tr),
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
            tr.gettext("The relay of chat first did not come up at {subject}."),
            tr.gettext("Its log, relay.log beside Elbowroom's own, says why."),
        ),
    }
    text, step = said_by[error.problem]
    return text.format(subject=subject), step


def _not_reached(tr: Translator) -> tuple[str, str]:
    """Open WebUI may run in a container, or on another machine: there loopback is somebody else."""
    return (
        tr.gettext("Open WebUI itself gets no answer at {subject}: nothing was changed."),
        tr.gettext(
            "In a container that address is the container's own. Docker Desktop: let the connection use "
            "http://host.docker.internal:11434 first, then try again. Linux: start the container with --network=host. "
            "On another machine: use a gateway with --at."
        ),
    )


def status(told: ChatFirstStatus, tr: Translator) -> list[Line]:
    """One sentence for how it stands, and one for what to do."""
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
    off = typed(tr, "chat-first", "off")
    if told.state is ChatFirstState.NO_RELAY:
        text = tr.gettext("Start Elbowroom, which starts it, or take the connection back: {command}")
        lines.append(line(text.format(command=off)))
    if told.other_port:
        text = tr.gettext("settings.toml names another port: switch it off and on again to move there.")
        lines.append(line(text))
    if told.relay is not None:
        counts = told.relay.counts
        text = tr.gettext("Since its start: {chats} chats, {tasks} tasks; {held} held, {broken} made way for a chat.")
        lines.append(
            line(text.format(chats=counts.chats, tasks=counts.tasks, held=counts.held, broken=counts.broken_off))
        )
    return lines


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


def question(tr: Translator) -> str:
    return tr.gettext("Switch chat first on? It can be undone. [y/N]")


def stays_on(tr: Translator) -> str:
    """Quit, while Open WebUI cannot be asked to go back."""
    return tr.gettext(
        "Chat first stays on: Open WebUI did not answer, so its connection could not be taken back. The relay goes on."
    )
