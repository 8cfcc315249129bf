"""Open WebUI's requests or another program's? Settings alone prove no task: somebody else may be at work."""

from msgspec import Struct

from tray_app.core.diagnosis.traffic import Traffic
from tray_app.core.values.connections import Whose


class Attribution(Struct, frozen=True):
    """`of_open_webui`: requests of its own, None: not told. `may_type`: autocomplete may run, beside any chat."""

    whose: Whose
    of_open_webui: int | None
    busy_chats: int | None
    may_type: bool

    @property
    def are_others(self) -> bool:
        """None of the requests can be Open WebUI's."""
        if self.whose is Whose.OTHERS:
            return True
        return self.busy_chats == 0 and not self.may_type and self.whose is not Whose.OPEN_WEBUI

    def tasks_come(self, traffic: Traffic) -> bool:
        """May some of the requests be tasks? Beside another program's, a chat of Open WebUI alone is no crowd."""
        if traffic.tasks:
            return True
        crowds = self.of_open_webui is None or self.of_open_webui > 1
        return not self.are_others and (self.whose is not Whose.MIXED or crowds)
