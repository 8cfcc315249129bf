"""Every byte of our own files flipped, and every file cut short: nothing ends a command, the icon comes, undo works.

The normal tests try some of it (tests/app/test_own_files.py). All of it: `python -m tests.own_files`, some minutes.
"""

import argparse
import contextlib
import io
import itertools
import json
import logging
import sys
import tempfile
import time
import traceback
from pathlib import Path

from msgspec.structs import replace

from tests.played import Played
from tray_app.app import language
from tray_app.app.session import Session
from tray_app.app.worker import Worker
from tray_app.core.tasks.ollama_connections import told_as
from tray_app.core.values.plan import Change, Event, Record
from tray_app.core.values.remedy import CHAT_FIRST
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.token import origin_of
from tray_app.storage.lock import SingleInstance
from tray_app.storage.paths import Paths
from tray_app.storage.relay_file import RelayDoor, RelayFile

SLOW_S = 3.0


class Screen:
    def __init__(self):
        self.views = []

    def show(self, view):
        self.views.append(view)

    def stop(self):
        pass


class Kept(logging.Handler):
    """What was logged as an error: a bug that only the edge of the thread caught."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.records = []

    def emit(self, record):
        self.records.append(record)


class OwnFiles:
    """A home with one of each file, as a few days of use leave them."""

    def __init__(self, played: Played):
        self.played = played
        self.paths = paths = Paths(played.home)
        origin = origin_of(played.webui.url)
        app = played.app()
        app.state.update(
            lambda state: replace(
                state,
                connected_url=played.webui.url,
                snoozed_until=1e9,
                muted=("qwen3:32b",),
                told={"cause": 1e9},
                relief_change_id="c0",
                relief_at=1e9,
                first_run_done=True,
            )
        )
        names = (Setting.TAGS, Setting.TITLES, Setting.AUTOCOMPLETE)
        for number, (setting, event) in enumerate(itertools.product(names, (Event.INTENDED, Event.APPLIED))):
            changes = (Change(setting, True, False),) if event is Event.INTENDED else ()
            app.journal.append(Record(f"c{number // 2}", 1e9 + number, event, origin, "0.12.4", "fix", changes))
        self._chat_first(app, origin)
        self._hosted(app, origin)
        paths.settings_file.write_text("poll_s = 5\nlanguage = 'en'\n[limits]\nstorm_requests = 9\n")
        lock = SingleInstance(paths.instance_lock_file, paths.instance_file)
        lock.acquire()
        lock.publish(1234)
        self.good = {path: path.read_bytes() for path in self.files}
        self.undoable = {one.id: one.changes for one in app.changes().undoable(origin)}
        lock.release()
        self.restore()

    def _hosted(self, app, origin):
        """A connection that was added, as the journal has it: without its key."""
        place = "https://openrouter.ai/api/v1"
        value = {"url": place, "key": True, "on": True, "models": ["m"], "prefix": "", "more": []}
        added = (Change(Setting.OPENAI_CONNECTION, None, value, place),)
        for event, changes in ((Event.INTENDED, added), (Event.APPLIED, ())):
            app.journal.append(Record("h1", 1e9 + 9, event, origin, "0.12.4", "hosted-connection:m", changes))

    def _chat_first(self, app, origin):
        """On, off and on again, at a relay that was killed and at a gateway; nothing listens at its ports."""
        relay, direct = "http://127.0.0.1:2", self.played.ollama.url
        led = Change(Setting.OLLAMA_CONNECTION, told_as(direct, ours=False), told_as(relay, ours=True), "0")
        steps = ((CHAT_FIRST, "r0", Event.UNDONE), (f"{CHAT_FIRST}:{relay}", "r1", Event.APPLIED))
        for number, (remedy, name, last) in enumerate(steps):
            app.journal.append(Record(name, 1.1e9 + number, Event.INTENDED, origin, "0.12.4", remedy, (led,)))
            app.journal.append(Record(name, 1.1e9 + number, Event.APPLIED, origin, "0.12.4", remedy))
            if last is not Event.APPLIED:
                app.journal.append(Record(name, 1.1e9 + number, Event.UNDO_INTENDED, origin, "0.12.4", remedy))
                app.journal.append(Record(name, 1.1e9 + number, last, origin, "0.12.4", remedy, (led.back(),)))
        door = RelayDoor(4_000_000, 2, direct, 1, "s" * 43, "1.0", 1e9)
        RelayFile(self.paths.relay_file).write(door)

    @property
    def files(self):
        paths = self.paths
        known = (paths.journal_file, paths.state_file, paths.settings_file, paths.instance_file, paths.secret_file)
        return (*known, paths.relay_file)

    def restore(self):
        for path, data in self.good.items():
            if not path.is_file():
                path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
            path.write_bytes(data)
            path.chmod(0o600)

    def damages(self, every=1):
        """File and its damaged bytes: cut at an offset, and one bit flipped there."""
        for path, data in self.good.items():
            for offset in range(0, len(data), every):
                yield path, data[:offset]
                flipped = bytearray(data)
                flipped[offset] ^= 1 << (offset % 8)
                yield path, bytes(flipped)

    def faults(self, path: Path, data: bytes) -> list[str]:
        """What is wrong after that damage: nothing, if all is well."""
        path.write_bytes(data)
        found, kept, began = [], Kept(), time.thread_time()
        logging.getLogger("tray_app").addHandler(kept)
        try:
            found += self._used(path, data)
        except Exception:  # noqa: BLE001 - any at all is a fault
            found.append(traceback.format_exc())
        finally:
            logging.getLogger("tray_app").removeHandler(kept)
            self.restore()
        found += [f"logged: {record.getMessage()} {record.exc_info}" for record in kept.records]
        if (took := time.thread_time() - began) > SLOW_S:
            found.append(f"took {took:.1f} s of this thread")
        return found

    def _used(self, path: Path, data: bytes) -> list[str]:
        found = []
        language.of_command_line(["--home", str(self.played.home)])
        SingleInstance(self.paths.instance_lock_file, self.paths.instance_file).other()
        screen = Screen()
        session = Session(self.played.overrides)
        worker = Worker(session, screen)
        worker._show_whatever_is_there()
        if not screen.views or screen.views[-1].menu.rows[-1].id != "quit":
            found.append("no frame")
        elif any(row.id == "broken" for row in screen.views[-1].menu.rows):
            found.append("a part of the frame is missing")
        app = session.app
        undoable = {one.id: one.changes for one in app.changes().undoable(origin_of(self.played.webui.url))}
        if path == self.paths.journal_file:
            found += [
                f"{name} cannot be undone" for name in (self._untouched(data) & self.undoable.keys()) - undoable.keys()
            ]
            found += self._silent(session, data, undoable)
        session.close()
        ours = path in (self.paths.relay_file, self.paths.journal_file)
        for argv in (["journal"], ["journal", "--json"], *([["chat-first", "status"]] if ours else ()), ["disconnect"]):
            found += self._command(argv)
        return found

    def _silent(self, session: Session, data: bytes, undoable: dict) -> list[str]:
        """A change that is not offered as it was is told as missing. Lines that were cut off as a whole leave no trace."""
        if len(data) != len(self.good[self.paths.journal_file]) or undoable == self.undoable or session.complaint():
            return []
        return [f"silently offers {undoable}"]

    def _untouched(self, data: bytes) -> set[str]:
        """Changes all of whose lines are as they were."""
        good = self.good[self.paths.journal_file].splitlines()
        left = set(data.split(b"\n"))
        lines = [(json.loads(line)["id"], line in left) for line in good]
        return {name for name, _ in lines if all(there for other, there in lines if other == name)}

    def _command(self, argv) -> list[str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = self.played.run(*argv)
        said = out.getvalue() + err.getvalue()
        return [f"{argv}: {code} {said}"] if "Traceback" in said or code not in {0, 1, 3} else []


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    tried = bad = 0
    with tempfile.TemporaryDirectory() as folder, Played(folder) as played:
        files = OwnFiles(played)
        for path, data in files.damages():
            tried += 1
            if found := files.faults(path, data):
                bad += 1
                print(path.name, data[:200], *found, sep="\n  ")
    print(f"{tried} damages, {bad} with faults")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
