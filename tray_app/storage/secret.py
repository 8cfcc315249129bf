"""Tokens of Open WebUI servers, each bound to its origin: in the keychain, or in a 0600 file if the user insists."""

import json
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.storage import StorageError, StorageFault
from tray_app.core.values.token import Token, origin_of
from tray_app.storage.files import read_file, remove_spares, replace_file, storage_error
from tray_app.storage.state import State, StateFile

ENVIRONMENT_KEY = "ELBOWROOM_API_KEY"


class KeptIn(StrEnum):
    KEYCHAIN = "keychain"
    FILE = "file"


class Item(Protocol):
    """The one text we keep in a keychain; see storage/keychain.py."""

    def read(self) -> str | None: ...

    def write(self, text: str) -> None: ...

    def delete(self) -> None: ...


class Secrets:
    """All reading and writing of tokens. The keychain is read at most once per run, and only if it holds one."""

    def __init__(
        self, state: StateFile, keychain: Item, secret_file: Path, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._state = state
        self._keychain = keychain
        self._file = secret_file
        self._environ = environ
        self._from_keychain: dict[str, str] | None = None

    def token(self, url: str, *, chosen: bool) -> Token | None:
        """The token for a server, or None. `chosen`: the user named this URL by option, environment or settings;
        only then the environment's key may go there, and it wins.

        ChangeError where the keychain holds it but does not give it; StorageError where the file cannot be read.
        """
        origin = origin_of(url)
        from_environment = self._environ.get(ENVIRONMENT_KEY, "").strip()
        if chosen and from_environment:
            return Token(from_environment, origin, from_environment=True)
        match self._state.read().secrets.get(origin):
            case KeptIn.KEYCHAIN:
                value = self._keychain_tokens().get(origin)
            case KeptIn.FILE:
                value = read_secret_file(self._file).get(origin)
            case _:
                value = None
        return Token(value, origin) if value else None

    def store(self, token: Token, where: KeptIn) -> None:
        """Keep a token for its origin, in one place only. ChangeError without a keychain: nothing is stored then."""
        if not token.value or not token.origin:
            raise ValueError(token.origin)
        before = self._state.read().secrets.get(token.origin)
        self._put(token.origin, token.value, where)
        self._state.update(lambda state: _placed(state, token.origin, where))
        if before is not None and before != where:
            self._put(token.origin, None, KeptIn(before))

    def delete(self, url: str) -> bool:
        """Forget the token of a server, also one in the file that the state knows nothing of; False where none was."""
        origin = origin_of(url)
        where = self._state.read().secrets.get(origin)
        if where == KeptIn.KEYCHAIN:
            self._put(origin, None, KeptIn.KEYCHAIN)
        in_file = where == KeptIn.FILE or origin in read_secret_file(self._file)
        if in_file:
            self._put(origin, None, KeptIn.FILE)
        remove_spares(self._file)
        self._state.update(lambda state: _placed(state, origin, None))
        return where is not None or in_file

    def forget_all(self) -> tuple[str, ...]:
        """Empty keychain item and file, whatever the state says: a crash or a lost state leaves tokens that it knows
        nothing of. The origins that there was one for.

        Each is emptied though another cannot be. Then ChangeError where the keychain is locked (without a keychain
        nothing can be in one), StorageError where a file cannot be removed.
        """
        known = self._state.read().secrets
        try:
            in_file = read_secret_file(self._file)
        except StorageError:
            in_file = {}  # unreadable or open to others: it goes all the same
        in_keychain: dict[str, str] = {}
        with ExitStack() as others:  # they run backwards, each of them, and the last error is raised
            others.callback(self._state.update, lambda state: replace(state, secrets={}, connected_url=""))
            others.callback(remove_spares, self._file)
            others.callback(_write_secret_file, self._file, {})
            try:
                in_keychain = self._keychain_tokens()
                self._keychain.delete()
            except ChangeError as error:
                if error.problem is not Problem.NO_KEYCHAIN or KeptIn.KEYCHAIN.value in known.values():
                    raise
            self._from_keychain = {}
        return tuple(sorted({*known, *in_file, *in_keychain}))

    def _put(self, origin: str, value: str | None, where: KeptIn) -> None:
        held = self._keychain_tokens() if where is KeptIn.KEYCHAIN else read_secret_file(self._file)
        tokens = {key: kept for key, kept in held.items() if key != origin}
        if value is not None:
            tokens[origin] = value
        if where is KeptIn.FILE:
            _write_secret_file(self._file, tokens)
        else:
            if tokens:
                self._keychain.write(_encode(tokens))
            else:
                self._keychain.delete()
            self._from_keychain = tokens

    def _keychain_tokens(self) -> dict[str, str]:
        if self._from_keychain is None:
            self._from_keychain = _decode(self._keychain.read() or "")
        return self._from_keychain


def _placed(state: State, origin: str, where: KeptIn | None) -> State:
    kept = {key: value for key, value in state.secrets.items() if key != origin}
    return replace(state, secrets=kept if where is None else {**kept, origin: where.value})


def _encode(tokens: Mapping[str, str]) -> str:
    return json.dumps(tokens, sort_keys=True, separators=(",", ":"))


def _decode(text: str) -> dict[str, str]:
    """The tokens by origin; what is no such item counts as empty and is overwritten by the next store."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {origin: token for origin, token in document.items() if isinstance(token, str)}


def read_secret_file(path: Path) -> dict[str, str]:
    """Tokens by origin. StorageError where it cannot be read, or where others could have read it."""
    if sys.platform != "win32":  # there the user's own folder keeps others out
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise storage_error(path, error) from error
        if mode & 0o077:
            raise StorageError(str(path), f"{mode:04o}: open to others", StorageFault.OPEN_TO_OTHERS)
    return _decode((read_file(path) or b"").decode(errors="replace"))


def _write_secret_file(path: Path, tokens: Mapping[str, str]) -> None:
    """0600 from the first byte on (the new file is created so, then renamed); no tokens: no file."""
    if tokens:
        replace_file(path, (_encode(tokens) + "\n").encode("ascii"))
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error) from error
