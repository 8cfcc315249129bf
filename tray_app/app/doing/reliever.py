"""Automatic relief: what it wants done now, and what became of it. The state machine is in core/remedies/relief.py."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tray_app.app.jobs import JobDone
from tray_app.app.watch import Look
from tray_app.core.menu.screen import ReliefChoice
from tray_app.core.remedies import relief as relieving
from tray_app.core.values.command import ApplyRemedy, Undo
from tray_app.core.values.plan import Event
from tray_app.core.values.reading import Moment
from tray_app.storage.state import State

if TYPE_CHECKING:
    from tray_app.app.wiring import App


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
        wish, by_file = self._wish(), self._app().settings_file.settings.automatic_relief
        if look is None:
            return ReliefChoice(wish.remedy_id, by_file)
        seen = relieving.Situation(look.diagnosis, look.remedies, None, look.facts.at)
        stands = relieving.stage(self._relief.memory, wish, seen, self._app().limits)
        return ReliefChoice(wish.remedy_id, by_file, stands)

    def _wish(self) -> relieving.Wish:
        """What settings.toml says, else what was chosen in the menu."""
        settings, chosen = self._app().settings_file.settings, self._app().state.read().relief_chosen
        if settings.automatic_relief:
            return relieving.Wish(True, settings.automatic_relief_remedy, settings.automatic_relief_clear_s)  # noqa: FBT003
        return relieving.Wish(bool(chosen), chosen, settings.automatic_relief_clear_s)

    def ended(self, order: ApplyRemedy | Undo, done: JobDone, now: Moment) -> None:
        """What became of the order: the state machine counts its cool-down from it, also after a failure."""
        match order:
            case ApplyRemedy() if done.error is None and done.change_id:
                self._relief = relieving.applied(self._relief, done.change_id)
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
