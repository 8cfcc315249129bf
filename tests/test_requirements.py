"""A part that lacks its tool is skipped, unless the run requires it."""

import pytest

from tests.requirements import VARIABLE, require, required


def test_a_missing_part_is_skipped_with_its_reason(monkeypatch):
    monkeypatch.setenv(VARIABLE, "tray, wine")
    with pytest.raises(pytest.skip.Exception, match="real: no network"):
        require("real", "no network")


def test_a_required_part_fails(monkeypatch):
    monkeypatch.setenv(VARIABLE, "real,tray")
    with pytest.raises(pytest.fail.Exception, match="no network"):
        require("real", "no network")


def test_nothing_is_required_by_default(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert not required("real")


def test_a_misspelt_part_is_not_ignored(monkeypatch):
    monkeypatch.setenv(VARIABLE, "reel")
    with pytest.raises(ValueError, match="reel"):
        required("real")
