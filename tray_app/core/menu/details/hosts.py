"""Several Ollamas on the page: the rows of `status`, and what is wrong at those that all else there is not about."""

from collections.abc import Sequence

from msgspec import Struct

from tray_app.core.text import details as view
from tray_app.core.text import side_by_side
from tray_app.core.text.lines import Line, clean
from tray_app.core.text.side_by_side import HostRow
from tray_app.core.text.status import internal_error
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import Level


class HostSeen(Struct, frozen=True):
    """`row`: what the newest look came to; None before the first. `failed`: the newest ended in a fault of ours."""

    url: str
    row: HostRow | None = None
    failed: bool = False


class HostCells(Struct, frozen=True):
    """`level`: for a colour beside its word."""

    url: str
    level: Level
    level_word: str
    running: str
    waiting: str
    models: str


class HostsView(Struct, frozen=True):
    """`told`: what is wrong where. `about`: whom all else on the page is about."""

    rows: tuple[HostCells, ...]
    told: tuple[str, ...]
    about: str


def hosts_view(hosts: Sequence[HostSeen], tr: Translator) -> HostsView | None:
    if not hosts:
        return None
    others = [one.row for one in hosts[1:] if one.row is not None]
    return HostsView(
        rows=tuple(_cells(one, tr) for one in hosts),
        told=tuple(text for row in others for text in side_by_side.found(row, tr, memory=False)),
        about=view.page_is_about(hosts[0].url, tr),
    )


def _cells(host: HostSeen, tr: Translator) -> HostCells:
    if host.failed or host.row is None:
        told = internal_error(tr) if host.failed else view.looked_at_now(tr)
        return HostCells(clean(host.url), Level.UNKNOWN, "", "", "", told)
    url, level, running, waiting, models = map(_text, side_by_side.cells(host.row, tr))
    return HostCells(url, host.row.diagnosis.level, level, running, waiting, models)


def _text(line: Line) -> str:
    return "".join(span.text for span in line)
