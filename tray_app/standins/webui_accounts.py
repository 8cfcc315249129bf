"""Accounts, sessions and API keys of the played Open WebUI, and who may call what (its utils/auth.py by release)."""

import base64
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from tray_app.core.values.version import Version
from tray_app.standins.server import Request

PROHIBITED = "You do not have permission to access this resource. Please contact your administrator for assistance."
INVALID_TOKEN = "Your session has expired or the token is invalid. Please sign in again."  # noqa: S105 - a sentence
KEYS_OFF = "Use of API key is not enabled in the environment."
WRONG_PASSWORD = "The email or password provided is incorrect. Please check for typos and try logging in again."  # noqa: S105
EMAIL_TAKEN = (
    "Uh-oh! This email is already registered. Sign in with your existing account or choose another email to start anew."
)
KEY_FIRST: Version = (0, 6, 37)
"""From here on an unknown key is refused before the switch for keys is looked at."""
FOUR_WEEKS_S = 28 * 86400
SIGN_INS, SIGN_IN_WINDOW_S = 15, 180.0


class NotAllowed(Exception):
    """An error answer of Open WebUI."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


@dataclass(eq=False)
class Account:
    email: str
    password: str = field(repr=False)
    name: str
    role: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    api_key: str | None = field(default=None, repr=False)
    ui: dict[str, Any] | None = None
    """The `ui` part of the user's own settings; None until the browser saves any."""


