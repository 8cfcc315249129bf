"""What holds for every test."""

import contextlib

import pytest

from tests.opens import opens


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Reports cross from a parallel process as UTF-8: what a test logged may hold what UTF-8 has no bytes for."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


def pytest_collection_modifyitems(items):
    """Which tests share a process when several run side by side (`-n 2 --dist loadgroup`): those that share something.

    One Windows desktop for all of Wine, one screen at a time, a server once for all its tests; else a file's tests.
    """
    for item in items:
        if item.get_closest_marker("wine"):
            group = "wine"
        elif item.get_closest_marker("tray"):
            group = "tray"
        elif hasattr(item, "callspec") and "server" in item.callspec.params and "contract" in item.path.parts:
            group = "-".join(item.callspec.params["server"])
        else:
            group = item.path.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture
def opened():
    """`with opened(path) as count:`, then `count()` tells how often that file was opened within."""

    @contextlib.contextmanager
    def watch(path):
        with opens() as seen:
            yield lambda: sum(1 for one in seen if one == str(path))

    return watch
