"""Damage to our own files never keeps the icon away, never ends a command, and costs only what was damaged."""

import os
from pathlib import Path

import pytest

from tests.own_files import OwnFiles
from tests.played import Played

EVERY = 83
"""A prime: each part of a line is met in some line."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    with Played(tmp_path_factory.mktemp("home")) as played:
        yield OwnFiles(played)


def test_some_of_all_damages(files):
    for path, data in files.damages(EVERY):
        assert files.faults(path, data) == [], (path.name, data)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("journal.jsonl", b'"setting":"tags"', b'"setting":"voice-mode"'),
        ("journal.jsonl", b'"at":1000000000.0', b'"at":' + b"9" * 400),
        ("journal.jsonl", b'"at":1000000000.0', b'"at":1e18'),
        ("state.json", b'"snoozed_until": 1000000000.0', b'"snoozed_until": 1e14'),
        ("state.json", b'"connected_url": "http', b'"connected_url": "ittp'),
        ("settings.toml", b"poll_s = 5", b"x = " + b"[" * 50_000),
        ("journal.jsonl", b'"place":"0"', b'"place":"-1"'),
        ("journal.jsonl", b'"url":"http', b'"url":"[::1'),
        ("relay.json", b'"control_port": 1', b'"control_port": 99999999'),
        ("relay.json", b'"upstream": "http', b'"upstream": "http://[::'),
        ("relay.json", b'"secret": "s', b'"secret": "\\u0000\\ud800'),
        ("relay.json", b'"pid": 4000000', b'"pid": ' + b"9" * 400),
        ("instance.json", b'"pid"', b'"token": "\\ud800", "pid"'),
    ],
)
def test_what_once_kept_the_icon_away(files, name, old, new):
    (path,) = (one for one in files.files if one.name == name)
    assert old in files.good[path]
    assert files.faults(path, files.good[path].replace(old, new, 1)) == []


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", ["journal.jsonl", "state.json", "settings.toml", "instance.json", "secret.json"])
def test_what_is_no_file_in_the_place_of_ours(files, name, make):
    (path,) = (one for one in files.files if one.name == name)
    path.unlink()
    make(path)
    try:
        assert files._used(path, b"") == []
    finally:
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
        files.restore()
