"""What was measured over time, on disk: SQLite by the standard library, a week or 20 MB of it.

Written in batches by the tray, and by the relay of chat first, which goes on while the tray is not there. Nothing here
waits for long: where the file is locked, full or read-only, what is to be written waits with whoever wanted to write,
and the reason is `problem`. A damaged file is set aside by the tray and begun anew; that of a newer version is left
alone.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import ValidationError, convert

from tray_app.core.report.codec import encode
from tray_app.core.report.history import Mark, Past, Stretch, Unwritten
from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.requests import FinishedRequest
from tray_app.core.values.version import Json
from tray_app.storage.files import create_private, make_folder, typed_errors

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T", Stretch, FinishedRequest, Mark)
A = TypeVar("A")
SCHEMA = 2
KEPT_S = 7 * 86_400.0
LARGEST_BYTES = 20 * 2**20
PRUNE_EVERY_S = 3600.0
OTHER_WRITER_S = 0.05
"""What the other one needs for its batch is a few milliseconds."""
# One list of statements for each step from a schema to the next: a new file takes them all.
_STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE spans (at REAL PRIMARY KEY, until REAL NOT NULL, level TEXT NOT NULL, pressure TEXT,
           running INTEGER, waiting INTEGER, held INTEGER, longest_wait_s REAL, swap_out_bytes REAL NOT NULL)
           WITHOUT ROWID""",
        """CREATE TABLE finished (model TEXT, kind TEXT NOT NULL, reason TEXT NOT NULL, task TEXT,
           began_at REAL NOT NULL, ended_at REAL NOT NULL, first_token_at REAL, busy_s REAL NOT NULL,
           held_s REAL NOT NULL, served INTEGER NOT NULL)""",
        "CREATE UNIQUE INDEX once ON finished (ended_at, began_at, kind, ifnull(model, ''), ifnull(task, ''))",
    ),
    (
        "ALTER TABLE spans ADD COLUMN running_at_least INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE spans ADD COLUMN waiting_at_least INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE finished ADD COLUMN broken_off INTEGER NOT NULL DEFAULT 0",
        """CREATE TABLE marks (at REAL NOT NULL, kind TEXT NOT NULL, model TEXT, change_id TEXT, setting TEXT,
           value TEXT, count INTEGER NOT NULL)""",
        """CREATE UNIQUE INDEX once_marked ON marks
           (at, kind, ifnull(model, ''), ifnull(change_id, ''), ifnull(setting, ''))""",
    ),
)
_WRITE_SPAN = """
    INSERT INTO spans (at, until, level, pressure, running, waiting, held, longest_wait_s, swap_out_bytes,
    running_at_least, waiting_at_least)
    VALUES (:at, :until, :level, :pressure, :running, :waiting, :held, :longest_wait_s, :swap_out_bytes,
    :running_at_least, :waiting_at_least)
    ON CONFLICT (at) DO UPDATE SET
    until = max(until, excluded.until), longest_wait_s = excluded.longest_wait_s,
    swap_out_bytes = excluded.swap_out_bytes"""
# The tray sees the runners and knows better than the relay how long each worked: its row stays, whoever was first.
_WRITE_FINISHED_TOO = """
    INSERT OR IGNORE INTO finished
    (model, kind, reason, task, began_at, ended_at, first_token_at, busy_s, held_s, served, broken_off)
    VALUES (:model, :kind, :reason, :task, :began_at, :ended_at, :first_token_at, :busy_s, :held_s, :served,
    :broken_off)"""
_WRITE_FINISHED = _WRITE_FINISHED_TOO.replace("OR IGNORE", "OR REPLACE")
_WRITE_MARK = """
    INSERT OR IGNORE INTO marks (at, kind, model, change_id, setting, value, count)
    VALUES (:at, :kind, :model, :change_id, :setting, :value, :count)"""
