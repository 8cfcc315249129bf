"""Tries several task models one after the other, really, and leaves every setting as it was.

Each switch is a change like any other: journalled, written once, read back. It is taken back afterwards, also after
Ctrl-C and where a model fails; what a killed process left behind is taken back by `put_back` at the next start.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from msgspec.structs import replace

from tray_app.app.changes import Carrier, CutShort
from tray_app.app.doing.at_endpoint import AtEndpoint
from tray_app.app.speed import Measured, Progress, measure
from tray_app.core.diagnosis.facts import Facts
from tray_app.core.remedies.choices import entrants
from tray_app.core.report.trial import Contest, Entrant, Trial, fell_back
from tray_app.core.tasks.conversations import CONVERSATIONS, Conversation
from tray_app.core.tasks.releases import NEWEST_SEEN
from tray_app.core.tasks.settings import decode, key_of
from tray_app.core.tasks.slots import slot_for
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.hosted import TaskRefused
from tray_app.core.values.errors.service import ServiceError
from tray_app.core.values.names import full_name
from tray_app.core.values.plan import MEASURED, Change, Event, Record
from tray_app.core.values.snapshot import LoadedModel, WebUIModel
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import parse_version
from tray_app.services.hosted.prices import Prices, asked, unpriced, with_prices
from tray_app.services.open_webui import OpenWebUIClient
from tray_app.storage.lock import write_lock
from tray_app.storage.paths import Paths

TRIES, TRY_EVERY_S = 5, 2.0
"""A server that is being started again gets some time before its settings are left as they are."""
Known = Callable[[str], Entrant]
Held = Callable[[], AbstractContextManager[object]]
"""Held while models are tried; ChangeError(OTHER_WRITER) where another process tries some."""


def held_in(paths: Paths) -> Held:
    """By one process at a time."""
    return lambda: write_lock(paths.trying_lock_file, wait_s=0.0)


def bench(carrier: Carrier, chat: WebUIModel, held: Held = nullcontext, known: Known = Entrant) -> "Bench":
    """For the slot that counts while this model chats."""
    version = parse_version(carrier.open_webui.version()) or NEWEST_SEEN
    return Bench(carrier, slot_for(chat, version), chat.ollama_name or "", held, known)


def knower(facts: Facts, listed: tuple[WebUIModel, ...], chat: WebUIModel, client: OpenWebUIClient) -> Known:
    """Where a model runs and what it costs, by its id: also of the one that does the tasks now."""

    def known(model: str) -> Entrant:
        found = next((one for one in listed if one.id == model), None)
        made = entrants(facts, listed, chat, (model,)) if found is not None or not model else (Entrant(model),)
        return priced(made, listed, client)[0]

    return known


def left_switched(undoable: Iterable[Record]) -> tuple[Record, ...]:
    """Of the changes in force those that a measurement made, and nobody has taken back or changed since."""
    return tuple(one for one in undoable if one.is_left_switched)


def put_back(carrier: Carrier, held: Held) -> tuple[Record, ...]:
    """Take back what a comparison that was killed left switched; nothing while one runs. Returns what was taken back.

    What somebody else changed since is left alone.
    """
    left = left_switched(carrier.undoable())
    if not left:
        return ()
    done: list[Record] = []
    try:
        with held():
            for one in left:
                try:
                    carrier.undo(one.id)
                except ChangeError as error:
                    if error.problem is not Problem.DRIFT:
                        raise
                else:
                    done.append(one)
    except ChangeError as error:
        if error.problem is not Problem.OTHER_WRITER:
            raise
    return tuple(done)


def priced(given: Iterable[Entrant], listed: Iterable[WebUIModel], client: OpenWebUIClient) -> tuple[Entrant, ...]:
    """With what their endpoints ask where Open WebUI's own list does not have it. Each endpoint is asked once; who does
    not answer stays unknown."""
    tried = tuple(given)
    wanted = {one.id for one in tried if not one.is_here and one.price is None}
    entries = [one for one in listed if one.id in wanted]
    told: dict[int, Prices] = {}
    for index in unpriced(entries):
        with contextlib.suppress(ServiceError):
            told[index] = asked(client, index)
    prices = {one.id: one.served.price for one in with_prices(entries, told)}
    return tuple(replace(one, price=prices.get(one.id, one.price)) for one in tried)


class Bench:
    """One comparison. `contest` is what there is of it at any time, also when it was cut short."""

    def __init__(
        self, carrier: Carrier, slot: Setting, chat_name: str = "", held: Held = nullcontext, known: Known = Entrant
    ) -> None:
        """`chat_name`: what Ollama calls the chat model. `known`: asked for the task model of now."""
        self._carrier = carrier
        self._server = carrier.open_webui
        self._slot = slot
        self._chat_name = chat_name
        self._held = held
        self._known = known
        self.contest = Contest("", "", 0)

    def compare(
        self,
        chat_model: str,
        others: Iterable[Entrant],
        runs: int,
        show: Callable[[Progress], None],
        about: Conversation = CONVERSATIONS[0],
    ) -> Contest:
        """The task model of now first, then each of the others. One that fails is told, and the next has its turn;
        where the settings cannot be taken back, or somebody else changed them, that is the end."""
        self.contest = Contest(chat_model, about.name, runs, left_out=self.contest.left_out)
        with self._held():
            now = decode(self._server.read_document()).model(self._slot)
            given = tuple(others)
            known = next((one for one in given if one.id == now), None) or self._known(now)
            turns = (known, *{one.id: one for one in given if one.id != now}.values())
            for number, one in enumerate(turns, 1):

                def shown(step: Progress, number: int = number) -> None:
                    show(replace(step, number=number, all=len(turns)))

                self._turn(one, now, shown, about)
                if self.contest.ended is not None:
                    break
        return self.contest

    def _turn(self, one: Entrant, now: str, show: Callable[[Progress], None], about: Conversation) -> None:
        trial = Trial(one, self.contest.runs)
        try:
            with self._switched(one.id, now):
                trial = self._tried(one, show, about)
        except ServiceError as error:  # the switch could not be made
            trial = replace(trial, failed=error)
        except _NotTakenBack as end:
            self.contest = replace(self.contest, ended=end.error)
        self.contest = replace(self.contest, trials=(*self.contest.trials, trial))

    def _tried(self, one: Entrant, show: Callable[[Progress], None], about: Conversation) -> Trial:
        contest, seen = self.contest, _Seen(self._carrier, one, self._chat_name)
        try:
            made = measure(
                AtEndpoint(self._server, one.host), contest.chat_model, one.id, contest.runs, show, about, seen.look
            )
        except (ServiceError, TaskRefused) as error:
            return Trial(one, contest.runs, failed=error)
        return self._trial(one, made, seen)

    def _trial(self, one: Entrant, made: Measured, seen: "_Seen") -> Trial:
        names = (self.contest.chat_model, *filter(None, [self._chat_name]))
        return Trial(
            one,
            self.contest.runs,
            made.answered,
            made.tasks,
            made.first_token_s,
            made.crowded_token_s,
            seen.memory_bytes,
            seen.displaced,
            fell_back(one, made.answered, names),
        )

    @contextmanager
    def _switched(self, model: str, now: str) -> Iterator[None]:
        """_NotTakenBack where the settings are not as before afterwards."""
        if model == now:
            yield
            return
        document = self._server.read_document()
        key = key_of(self._slot, document)
        assert key is not None
        change = Change(self._slot, document[key], model)
        try:
            applied = self._carrier.apply((change,), MEASURED)
        except CutShort as cut:
            if cut.record is not None and cut.record.event is Event.APPLIED:
                self._carrier.undo(cut.record.id)
            raise
        except ChangeError as error:
            put_back(self._carrier, nullcontext)  # some worker may hold it
            raise _NotTakenBack(error) from error
        try:
            yield
        finally:
            self._take_back(applied.change_id, model)

    def _take_back(self, change_id: str, model: str) -> None:
        """Again where the server does not answer: it may be starting."""
        for left in reversed(range(TRIES)):
            try:
                self._carrier.undo(change_id)
            except ServiceError as error:
                if not left:
                    unsure = ChangeError(Problem.LEFT_SWITCHED, model, type(error).__name__)
                    raise _NotTakenBack(unsure) from error
                time.sleep(TRY_EVERY_S)
            except ChangeError as error:
                raise _NotTakenBack(error) from error
            else:
                return


class _NotTakenBack(Exception):
    """The task model is not as it was: somebody changed it, or the server does not answer any more."""

    def __init__(self, error: ElbowroomError) -> None:
        super().__init__(error)
        self.error = error


class _Seen:
    """What Ollama says right after the tasks of an entrant: what its model takes, and whether the chat model is still
    there. Nothing where it does not answer or does not serve the model."""

    def __init__(self, carrier: Carrier, entrant: Entrant, chat_name: str) -> None:
        self._ollama = carrier.ollama
        self._name = entrant.ollama_name or ""
        self._chat = chat_name
        self._before = self._loaded()
        self.memory_bytes: int | None = None
        self.displaced: bool | None = None

    def look(self) -> None:
        after = self._loaded()
        if self._before is None or after is None:
            return
        own = next((one for one in after if full_name(one.name) == full_name(self._name)), None)
        self.memory_bytes = own.size_bytes if own is not None and self._name else None
        if self._chat and _holds(self._before, self._chat):
            self.displaced = not _holds(after, self._chat)

    def _loaded(self) -> tuple[LoadedModel, ...] | None:
        try:
            return self._ollama.ps()
        except ServiceError:
            return None


def _holds(models: Iterable[LoadedModel], name: str) -> bool:
    return any(full_name(one.name) == full_name(name) for one in models)
