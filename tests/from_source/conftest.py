"""run.py's modules, and how tests change what their functions read."""

from types import SimpleNamespace

import pytest

from from_source import environment, install, newer, pythons, start, words

MODULES = (words, newer, pythons, environment, install, start)


@pytest.fixture
def run():
    """Every name of every module."""
    return SimpleNamespace(**{name: value for module in MODULES for name, value in vars(module).items()})


@pytest.fixture
def change(monkeypatch):
    """Change a name wherever it is read."""

    def changed(name, value):
        having = [module for module in MODULES if hasattr(module, name)]
        assert having, name
        for module in having:
            monkeypatch.setattr(module, name, value)

    return changed


@pytest.fixture
def fake_python(tmp_path):
    """A program that does what a line of shell says."""

    def made(name, says):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
        program.chmod(0o755)

    return made
