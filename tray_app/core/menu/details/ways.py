"""The four answers to the problem side by side, each with its verdict, what it would mean here and its button."""

from msgspec import Struct

from tray_app.core.menu.details.document import Fix, Offered
from tray_app.core.menu.details.fixes import fix_of
from tray_app.core.menu.screen import ScreenState
from tray_app.core.remedies.strategy import Strategy, StrategyReason
from tray_app.core.text import ways as view
from tray_app.core.text.text import Translator
from tray_app.core.values.command import PageForm


class WayView(Struct, frozen=True):
    """`standing`: whether it can be had here, in a word. `form`: what of the page is opened by its button instead."""

    key: str
    name: str
    suits: bool
    standing: str
    brings: str
    why: str
    means: str
    costs: str
    fix: Fix | None = None
    form: str = ""


class WaysView(Struct, frozen=True):
    """`told`: what is said once for all of them."""

    ways: tuple[WayView, ...]
    told: str


def ways_view(screen: ScreenState, offered: Offered, tr: Translator) -> WaysView | None:
    """None before the first poll."""
    if not screen.ways:
        return None
    unmeasured = all(one.seconds_before is None for one in screen.ways)
    made = tuple(_way(one, screen, offered, tr) for one in screen.ways)
    return WaysView(made, view.not_measured(tr) if unmeasured else "")


def _way(one: Strategy, screen: ScreenState, offered: Offered, tr: Translator) -> WayView:
    opens = one.reason is StrategyReason.NONE_LISTED and not screen.played
    return WayView(
        key=one.kind.value,
        name=view.name(one, tr),
        suits=one.suits,
        standing=view.standing(one, tr),
        brings=view.brings(one, tr),
        why=view.reason(one, tr),
        means=view.means(one, tr),
        costs=view.costs(one, tr),
        fix=fix_of(one.remedy, screen, offered, tr) if one.remedy is not None else None,
        form=PageForm.HOSTED if opens else "",
    )
