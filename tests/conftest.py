"""What holds for every test."""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    """Reports cross from a parallel process as UTF-8: what a test logged may hold what UTF-8 has no bytes for."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