_READ_SPANS = "SELECT * FROM spans WHERE until >= ? AND at <= ? ORDER BY at"
_READ_FINISHED = "SELECT * FROM finished WHERE ended_at >= ? AND ended_at <= ? ORDER BY ended_at, began_at"
_READ_MARKS = "SELECT * FROM marks WHERE at >= ? AND at <= ? ORDER BY at"
_OLD = (
    "DELETE FROM spans WHERE until < ?",
    "DELETE FROM finished WHERE ended_at < ?",
    "DELETE FROM marks WHERE at < ?",
)
_OLDEST_TENTH = (
    "DELETE FROM spans WHERE at IN (SELECT at FROM spans ORDER BY at LIMIT (SELECT count(*) / 10 + 1 FROM spans))",
    """DELETE FROM finished WHERE rowid IN
       (SELECT rowid FROM finished ORDER BY ended_at LIMIT (SELECT count(*) / 10 + 1 FROM finished))""",
    """DELETE FROM marks WHERE rowid IN
       (SELECT rowid FROM marks ORDER BY at LIMIT (SELECT count(*) / 10 + 1 FROM marks))""",
)
_TRUTHS = frozenset({"served", "running_at_least", "waiting_at_least"})


class _Newer(Exception):
    """A newer version of this app wrote the file."""


