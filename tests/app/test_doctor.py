"""The doctor's report: complete, and nothing private in it whatever the sources say."""

import json
import os
import stat
import struct
import sys

import pytest
from msgspec import Struct
from msgspec.structs import fields, replace

from tray_app.app import doctor
from tray_app.app.doctor import Probe
from tray_app.core.report.doctor import EntryState
from tray_app.core.report.redact import Redactor
from tray_app.core.values import snapshot as snapshot_module
from tray_app.core.values.connections import Client, Connections
from tray_app.core.values.errors.service import BadAnswer, Refused, RefusedBecause, TimedOut, Unreachable
from tray_app.core.values.errors.storage import StorageError
from tray_app.core.values.reading import Known, Unknown, Why
from tray_app.core.values.requests import RunnerSlot
from tray_app.core.values.snapshot import Memory, Ollama, OpenWebUI, Presence, Pressure

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6ImFubiJ9.c2lnbmF0dXJl"
KEY = "sk-4f2a9c81d07e4b6ba3315f0c9d2e7788"
PROMPT = "please help me to write to my divorce lawyer"
USER = "marigold"
URL = "http://ann:correcthorse@127.0.0.1:11434/api?next=batterystaple"
PLANTED = (TOKEN, KEY, PROMPT, USER, "correcthorse", "batterystaple", "divorce")
REDACTOR = Redactor(f"/home/{USER}", (USER,), (TOKEN,))
EVERYTHING = f"{TOKEN} {KEY} {PROMPT} /home/{USER}/x {USER} {URL}"
STRUCTURE = struct.pack("<4Q", 1, 2**20, 3 * 10**9, 2**63)
COUNTERS = b"MemTotal:       1000 kB\nMemAvailable:    400 kB\n"


def clock():
    ticks = iter(range(10**6))
    return lambda: next(ticks) / 1000


def report(*sources):
    return doctor.run(sources, REDACTOR, [("Elbowroom", "0.1.0"), ("Ollama", "0.32.15")], clock())


class TestReport:
    def test_a_value_with_its_time(self):
        memory = Memory(1000, 400, Pressure.NORMAL)
        (entry,) = report(Probe("memory", lambda: Known(memory, 5.0), lambda: {"meminfo": COUNTERS})).entries
        assert (entry.name, entry.state, entry.seconds) == ("memory", EntryState.WORKS, pytest.approx(0.001))
        assert (entry.value["total_bytes"], entry.value["pressure"]) == (1000, "normal")
        assert [(raw.name, raw.size_bytes, raw.text) for raw in entry.raw] == [
            ("meminfo", len(COUNTERS), COUNTERS.decode())
        ]

    def test_an_unknown_says_why(self):
        (entry,) = report(Probe("log", lambda: Unknown(Why.DENIED, "server.log: Permission denied"))).entries
        assert (entry.state, entry.why) == (EntryState.UNKNOWN, Unknown(Why.DENIED, "server.log: Permission denied"))

    @pytest.mark.parametrize(
        ("error", "why"),
        [
            (Unreachable("http://127.0.0.1:1"), Why.UNREACHABLE),
            (TimedOut("http://127.0.0.1:1", 2.0), Why.TIMED_OUT),
            (Refused("http://127.0.0.1:1", RefusedBecause.EXPIRED), Why.REFUSED),
        ],
    )
    def test_an_error_is_an_entry(self, error, why):
        def fail():
            raise error

        entries = report(Probe("ollama", fail, from_server=True), Probe("machine", lambda: 1)).entries
        assert (entries[0].state, entries[0].why.why, entries[0].error) == (
            EntryState.FAILED,
            why,
            type(error).__name__,
        )
        assert entries[1].state is EntryState.WORKS

    def test_what_is_missing_inside_a_value_is_named(self):
        web = OpenWebUI("http://w", "0.12.4", busy_chats=Unknown(Why.REFUSED, "not-admin"))
        (entry,) = report(Probe("open-webui", lambda: Known(web, 1.0), from_server=True)).entries
        assert ("busy_chats", Unknown(Why.REFUSED, "not-admin")) in entry.missing

    def test_a_raw_source_that_gave_nothing(self):
        probe = Probe("memory", lambda: 1, lambda: {"pressure": Unknown(Why.UNSUPPORTED, "pressure: EOPNOTSUPP")})
        (raw,) = report(probe).entries[0].raw
        assert (raw.size_bytes, raw.why.why) == (None, Why.UNSUPPORTED)

    def test_json_is_plain(self):
        made = report(Probe("slots", lambda: Known((RunnerSlot(0, True, 5),), 1.0)))
        assert json.loads(json.dumps(made.as_json()))["sources"][0]["value"][0]["task_id"] == 5


def planted(kind):
    """A value of that type with the planted text in every field that can hold text."""
    made = {}
    for item in fields(kind):
        hint = str(item.type) if not isinstance(item.type, type) else item.type.__name__
        if "Reading[" in hint:
            made[item.name] = Known((EVERYTHING,), 1.0) if "tuple" in hint else Unknown(Why.BAD_ANSWER, EVERYTHING)
        elif "str" in hint:
            made[item.name] = (EVERYTHING,) if "tuple" in hint else EVERYTHING
        elif "tuple" in hint:
            made[item.name] = (EVERYTHING,)
        else:
            made[item.name] = EVERYTHING  # a wrong type from a careless decoder
    return kind(**made)


