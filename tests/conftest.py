"""What holds for every test."""

import contextlib
import os
from pathlib import Path

import hypothesis
import pytest

from tests.opens import opens

# How long one example takes says how busy the machine is, not whether the code is right.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")

# What is said is asserted in English, about servers and files of the test's own, whatever the shell of its user is set to.
OF_THE_SHELL = (
    *("LANGUAGE", "LC_ALL", "LC_MESSAGES"),
    *("OLLAMA_HOST", "OLLAMA_MODELS", "OPEN_WEBUI_URL", "ELBOWROOM_API_KEY"),
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"),
    *("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"),
)
for name in OF_THE_SHELL:
    os.environ.pop(name, None)
os.environ["LANG"] = "C.UTF-8"
# Next steps name the command as it is typed; whoever installed us types its name.
os.environ["ELBOWROOM_STARTED_BY"] = "elbowroom"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Reports cross from a parallel process as UTF-8: what a test logged may hold what UTF-8 has no bytes for."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture
def own_code(monkeypatch):
    """A relay that is started here runs this tree, not the copy that `run.py` installed some time ago."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


@pytest.fixture
def opened():
    """`with opened(path) as count:`, then `count()` tells how often that file was opened within."""

    @contextlib.contextmanager
    def watch(path):
        with opens() as seen:
            yield lambda: sum(1 for one in seen if one == str(path))

    return watch
