"""How one of our files is written so that a crash, a full disk or a second reader never sees half of it."""

import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from tray_app.core.values.errors.storage import StorageError, StorageFault

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
READABLE_FILE = 0o644
_FAULTS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), StorageFault.DISK_FULL),
    **dict.fromkeys((errno.ENOENT, errno.ENOTDIR), StorageFault.MISSING),
    **dict.fromkeys((errno.EACCES, errno.EPERM), StorageFault.DENIED),
    errno.EROFS: StorageFault.READ_ONLY,
    errno.EEXIST: StorageFault.EXISTS,
    errno.ENAMETOOLONG: StorageFault.PATH_TOO_LONG,
}
_TRIES = 21 if sys.platform == "win32" else 1
"""A second: scanners hold a new file for 0.3 s and more."""
_PAUSE_S = 0.05
T = TypeVar("T")
STALE_SPARE_S = 60.0
"""No write takes that long: whoever made an older spare file is gone."""


def storage_error(path: Path, error: OSError, *, given: bool = False) -> StorageError:
    """The typed error for what the OS said about a path. `given`: a person named it on the command line."""
    reason = error.strerror or str(error) or type(error).__name__
    return StorageError(str(path), reason, _FAULTS.get(error.errno or 0, StorageFault.OTHER), given=given)


@contextmanager
def typed_errors(path: Path) -> Iterator[None]:
    """Turn any OSError inside into a StorageError about `path`."""
    try:
        yield
    except OSError as error:
        raise storage_error(path, error) from error


def make_folder(path: Path) -> None:
    """Create a folder that only this user can list; an existing one keeps its rights. OSError where it fails."""
    path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)


def sync(descriptor: int) -> None:
    """Have the bytes on the disk before going on. macOS fsync stops at the drive's cache (fsync(2)): ask for more."""
    if sys.platform == "darwin":
        import fcntl  # here, so that this module loads on Windows

        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:  # network and FUSE volumes do not know it
            os.fsync(descriptor)
    else:
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Make a new or replaced name durable. Windows has no such call and needs none."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some network volumes refuse it on folders
                raise
        finally:
            os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte or raise OSError; a short write is an error of the device, told by the next call."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def create_private(path: Path) -> int:
    """A descriptor of a new file that nobody else may open, at no time. FileExistsError where the name is taken."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags, PRIVATE_FILE)


def write_new(path: Path, data: bytes) -> bool:
    """Write a file that is not there yet; whatever is there stays as it is, and False says so. StorageError."""
    with typed_errors(path):
        make_folder(path.parent)
        try:
            descriptor = create_private(path)
        except FileExistsError:
            return False
        try:
            write_all(descriptor, data)
        finally:
            os.close(descriptor)
    return True


def replace_file(path: Path, data: bytes, *, like: Path | None = None, for_all: bool = False) -> None:
    """Replace a file as a whole: old or new content after a crash, never a mix. StorageError where it fails.

    `like`: whose rights it gets, where that file is there; else only this user may open it, or everybody `for_all`.
    """
    spare = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    with typed_errors(path):
        make_folder(path.parent)
        try:
            descriptor = create_private(spare)
            try:
                write_all(descriptor, data)
                if like is not None:
                    _take_rights(descriptor, like)
                if for_all and sys.platform != "win32":
                    os.fchmod(descriptor, READABLE_FILE)
                sync(descriptor)
            finally:
                os.close(descriptor)
            _patiently(lambda: spare.replace(path))
        except OSError:
            spare.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    remove_spares(path, older_than_s=STALE_SPARE_S)


def replace_for_others(path: Path, data: bytes) -> None:
    """Replace a file that a person named, and that other programs read: everybody may open it. StorageError where it
    cannot be written, or where its folder is not there, for in one that we made nobody else could look."""
    if not os.path.isdir(path.parent):
        raise StorageError(str(path), os.strerror(errno.ENOENT), StorageFault.MISSING, given=True)
    try:
        replace_file(path, data, for_all=True)
    except StorageError as error:
        raise StorageError(error.path, error.reason, error.fault, given=True) from error


def _take_rights(descriptor: int, like: Path) -> None:
    """Mode and group of another file. On Windows a new file has those of its folder, as the old one."""
    if sys.platform != "win32":
        try:
            found = like.stat()
        except FileNotFoundError:
            return
        with suppress(PermissionError):  # a group that this user is not in: then it is this user's own
            os.fchown(descriptor, -1, found.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(found.st_mode))


def remove_spares(path: Path, older_than_s: float = 0.0) -> None:
    """New files for `path` that a crash left before they took its place: they may hold a secret."""
    now = time.time()
    with typed_errors(path):
        for spare in path.parent.glob(f".{path.name}.*.????????"):
            with suppress(FileNotFoundError):
                if abs(now - spare.stat().st_mtime) >= older_than_s:
                    spare.unlink()


def _patiently(work: Callable[[], T], tries: int = _TRIES) -> T:
    """On Windows a virus scanner, a backup or a reader may hold a file for a moment."""
    for _ in range(tries - 1):
        try:
            return work()
        except PermissionError:
            time.sleep(_PAUSE_S)
    return work()


class Stamp(Struct, frozen=True):
    """What tells that a file is another one or has other content. The inode, too: files are replaced as a whole."""

    inode: int
    size: int
    mtime_ns: int


def stamp_of(path: Path) -> Stamp | None:
    """None where there is no such file; it is not opened. StorageError where it cannot be looked at."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked twenty times in a look: half as long
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_error(path, error) from error
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


def check_regular(descriptor: int) -> None:
    """OSError where something else has the name of our file: a folder, a device, a pipe that nobody writes to."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError("not a file")


def read_file(path: Path) -> bytes | None:
    """The bytes, or None where there is no such file. It never waits.

    StorageError where it cannot be read or is no file.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with typed_errors(path):
        try:
            descriptor = _patiently(lambda: os.open(path, flags))
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            check_regular(descriptor)
            return file.read()
