"""Carries changes that are over from a journal that has grown long to a dated file beside it.

What stays: the newest changes whatever became of them, every change in force, every one that a crash left open, and
lines that are not understood. Undo, drift and settling then answer as before; only older values that a newer change of
ours replaced can no longer be gone back to one by one. Lines are carried as they are, so an archive reads as a journal.

The archive is complete on the disk before the journal is replaced by its rest. A kill between the two leaves an archive
whose every line is still in the journal: the next time it is removed first, so no line is ever lost or told twice.
"""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tray_app.core.values.plan import OPEN, SETTLED, Record
from tray_app.storage.files import read_file, replace_file, stamp_of, typed_errors
from tray_app.storage.journal import Folded, Journal, decode_line

LONG_BYTES = 512 * 1024
"""About 2,000 lines. A shorter journal is left alone."""
NEWEST = 200
"""Changes that stay, however they ended."""


def compact(journal: Journal, now: float) -> Path | None:
    """The new archive, or None where there was too little to carry away. `now`: Unix seconds.

    Call it under the write lock. StorageError where it could not be done or made
    durable: the journal then is as it was, or is the shorter one.
    """
    stamp = stamp_of(journal.path)
    if stamp is None or stamp.size < LONG_BYTES:
        return None
    with journal.locked():
        lines = _lines(journal.path)
        known = [(line, decode_line(line)) for line in lines]
        over = _over(record for _, record in known if isinstance(record, Record))
        old = [line for line, record in known if isinstance(record, Record) and record.id in over]
        if len(old) < len(lines) / 2:
            return None
        _remove_remains(journal.path, frozenset(lines))
        archive = _free_name(journal.path, now)
        replace_file(archive, _joined(old))
        gone = frozenset(old)
        replace_file(journal.path, _joined(line for line in lines if line not in gone))
    return archive


def _over(records: Iterable[Record]) -> frozenset[str]:
    """The ids of changes that nobody asks for any more."""
    folded = Folded(records)
    older = folded.all[:-NEWEST]
    origins = {one.origin for one in older}
    in_force = {one.id for origin in origins for one in folded.in_force(origin)}
    return frozenset(
        one.id for one in older if one.event in SETTLED or (one.event not in OPEN and one.id not in in_force)
    )


def _lines(path: Path) -> list[bytes]:
    return [line for line in (read_file(path) or b"").split(b"\n") if line.strip()]


def _joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def archives(journal: Path) -> Iterator[Path]:
    """Every archive beside a journal, by name."""
    return iter(sorted(journal.parent.glob(f"{journal.stem}-*{journal.suffix}")))


def _remove_remains(journal: Path, present: frozenset[bytes]) -> None:
    """What a kill left of earlier tries: half-written spares, and an archive that the journal still holds as well."""
    with typed_errors(journal):
        for spare in journal.parent.glob(f".{journal.stem}*{journal.suffix}.*"):
            spare.unlink(missing_ok=True)
        for archive in archives(journal):
            if present.issuperset(_lines(archive)):
                archive.unlink(missing_ok=True)


def _free_name(journal: Path, now: float) -> Path:
    """`journal-2026-11-25.jsonl`, then `journal-2026-11-25-2.jsonl`."""
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    number, archive = 1, journal.with_name(f"{journal.stem}-{day}{journal.suffix}")
    while os.path.exists(archive):
        number += 1
        archive = journal.with_name(f"{journal.stem}-{day}-{number}{journal.suffix}")
    return archive
