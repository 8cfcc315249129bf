"""What may leave this machine in a report: only fields on the list, and of their text nothing that is someone's own.

Two nets, one behind the other. The allow-list names the text fields of our own values; everything else that is text
is left out, because a prompt or a password looks like any text. What passes is searched for secrets by their shape.
"""

import re
from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.reading import Known, Unknown, Unseen
from tray_app.core.values.version import Json

REMOVED = "<removed>"
TEXT_LIMIT = 200

# The text fields of our values that hold names of models, programs and settings, and our own stable words.
ALLOWED: dict[str, frozenset[str]] = {
    "Host": frozenset({"system", "system_version", "architecture"}),
    "PressureInput": frozenset({"name", "unit"}),
    "MissingInput": frozenset({"name"}),
    "Gpu": frozenset({"name"}),
    "WatchedProcess": frozenset({"name", "blob_digest", "model"}),
    "Container": frozenset({"name"}),
    "OtherProcess": frozenset({"name"}),
    "LoadedModel": frozenset({"name", "digest", "quantization"}),
    "InstalledModel": frozenset({"name", "digest", "quantization", "capabilities", "remote_host", "blob_digest"}),
    "ModelShape": frozenset({"architecture"}),
    "ServerConfig": frozenset({"kv_cache_type"}),
    "Ollama": frozenset({"url", "version"}),
    "RunningRequest": frozenset({"model", "reason", "task"}),
    "WaitingRequest": frozenset({"model", "task"}),
    "FinishedRequest": frozenset({"model", "reason", "task"}),
    "Standing": frozenset({"model", "task"}),
    "Finished": frozenset({"model", "task"}),
    "RelayState": frozenset({"upstream"}),
    "ModelLoad": frozenset({"model"}),
    "Requests": frozenset({"running_source", "waiting_source"}),
    "LogEvent": frozenset({"model", "blob_digest"}),
    "WebUIModel": frozenset({"owned_by", "connection_type", "ollama_name", "digest", "capabilities"}),
    "Served": frozenset({"upstream"}),
    "OpenWebUI": frozenset({"url", "version", "ollama_urls"}),
    "OllamaConnection": frozenset({"url", "prefix"}),
    "TaskSettings": frozenset({"task_model", "task_model_external"}),
    "Client": frozenset({"pool"}),
    "Identity": frozenset({"version"}),
    "NoticeWay": frozenset({"by", "version"}),
    "KeychainFound": frozenset({"backend"}),
    "PythonBuild": frozenset({"framework"}),
}

_OUR_WORDS = frozenset(word.value for word in Unseen)
_VERSION = re.compile(r"v?\d+(?:\.\d+){1,3}(?:[-+.]?[a-z0-9]{1,12}){0,3}")
_NAME = re.compile(r"[\w.:/@+() -]{1,120}")
_WORDS = 3
_URL = re.compile(r"\b([a-z][a-z0-9+.-]{1,15})://[^\s/?#]*@", re.IGNORECASE)
_QUERY = re.compile(r"(\b[a-z][a-z0-9+.-]{1,15}://[^\s?#]*)[?#]\S*", re.IGNORECASE)
_SECRETS = re.compile(
    r"""(?ix)
      \bsk-[\w-]{4,}                                              # API keys of Open WebUI, OpenRouter, OpenAI
    | \beyJ[\w-]{5,}(?:\.[\w-]*){0,2}                             # JSON web tokens
    | \b(?:gh[pousr]|hf|xox[abp]|glpat|AKIA|AIza)[-_]?[\w-]{12,}  # keys of other services
    | \bauthorization\W{1,4}(?:\w+\s+)?\S+ | \b(?:bearer|basic)\s+\S+
    | [\w.+-]+@[\w-]+\.[\w.-]+                                    # e-mail addresses
    | \b[\w-]*(?:token|password|passwd|secret|api[-_]?key|cookie)["']?\s*[=:]\s*\S+
    """
)
_LONG = re.compile(r"\b(?<!sha256-)(?<!sha256:)(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{32,}\b")
_HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:[\\/]+Users[\\/]+)[^/\\\s\"':]+|/root\b(?!:)", re.IGNORECASE)
_DIGEST = re.compile(r"(?:sha256[:-])?[0-9a-f]{64}")
_EVERYBODY = {"root", "admin", "administrator", "user", "nobody", "ollama", "home", "users", "runner", "default"}