class HistoryFile:
    """The tray's worker writes it, and the relay's `guest`; anybody may read it meanwhile."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time, *, guest: bool = False) -> None:
        """`guest`: the tray may write the same requests, and what is done about a damaged file is the tray's."""
        self.path = path
        self._guest = guest
        self.problem: StorageError | None = None
        """Why it could not be written the last time, or what became of a damaged one."""
        self._now = now
        self._open: sqlite3.Connection | None = None
        self._prune_at = 0.0

    def write(self, rows: Unwritten) -> bool:
        """One transaction; False where that was not possible, for the reason in `problem`."""
        try:
            import sqlite3  # noqa: F401 - some builds of Python come without it
        except ImportError as error:
            self.problem = StorageError(str(self.path), str(error))
            return False
        return self._tried(rows) or (self._was_set_aside() and self._tried(rows))

    def _tried(self, rows: Unwritten) -> bool:
        import sqlite3

        try:
            self._write(rows)
        except (sqlite3.Error, OSError, StorageError, _Newer, UnicodeDecodeError) as error:
            self._close()
            self.problem = self._told(error)
            return False
        if self.problem is None or self.problem.fault is not StorageFault.DAMAGED:
            self.problem = None
        return True

    def _write(self, rows: Unwritten) -> None:
        database = self._open = self._open or self._connected()
        with database:
            database.executemany(_WRITE_SPAN, map(_row, rows.spans))
            write = _WRITE_FINISHED_TOO if self._guest else _WRITE_FINISHED
            database.executemany(write, map(_row, rows.finished))
            database.executemany(_WRITE_MARK, map(_row, rows.marks))
            now = self._now()
            if now >= self._prune_at:
                self._prune(database, now)
                self._prune_at = now + PRUNE_EVERY_S

    def _connected(self) -> "sqlite3.Connection":
        import sqlite3

        with typed_errors(self.path):
            make_folder(self.path.parent)
            with contextlib.suppress(FileExistsError):
                os.close(create_private(self.path))  # nobody else may read it; what SQLite puts beside it is as it is
        # One thread after the other: the worker writes, and whoever ends the app writes the last and closes it.
        database = sqlite3.connect(self.path, timeout=OTHER_WRITER_S, check_same_thread=False)
        with contextlib.ExitStack() as unless_good:
            unless_good.callback(database.close)
            schema = _schema_of(database)
            if schema == 0:
                database.execute("PRAGMA auto_vacuum = FULL")
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute("PRAGMA journal_size_limit = 1048576")
            _migrate(database, schema)
            database.execute("SELECT count(*) FROM spans, finished, marks WHERE 0").fetchone()
            unless_good.pop_all()
        return database

    def _prune(self, database: "sqlite3.Connection", now: float) -> None:
        for statement in _OLD:
            database.execute(statement, (now - KEPT_S,))
        while _used_bytes(database) > LARGEST_BYTES:
            for statement in _OLDEST_TENTH:
                database.execute(statement)

    def _was_set_aside(self) -> bool:
        """A damaged file is kept under another name, so that the next try begins anew."""
        damaged = self.problem
        if self._guest or damaged is None or damaged.fault is not StorageFault.DAMAGED:
            return False
        number = 1
        while os.path.exists(aside := self.path.with_name(f"{self.path.name}.damaged-{number}")):
            number += 1
        try:
            for end in ("-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
            self.path.rename(aside)
        except OSError:
            return False
        return True

    def _told(self, error: Exception) -> StorageError:
        import sqlite3

        if isinstance(error, StorageError):
            return error
        fault, reason = StorageFault.OTHER, str(error)
        if isinstance(error, _Newer):
            fault = StorageFault.NEWER
        elif isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
            fault = _FAULTS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, StorageFault.OTHER)
        elif isinstance(error, sqlite3.DatabaseError | UnicodeDecodeError):
            fault = StorageFault.DAMAGED  # sqlite3 cannot even say what is wrong: the words are the file's own
        return StorageError(str(self.path), reason, fault)

    # --- reading -----------------------------------------------------------------------------

    def read(self, since: float = 0.0, until: float = float("inf")) -> Past:
        """What it holds from then to then. StorageError where it cannot be read; nothing where there is no file."""
        import sqlite3

        if not os.path.exists(self.path):
            return Past()
        try:
            with self._reading() as database:
                if database is None:
                    return Past()
                return Past(
                    _values(Stretch, database.execute(_READ_SPANS, (since, until))),
                    _values(FinishedRequest, database.execute(_READ_FINISHED, (since, until))),
                    _values(Mark, database.execute(_READ_MARKS, (since, until))) if _has_marks(database) else (),
                )
        except (sqlite3.Error, _Newer, UnicodeDecodeError) as error:
            raise self._told(error) from error

    def reading(self, ask: Callable[["sqlite3.Connection"], A], nothing: A) -> A:
        """What a question to the file is answered with; `nothing` where there is no file. StorageError as in read()."""
        import sqlite3

        if not os.path.exists(self.path):
            return nothing
        try:
            with self._reading() as database:
                return nothing if database is None or not _has_marks(database) else ask(database)
        except (sqlite3.Error, _Newer, UnicodeDecodeError) as error:
            raise self._told(error) from error

    @contextmanager
    def _reading(self) -> "Iterator[sqlite3.Connection | None]":
        """None where nothing is in it yet."""
        import sqlite3

        database = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)
        with contextlib.closing(database):
            yield database if _schema_of(database) else None

    def close(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


_FAULTS = {1: StorageFault.DAMAGED, 8: StorageFault.READ_ONLY, 13: StorageFault.DISK_FULL}
"""SQLITE_ERROR (a table or column of ours is not there), SQLITE_READONLY, SQLITE_FULL (sqlite3.h)."""


def _schema_of(database: "sqlite3.Connection") -> int:
    (schema,) = database.execute("PRAGMA user_version").fetchone()
    if schema > SCHEMA:
        raise _Newer
    return int(schema)


def _migrate(database: "sqlite3.Connection", schema: int) -> None:
    """All steps that are missing, in one transaction: a kill leaves the old schema or the new one."""
    if schema == SCHEMA:
        return
    database.execute("BEGIN IMMEDIATE")
    with database:
        for step in _STEPS[_schema_of(database) :]:  # the other writer may have done it meanwhile
            for statement in step:
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {SCHEMA}")


def _used_bytes(database: "sqlite3.Connection") -> int:
    pages, free, size = (
        database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _has_marks(database: "sqlite3.Connection") -> bool:
    """Not before schema 2: a file that only an earlier version has written is read as it is."""
    return _schema_of(database) > 1


def _row(value: Stretch | FinishedRequest | Mark) -> dict[str, Json]:
    members = encode(value)
    assert isinstance(members, dict)
    return members


def _values(kind: type[T], rows: "sqlite3.Cursor") -> tuple[T, ...]:
    """Without a row that holds what no version of this app writes. A day of a busy machine is 25,000 rows."""
    names = [one[0] for one in rows.description]
    truths = [name for name in names if name in _TRUTHS]
    made = []
    for row in rows:
        members = dict(zip(names, row))  # noqa: B905 - a check for every row is a tenth of its cost
        for name in truths:
            members[name] = bool(members[name])
        try:
            made.append(convert(members, kind))
        except ValidationError:
            continue
    return tuple(made)