KINDS = [
    kind
    for kind in vars(snapshot_module).values()
    if isinstance(kind, type) and issubclass(kind, Struct) and kind.__module__ == snapshot_module.__name__
]


def failing(error):
    def fail():
        raise error

    return fail


def leaky_sources():
    """Every kind of source, each with all that is private in all places."""
    raw = {
        f"raw-{number}": data
        for number, data in enumerate(
            [
                COUNTERS + EVERYTHING.encode() + b"\n",
                b"\x00\x01" + EVERYTHING.encode() + b"\x00",
                b"\n".join(word.encode() + b": 5 kB" for word in (USER, KEY, TOKEN)),
                EVERYTHING.encode("utf-16"),
            ]
        )
    }
    raw["gone"] = Unknown(Why.DENIED, f"/home/{USER}/{KEY}")
    yield from (Probe(kind.__name__, lambda kind=kind: Known(planted(kind), 1.0), from_server=True) for kind in KINDS)
    yield Probe("connections", lambda: Known(Connections((Client(EVERYTHING, 1, EVERYTHING),)), 1.0))
    yield Probe("text", lambda: EVERYTHING, lambda: raw)
    yield Probe("mapping", lambda: {"prompt": PROMPT, KEY: TOKEN})
    yield Probe("own-unknown", lambda: Unknown(Why.DENIED, f"/home/{USER}/x {KEY} {URL}"))
    yield Probe("server-unknown", lambda: Unknown(Why.BAD_ANSWER, EVERYTHING), from_server=True)
    for error in (
        BadAnswer(URL, PROMPT),
        Unreachable(URL, EVERYTHING),
        Refused(URL, RefusedBecause.OTHER, EVERYTHING),
        StorageError(f"/home/{USER}/x", KEY),
    ):
        yield Probe(type(error).__name__, failing(error), lambda: raw, from_server=True)


def assert_nothing_private(text):
    found = [word for word in PLANTED if word.lower() in text.lower()]
    assert not found, text[max(0, text.lower().find(found[0].lower()) - 200) :][:400]


class TestNothingPrivate:
    def test_the_plants_are_there(self):
        """Or the tests below would show nothing."""
        assert len(KINDS) > 15
        for word in PLANTED:
            assert word in repr([source.question() for source in list(leaky_sources())[: len(KINDS)]])

    def test_not_in_json(self):
        made = doctor.run(list(leaky_sources()), REDACTOR, [("Ollama", EVERYTHING)])
        assert_nothing_private(json.dumps(made.as_json(), ensure_ascii=False))

    def test_not_in_text(self):
        from tests.english import TR
        from tray_app.core.text import doctor as view

        made = doctor.run(list(leaky_sources()), REDACTOR, [("Ollama", EVERYTHING)])
        shown = view.lines(replace(made, files=("report.json",)), TR)
        text = "\n".join("".join(span.text for span in line) for line in shown)
        assert_nothing_private(text)
        assert "report.json" in text

    def test_not_in_a_capture(self, tmp_path):
        made = doctor.capture(list(leaky_sources()), tmp_path / "out", REDACTOR, [("Ollama", EVERYTHING)])
        for name in made.files:
            data = (tmp_path / "out" / name).read_bytes()
            assert_nothing_private(name)
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                assert_nothing_private(data.decode(encoding, "replace"))


class TestCapture:
    SOURCES = (
        Probe(
            "memory",
            lambda: 1,
            lambda: {"meminfo": COUNTERS, "vm": STRUCTURE, "psi": Unknown(Why.MISSING)},
        ),
        Probe("../../evil name", lambda: 2, lambda: {"/etc/x": b"5\n"}),
    )

    def test_files_are_the_os_own_bytes_and_are_listed(self, tmp_path):
        made = doctor.capture(self.SOURCES, tmp_path / "a" / "out", REDACTOR)
        out = tmp_path / "a" / "out"
        assert set(made.files) == {path.name for path in out.iterdir()}
        assert (out / "memory-meminfo.txt").read_bytes() == COUNTERS
        assert (out / "memory-vm.bin").read_bytes() == STRUCTURE
        assert json.loads((out / "report.json").read_text())["files"] == list(made.files)
        assert "______evil_name-_etc_x.txt" in made.files

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
    def test_only_the_owner_may_read(self, tmp_path):
        old = os.umask(0)
        try:
            made = doctor.capture(self.SOURCES, tmp_path / "out", REDACTOR)
        finally:
            os.umask(old)
        assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
        assert {stat.S_IMODE((tmp_path / "out" / name).stat().st_mode) for name in made.files} == {0o600}

    def test_a_folder_with_something_in_it_is_left_alone(self, tmp_path):
        (tmp_path / "mine.txt").write_text("x")
        with pytest.raises(StorageError, match="not empty"):
            doctor.capture(self.SOURCES, tmp_path, REDACTOR)
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_a_file_in_the_way(self, tmp_path):
        (tmp_path / "out").write_text("x")
        with pytest.raises(StorageError):
            doctor.capture(self.SOURCES, tmp_path / "out", REDACTOR)


def test_an_absent_server_is_a_value():
    (entry,) = report(Probe("ollama", lambda: Known(Ollama("http://o", Presence.ABSENT), 1.0))).entries
    assert (entry.state, entry.value["presence"]) == (EntryState.WORKS, "absent")
