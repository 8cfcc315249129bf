"""Chat first, on and off: which connections of Open WebUI are led to the relay, and what stands in the way of it."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.tasks import ollama_connections as connections
from tray_app.core.tasks.releases import NEWEST_SEEN, TASK_IN_HEADERS_SINCE
from tray_app.core.tasks.same_ollama import relay_address
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.life import ChatFirstError, ChatFirstProblem
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.plan import IN_FORCE, Action, ActionKind, Plan, Record
from tray_app.core.values.relay import ChatFirstState, ChatFirstStatus
from tray_app.core.values.remedy import PutChatsFirst, Reason, is_chat_first
from tray_app.core.values.task_settings import DocumentKind
from tray_app.core.values.version import Document, parse_version
from tray_app.services.deadline import all_within
from tray_app.storage.journal import Folded
from tray_app.storage.state import StateFile

if TYPE_CHECKING:
    from tray_app.app.changes import Carrier
    from tray_app.app.doing.relay_process import RelayProcess


log = logging.getLogger(__name__)

TAKE_BACK_S = 10.0


def port_of_relay(record: Record) -> int | None:
    """Where the relay stands that this change led Open WebUI to; None where it is no such change, or a gateway's."""
    if not is_chat_first(record.remedy) or PutChatsFirst(reason=Reason.TASKS_WAIT).id != record.remedy:
        return None
    ports = (urlsplit(connections.url_of(one.after)).port for one in record.changes)
    return next((port for port in ports if port), None)


def relay_port(changes: Folded) -> int | None:
    """Where a relay of ours must stand: some Open WebUI is led there."""
    ports = (port_of_relay(one) for one in reversed(changes.all) if one.event in IN_FORCE)
    return next((port for port in ports if port is not None), None)


class ChatFirstDesk(Struct, frozen=True):
    """At one Open WebUI, with one relay. `port`: where the relay is to stand, by the settings."""

    carrier: "Carrier"
    relay: "RelayProcess"
    file: StateFile
    port: int

    def in_force(self) -> tuple[Record, ...]:
        """What leads Open WebUI to a relay or gateway now, newest first."""
        records = self.carrier.journal.changes().undoable(self.carrier.open_webui.origin)
        return tuple(one for one in records if is_chat_first(one.remedy) and one.event in IN_FORCE)

    def remedy(self, led: Iterable[OllamaConnection], at: str = "") -> PutChatsFirst:
        """The plan for those of its connections that lead to the watched Ollama. `at`: to that gateway instead.

        ChatFirstError says why it cannot be; nothing was written or started.
        """
        self.carrier.writable()
        too_old = self._too_old()
        if too_old:
            raise ChatFirstError(ChatFirstProblem.TOO_OLD, too_old)
        if self.in_force():
            raise ChatFirstError(ChatFirstProblem.ON_ALREADY)
        numbers = [one.index for one in led if one.watched]
        if not numbers:
            raise ChatFirstError(ChatFirstProblem.NO_CONNECTION)
        document = self.carrier.open_webui.read_document(DocumentKind.OLLAMA_CONNECTIONS)
        _check(document, numbers)
        urls = connections.urls_of(document)
        changes = tuple(
            connections.led_to(document, number, at or relay_address(urls[number], self.port)) for number in numbers
        )
        actions = () if at else (Action(ActionKind.START_RELAY, port=self.port),)
        return PutChatsFirst(at=at, reason=Reason.TASKS_WAIT, plan=Plan(changes, actions))

    def off(self) -> tuple[Record, ...]:
        """Take the connections back and end the relay. What was taken back; ChangeError(NOTHING_TO_DO) where nothing
        was on."""
        records = self.in_force()
        for one in records:
            self._undo(one)
        if not records:
            running = self.relay.door() is not None
            with self.carrier.switching.exclusively():
                pass  # a relay that nothing leads to ends with it
            if not running:
                raise ChangeError(Problem.NOTHING_TO_DO)
        return records

    def _undo(self, record: Record) -> None:
        try:
            self.carrier.undo(record.id)
        except ChangeError as error:
            gone = record.id not in {one.id for one in self.in_force()}
            if error.problem is not Problem.NOT_AS_SHOWN or not gone:
                raise  # else another copy took it back at the same moment

    def pause(self, *, paused: bool) -> None:
        """Whether the next start of the tray puts it back."""
        if self.file.read().chat_first_paused != paused:
            self.file.update(lambda state: replace(state, chat_first_paused=paused))

    def take_back_until_next_start(self) -> ElbowroomError | None:
        """At Quit. Why a relay has to go on, where Open WebUI could not be led back."""
        if not any(port_of_relay(one) for one in self.in_force()):
            return None
        try:
            self.pause(paused=True)
            with all_within(TAKE_BACK_S):
                self.off()
        except ElbowroomError as error:
            log.warning("chat first stays on: %s", type(error).__name__)
            with suppress(ElbowroomError):
                self.pause(paused=False)
            return error
        return None

    def status(self) -> ChatFirstStatus:
        """As the journal and the relay tell; whether Open WebUI still holds it is read where it can be."""
        records = self.in_force()
        if not records:
            state = ChatFirstState.PAUSED if self.file.read().chat_first_paused else ChatFirstState.OFF
            return ChatFirstStatus(state, relay=self.relay.state())
        newest = records[0]
        address = connections.url_of(newest.changes[0].after)
        port, relay = port_of_relay(newest), self.relay.state()
        runs = port is None or relay is not None or self.relay.door() is not None
        state = ChatFirstState.ON
        if not self._is_held(newest):
            state = ChatFirstState.CHANGED_ELSEWHERE
        elif not runs:
            state = ChatFirstState.NO_RELAY
        return ChatFirstStatus(
            state,
            address,
            gateway=port is None,
            relay=relay,
            other_port=port not in (None, self.port),
            port_taken=state is ChatFirstState.NO_RELAY and port is not None and not self.relay.is_free(port),
            too_old=self._too_old(),
        )

    def _too_old(self) -> str:
        """The version that tells nothing; empty where it does, or does not answer."""
        try:
            version = self.carrier.open_webui.version()
        except ServiceError:
            return ""
        return version if (parse_version(version) or NEWEST_SEEN) < TASK_IN_HEADERS_SINCE else ""

    def _is_held(self, record: Record) -> bool:
        from tray_app.core.tasks.assignments import is_made

        try:
            document = self.carrier.open_webui.read_document(DocumentKind.OLLAMA_CONNECTIONS)
        except ServiceError:
            return True  # nobody can tell: it stands as it did
        return all(is_made(document, one) for one in record.changes)


def _check(document: Document, numbers: Iterable[int]) -> None:
    """ChatFirstError where something there would be lost, or kept by us, or does not do what it should."""
    if not connections.is_by_position(document):
        raise ChatFirstError(ChatFirstProblem.BY_ADDRESS)
    urls = connections.urls_of(document)
    for number in numbers:
        if _has_password(urls[number]):
            raise ChatFirstError(ChatFirstProblem.PASSWORD)
        taken = connections.taken_names(document, number)
        if taken:
            raise ChatFirstError(ChatFirstProblem.HEADER_TAKEN, ", ".join(taken))


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return True  # nobody can tell what is in it
    return parts.username is not None or bool(parts.query)