class Redactor(Struct, frozen=True):
    """`home` and `users` are of this machine; `secrets` are known ones, removed whatever their shape."""

    home: str = ""
    users: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()

    def text(self, text: str) -> str:
        """Any text with secrets, addresses of people, user names and the home folder taken out, in one short line."""
        text = "".join(char if char.isprintable() else " " for char in text[: TEXT_LIMIT * 4])
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, REMOVED)
        text = _QUERY.sub(r"\1", _URL.sub(r"\1://", text))
        text = _SECRETS.sub(REMOVED, text)
        text = _LONG.sub(lambda match: match[0] if _DIGEST.fullmatch(match[0]) else REMOVED, text)
        if len(self.home) > 1:
            text = text.replace(self.home, "~")
        text = _HOME.sub("~", text)
        for user in self.users:
            if len(user) > 2 and user.lower() not in _EVERYBODY:
                text = re.sub(rf"(?i)(?<![a-z]){re.escape(user)}(?![a-z])", "<user>", text)
        return text[:TEXT_LIMIT]

    def clean(self, text: str) -> bool:
        """Nothing had to be taken out."""
        return self.text(text) == text

    def name(self, text: str) -> str:
        """A name of a model, program or setting: a sentence is none, and left out."""
        if not _NAME.fullmatch(text) or len(text.split()) > _WORDS:
            return REMOVED if text else ""
        return self.text(text)

    def value(self, value: object) -> Json:
        """One of our values as JSON. Numbers pass, enums pass, text passes where ALLOWED names its field."""
        result: Json = REMOVED if value != "" else ""
        match value:
            case StrEnum():
                result = value.value
            case str() if _VERSION.fullmatch(value):
                result = self.text(value)
            case None | bool() | int() | float():
                result = value
            case Known():
                result = {"value": self.value(value.value), "taken_at": value.taken_at}
            case Unknown(why):
                result = {"unknown": why.value}
            case tuple() | list():
                result = [self.value(item) for item in value]
            case Struct():
                allowed = ALLOWED.get(type(value).__name__, frozenset())
                result = {
                    name: self._field(getattr(value, name), allowed=name in allowed) for name in value.__struct_fields__
                }
        return result

    def _field(self, value: object, *, allowed: bool) -> Json:
        """A StrEnum is a word of ours; plain text needs its field on the list."""
        if isinstance(value, str) and not isinstance(value, StrEnum):
            return self.name(value) if allowed else REMOVED if value else ""
        if allowed and isinstance(value, tuple | frozenset | set):
            return [self._field(item, allowed=True) for item in value]
        if allowed and isinstance(value, Known):
            return {"value": self._field(value.value, allowed=True), "taken_at": value.taken_at}
        return self.value(value)

    def detail(self, text: str, *, ours: bool) -> str:
        """Why a source failed. What a server wrote may hold anything: only a single word or a number of it passes."""
        if ours or text in _OUR_WORDS or re.fullmatch(r"[a-z0-9-]{1,30}|[0-9.]{1,8} s", text):
            return self.text(text)
        return REMOVED if text else ""


_LINES = (
    re.compile(r"[A-Za-z][A-Za-z0-9_()]{0,40}:?[ \t]+-?\d{1,20}(?: kB)?"),
    re.compile(r"(?:some|full)(?: avg(?:10|60|300)=\d{1,3}\.\d\d){3} total=\d{1,20}"),
    re.compile(r"\d{1,20}|max"),
    re.compile(r"\d{1,4}(?:\.\d{1,6}){1,4}"),
    re.compile(r"Mach Virtual Memory Statistics: \(page size of \d{1,6} bytes\)"),
    re.compile(r"\"?[A-Z][A-Za-z -]{1,40}\"?:\s+\d{1,20}\.?"),
    re.compile(r"Apple M\d{1,2}(?: Pro| Max| Ultra)?"),
    re.compile(r"pid_\d{1,10}(?:_[a-z0-9x]{1,24}){1,12}\t\d{1,20}(?:\.\d{1,9})?", re.IGNORECASE),
    re.compile(r""),
)
_RUN = re.compile(rb"[\x20-\x7e]{8,}|(?:[\x20-\x7e]\x00){8,}|(?:\x00[\x20-\x7e]){8,}")
_GRAPHICS = re.compile(r"(?:AMD|Apple|ATI|Intel|Microsoft|NVIDIA|Qualcomm|Radeon)[\w ()/.,+-]{0,100}")


def numeric_part(raw: bytes, redactor: Redactor) -> bytes | None:
    """The lines of an OS counter file that are a name and numbers; a structure's bytes whole, where the only text in
    it is a graphics card's name. None: nothing may go."""
    text = raw.rstrip(b"\0\n")
    if all(byte in b"\t\n" or 32 <= byte < 127 for byte in text):
        lines = text.decode("ascii").split("\n")
        kept = [line for line in lines if any(shape.fullmatch(line) for shape in _LINES) and redactor.clean(line)]
        return "\n".join(kept).encode() + b"\n" if any(kept) else None
    words = [run.replace(b"\0", b"").decode("ascii") for run in _RUN.findall(raw)]
    return raw if all(_GRAPHICS.fullmatch(word) and redactor.clean(word) for word in words) else None
