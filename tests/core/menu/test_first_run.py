"""The first notice of all: what was found, what is missing, and a button for it in every case."""

import pytest
from msgspec.structs import replace

from tests.core.menu.states import OLLAMA, SERVER, SNAPSHOT, known
from tests.english import TR
from tray_app.core.menu.first_run import first_run, found
from tray_app.core.menu.menu import menu
from tray_app.core.menu.notice import BODY_LIMIT
from tray_app.core.menu.screen import ScreenState
from tray_app.core.report.overview import overview
from tray_app.core.values.command import Connect, Link, OpenLink
from tray_app.core.values.errors.service import RefusedBecause
from tray_app.core.values.reading import Unknown, Why
from tray_app.core.values.snapshot import Access, Ollama, Presence

NO_OLLAMA = known(Ollama("http://127.0.0.1:11434", Presence.ABSENT))
SILENT = Unknown(Why.UNREACHABLE, "Connection refused")
SIGN_IN = "Connect to Open WebUI to see and change its background tasks."


def seen(ollama=True, access=None, refused=None):
    """Ollama runs or not; Open WebUI is known at this access, or not there."""
    server = SILENT if access is None else known(replace(SERVER, access=access, refused=refused))
    return overview(replace(SNAPSHOT, ollama=known(OLLAMA) if ollama else NO_OLLAMA, open_webui=server))


@pytest.mark.parametrize(
    ("there", "body", "commands"),
    [
        pytest.param(
            seen(ollama=False),
            "Neither Ollama nor Open WebUI answers here yet. Start them: Elbowroom notices.",
            [OpenLink(Link.OLLAMA_PAGE), Connect()],
            id="nothing",
        ),
        pytest.param(
            seen(),
            "Found: Ollama 0.32.15. No Open WebUI answers yet: start it, or say where it is.",
            [Connect()],
            id="ollama",
        ),
        pytest.param(
            seen(ollama=False, access=Access.NONE),
            f"Found: Open WebUI 0.12.4. No Ollama answers yet. {SIGN_IN}",
            [Connect(SERVER.url)],
            id="open-webui",
        ),
        pytest.param(
            seen(access=Access.NONE),
            f"Found: Ollama 0.32.15, Open WebUI 0.12.4. {SIGN_IN}",
            [Connect(SERVER.url)],
            id="both",
        ),
        pytest.param(
            seen(access=Access.USER, refused=RefusedBecause.NOT_ADMIN),
            "Found: Ollama 0.32.15, Open WebUI 0.12.4. Read-only: the account is not an admin.",
            [Connect(SERVER.url)],
            id="no-admin",
        ),
        pytest.param(
            seen(access=Access.REFUSED, refused=RefusedBecause.EXPIRED),
            (
                "Found: Ollama 0.32.15, Open WebUI 0.12.4. "
                "Open WebUI cannot be read: the stored sign-in is no longer accepted."
            ),
            [Connect(SERVER.url)],
            id="refused",
        ),
        pytest.param(seen(access=Access.ADMIN), "Found: Ollama 0.32.15, Open WebUI 0.12.4.", [], id="admin"),
    ],
)
def test_the_first_notice_says_what_is_missing_and_has_the_button_for_it(there, body, commands):
    notice = first_run(there, TR)
    assert notice.body == body
    assert [button.command for button in notice.buttons] == commands
    assert len(notice.body) <= BODY_LIMIT


def test_what_was_found_is_counted():
    assert [found(seen(ollama=False)), found(seen()), found(seen(access=Access.NONE))] == [0, 1, 2]


def test_a_server_that_is_not_there_has_a_row_that_can_be_clicked():
    rows = {row.id: row for row in menu(ScreenState(overview=seen(ollama=False)), TR).rows}
    assert rows["ollama"].command == OpenLink(Link.OLLAMA_PAGE)
    assert rows["access"].command == Connect()
    assert (rows["ollama"].text, rows["access"].text) == (
        "No Ollama runs here: start it, or get it...",
        "No Open WebUI answers: start it, or give its address...",
    )
