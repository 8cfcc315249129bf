"""Each test of an adapter gets its own pystray backend: the modules that were imported with it go away afterwards."""

import sys

import pytest

OF_THE_BACKEND = ("pystray", "tray_app.tray")


@pytest.fixture
def backend(monkeypatch):
    """Call it with a backend's name: imports from then on use it."""
    before = {name: module for name, module in sys.modules.items() if name.startswith(OF_THE_BACKEND)}

    def choose(name):
        for module in before:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setenv("PYSTRAY_BACKEND", name)

    yield choose
    for name in [name for name in sys.modules if name.startswith(OF_THE_BACKEND)]:
        del sys.modules[name]
    sys.modules.update(before)


@pytest.fixture
def sent():
    return []
