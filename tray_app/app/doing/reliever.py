"""Automatic relief: what it wants done now, and what became of it. The state machine is in core/remedies/relief.py."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tray_app.app.jobs import JobDone
from tray_app.app.watch import Look
from tray_app.core.menu.screen import NoticeView, ReliefChoice
from tray_app.core.remedies import relief as relieving
from tray_app.core.remedies.relief_past import played
from tray_app.core.report.relief import PlayedRelief
from tray_app.core.text import relief as view
from tray_app.core.text.lines import in_turn
from tray_app.core.text.text import Translator
from tray_app.core.values.command import ApplyRemedy, SetRelief, SetReliefClear, TryRelief, Undo
from tray_app.core.values.plan import Event
from tray_app.core.values.reading import Moment
from tray_app.core.values.remedy import ReliefStage
from tray_app.storage.history import HistoryFile
from tray_app.storage.settings_write import write_keys
from tray_app.storage.state import State

if TYPE_CHECKING:
    from tray_app.app.wiring import App

DAY_S = 86_400.0
MOST_KEPT = 50
"""Changes of automatic relief that are known by their ids."""


def wish_of(app: "App") -> relieving.Wish:
    """What settings.toml says, else what was chosen in the menu."""
    settings, chosen = app.settings_file.settings, app.state.read().relief_chosen
    if settings.automatic_relief:
        return relieving.Wish(True, settings.automatic_relief_remedy, settings.automatic_relief_clear_s)  # noqa: FBT003
    return relieving.Wish(bool(chosen), chosen, settings.automatic_relief_clear_s)


def choose(app: "App", remedy_id: str) -> None:
    """This remedy from now on; empty: off. Where settings.toml decides, it is written there: else it would win."""
    if app.settings_file.settings.automatic_relief:
        keys = {"automatic_relief": bool(remedy_id) or None, "automatic_relief_remedy": remedy_id or None}
        write_keys(app.settings_file.path, keys)
        app.settings_file.reload()
        remedy_id = ""
    app.state.update(lambda state: replace(state, relief_chosen=remedy_id))


def set_clear(app: "App", seconds: float) -> None:
    """Into settings.toml, comments and all else in it as they are."""
    write_keys(app.settings_file.path, {"automatic_relief_clear_s": seconds})
    app.settings_file.reload()


def last_day(app: "App", wish: relieving.Wish, now: float | None = None) -> PlayedRelief:
    """What it would have done. StorageError where the history cannot be read."""
    until = time.time() if now is None else now
    past = HistoryFile(app.paths.history_file).read(until - DAY_S)
    return played(past, wish, app.limits, until - DAY_S, until)


class Reliever:
    """Owned by the worker. `app` is asked each time: it is another one after a new connection."""

    def __init__(self, app: "Callable[[], App]", remember: Callable[[Callable[[State], State]], None]) -> None:
        self._app = app
        self._remember = remember
        state = app().state.read()
        self._relief = relieving.Relief(
            relieving.ReliefMemory(state.relief_change_id, state.relief_remedy, state.relief_at, state.relief_blocked)
        )

    def wants(self, look: Look) -> ApplyRemedy | Undo | None:
        """What automatic relief wants done now; the worker carries it out like a click."""
        wish = self._wish()
        seen = relieving.Situation(look.diagnosis, look.remedies, self._change_open(), look.facts.at)
        before = self._relief.memory
        self._relief, order = relieving.step(self._relief, wish, seen, self._app().limits)
        if self._relief.memory != before:
            self._store()
        match order.act:
            case relieving.Act.APPLY if order.remedy is not None:
                return ApplyRemedy(order.remedy)
            case relieving.Act.TAKE_BACK:
                return Undo(order.change_id)
            case _:
                return None

    def choice(self, look: Look | None) -> ReliefChoice:
        wish, limits = self._wish(), self._app().limits
        stands = ReliefStage.OFF
        if look is not None:
            seen = relieving.Situation(look.diagnosis, look.remedies, None, look.facts.at)
            stands = relieving.stage(self._relief.memory, wish, seen, limits)
        by_file = self._app().settings_file.settings.automatic_relief
        times = limits.hold_s, wish.clear_s, limits.cool_down_s
        return ReliefChoice(wish.remedy_id, by_file, stands, *times)

    def _wish(self) -> relieving.Wish:
        return wish_of(self._app())

    # --- what a person asks of it ---------------------------------------------------------------

    def obey(self, command: SetRelief | SetReliefClear | TryRelief, tr: Translator) -> NoticeView | None:
        """A choice is kept; what was asked is answered by a notice."""
        match command:
            case SetRelief(remedy_id):
                choose(self._app(), remedy_id)
            case SetReliefClear(seconds):
                set_clear(self._app(), seconds)
            case TryRelief():
                wish = self._wish()
                told = view.last_day(last_day(self._app(), wish), wish.remedy_id, tr)
                return NoticeView(tr.gettext("Automatic relief"), in_turn(*told), "relief:last-day")
        return None

    def ended(self, order: ApplyRemedy | Undo, done: JobDone, now: Moment) -> None:
        """What became of the order: the state machine counts its cool-down from it, also after a failure."""
        match order:
            case ApplyRemedy() if done.error is None and done.change_id:
                self._relief = relieving.applied(self._relief, done.change_id)
                self._remember(
                    lambda state: replace(state, relief_made=(*state.relief_made, done.change_id)[-MOST_KEPT:])
                )
            case Undo() if done.error is None:
                self._relief = relieving.taken_back(self._relief, now)
            case _:
                self._relief = relieving.failed(self._relief)
        self._store()

    def _change_open(self) -> bool | None:
        change_id = self._relief.memory.change_id
        if not change_id:
            return None
        recorded = self._app().changes().get(change_id)
        if recorded is None and self._app().file_problems:
            return True  # nobody can tell: it stands as it did
        return recorded is not None and recorded.event in {Event.APPLIED, Event.UNDO_INTENDED}

    def _store(self) -> None:
        memory = self._relief.memory
        self._remember(
            lambda state: replace(
                state,
                relief_change_id=memory.change_id,
                relief_remedy=memory.remedy_id,
                relief_at=memory.at,
                relief_blocked=memory.blocked_remedy,
            )
        )