@dataclass
class Accounts:
    """All that a restart keeps. `keys_on` and `keys_allowed` are the admin's switches for API keys."""

    version: Version
    auth: bool = True
    keys_on: bool = True
    keys_permission: bool = False
    """The default permission `features.api_keys` (0.6.37 and later)."""
    keys_restricted: bool = False
    keys_allowed_paths: str = ""
    signup_on: bool = True
    password_sign_in: bool = True
    second_factor: bool = False
    accounts: list[Account] = field(default_factory=list)
    sessions: dict[str, Account] = field(default_factory=dict)
    attempts: dict[str, list[float]] = field(default_factory=dict)

    # --- signing in -------------------------------------------------------------------------

    def add(self, email: str, password: str, name: str, role: str) -> Account:
        account = Account(email.lower(), password, name, role)
        self.accounts.append(account)
        return account

    def by_email(self, email: str) -> Account | None:
        return next((account for account in self.accounts if account.email == email.lower()), None)

    def open_session(self, account: Account) -> dict[str, Any]:
        """A new token and what Open WebUI tells with it."""
        claims = {"id": account.id, "jti": str(uuid.uuid4())}
        token = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}.{secrets.token_urlsafe(24)}"
        self.sessions[token] = account
        return self.told(account, token)

    def told(self, account: Account, token: str) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "token": token,
            "token_type": "Bearer",
            "id": account.id,
            "email": account.email,
            "name": account.name,
            "role": account.role,
            "profile_image_url": "/user.png",
        }
        if self.version >= (0, 3, 30):
            answer["expires_at"] = int(time.time()) + FOUR_WEEKS_S if self.version >= (0, 6, 36) else None
            answer["permissions"] = {"features": {"api_keys": self.keys_permission}}
        return answer

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        if not self.auth:
            return self.open_session(self._only_account())
        if not self.password_sign_in and self.version >= (0, 6, 37):
            raise NotAllowed(403, "The requested action has been restricted as a security measure.")
        self._count_attempt(email)
        account = self.by_email(email)
        if account is None or account.password != password:
            raise NotAllowed(400, WRONG_PASSWORD)
        if self.second_factor and self.version >= (0, 12, 0):
            return {"next_step": "verify", "challenge_token": secrets.token_urlsafe(16), "expires_in": 300}
        return self.open_session(account)

    def _only_account(self) -> Account:
        """WEBUI_AUTH=False: any credentials are the admin's, who is made on the spot."""
        return self.by_email("admin@localhost") or self.add("admin@localhost", "admin", "User", "admin")

    def _count_attempt(self, email: str) -> None:
        """From 0.6.41 the 16th attempt within three minutes is refused, right passwords included."""
        now = time.time()
        recent = [at for at in self.attempts.get(email.lower(), []) if now - at < SIGN_IN_WINDOW_S]
        if self.version >= (0, 6, 41) and len(recent) >= SIGN_INS:
            raise NotAllowed(429, "API rate limit exceeded")
        self.attempts[email.lower()] = [*recent, now]

    def sign_up(self, email: str, password: str, name: str) -> dict[str, Any]:
        if not self.auth or not self.signup_on:
            raise NotAllowed(403, PROHIBITED)
        if self.by_email(email):
            raise NotAllowed(400, EMAIL_TAKEN)
        first = not self.accounts
        account = self.add(email, password, name, "admin" if first else "pending")
        if first and self.version >= (0, 3, 36):
            self.signup_on = False
        return self.open_session(account)

    # --- who is calling ---------------------------------------------------------------------

    def caller(self, request: Request) -> Account | None:
        """The account of a valid session token, wherever it is; None for all others. Used by /api/config."""
        return self.sessions.get(_token(request, self.version) or "")

    def anyone(self, request: Request) -> Account:
        """A valid token of any role."""
        token = _token(request, self.version)
        if not token:
            raise NotAllowed(401 if self.version >= (0, 6, 30) else 403, "Not authenticated")
        if token.startswith("sk-"):
            return self._key_owner(token, request.path)
        account = self.sessions.get(token)
        if account is None:
            raise NotAllowed(401, "401 Unauthorized")
        if account not in self.accounts:
            raise NotAllowed(401, "Invalid authentication request." if self.version >= (0, 12, 0) else INVALID_TOKEN)
        return account

    def user(self, request: Request) -> Account:
        """`get_verified_user`: a user or an admin."""
        account = self.anyone(request)
        if account.role not in {"user", "admin"}:
            raise NotAllowed(401, PROHIBITED)
        return account

    def admin(self, request: Request) -> Account:
        """`get_admin_user`: 401, not 403, for everybody else."""
        account = self.anyone(request)
        if account.role != "admin":
            raise NotAllowed(401, PROHIBITED)
        return account

    def human(self, request: Request) -> Account:
        """A session; from 0.12.0 an API key is none."""
        account = self.anyone(request)
        if self.version >= (0, 12, 0) and (_token(request, self.version) or "").startswith("sk-"):
            raise NotAllowed(403, "A human session is required.")
        return account

    # --- API keys ---------------------------------------------------------------------------

    def _key_owner(self, key: str, path: str) -> Account:
        off = self.version >= (0, 4, 0) and not self.keys_on
        if off and self.version < KEY_FIRST:
            raise NotAllowed(403, KEYS_OFF)
        account = next((account for account in self.accounts if account.api_key == key), None)
        if account is None:
            raise NotAllowed(401, INVALID_TOKEN)
        if self.version < (0, 4, 0):
            return account
        if off:
            raise NotAllowed(403, KEYS_OFF)
        if self.version < (0, 5, 2) and self.version >= (0, 5, 0):
            allowed = path in {"/api/models", "/api/chat/completions"}
        else:
            allowed = not self.keys_restricted or self._is_allowed(path)
        if not allowed:
            raise NotAllowed(403, self._restricted_text())
        if self.version >= (0, 6, 37) and account.role != "admin" and not self.keys_permission:
            raise NotAllowed(403, KEYS_OFF)
        return account

    def _is_allowed(self, path: str) -> bool:
        listed = [entry.strip() for entry in self.keys_allowed_paths.split(",") if entry.strip()]
        if self.version < (0, 6, 5):
            return path in listed
        return any(path == entry or path.startswith(entry + "/") for entry in listed)

    def _restricted_text(self) -> str:
        if self.version >= (0, 9, 0):
            return PROHIBITED
        return "API key not allowed to access this endpoint." if self.version >= (0, 6, 37) else KEYS_OFF

    def make_key(self, account: Account) -> str:
        """Replaces the account's key: the old one is refused at once."""
        may = self.keys_on or self.version < (0, 4, 0)
        if self.version >= (0, 6, 37) and not (account.role == "admin" and self.version >= (0, 8, 0)):
            may = may and self.keys_permission
        if not may:
            raise NotAllowed(403, "API key creation is not allowed in the environment.")
        account.api_key = f"sk-{secrets.token_hex(16)}"
        return account.api_key


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _token(request: Request, version: Version) -> str | None:
    """From the Authorization header, the cookie, or (from 0.9) the header `x-api-key`."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    cookie = SimpleCookie(request.headers.get("cookie", "")).get("token")
    if cookie is not None:
        return cookie.value
    return request.headers.get("x-api-key") if version >= (0, 9, 0) else None
