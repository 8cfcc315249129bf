import sys

import pytest

from tests.e2e import desk as desks
from tests.requirements import require


@pytest.fixture(scope="session")
def bench():
    """The reason why there is no bench here, or empty."""
    return desks.missing()


@pytest.fixture
def desk(bench):
    if bench:
        require("tray", bench)
    with desks.Desk() as desk:
        yield desk


@pytest.fixture
def canned(desk):
    """The tray alone, up and showing frame 3."""
    app = desks.App(desk, [sys.executable, "-m", "tests.e2e.canned"])
    app.wait_line("started")
    desk.person.wait_row("Overloaded: 3")
    return app
