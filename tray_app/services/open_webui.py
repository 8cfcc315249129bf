"""Open WebUI's HTTP API, versions 0.3 to 0.12 and newer ones that keep its promises.

Addresses and roles were read in 53 releases and tried on running servers. Only documented reads and the writes of the
documents of core/tasks; never sign-up, key creation, configs/import or user settings.
"""

from collections.abc import Callable
from urllib.parse import quote

from tray_app.core.tasks import documents
from tray_app.core.tasks.conversations import CONVERSATIONS, Conversation
from tray_app.core.tasks.releases import (
    AUTOCOMPLETE_BY_ACCOUNT,
    CONNECTIONS_BY_NUMBER_SINCE,
    GENERATIONS_SINCE,
    OLDEST,
    UNDER_V1,
    endpoint,
    runs,
)
from tray_app.core.values.connections import OllamaConnection
from tray_app.core.values.errors.service import (
    BadAnswer,
    Instead,
    Invalid,
    NotFound,
    NotThatServer,
    Refused,
    RefusedBecause,
    ServerFailed,
    TooMany,
    TooOld,
)
from tray_app.core.values.snapshot import Access, WebUIModel
from tray_app.core.values.task_settings import DocumentKind, Setting
from tray_app.core.values.token import Token
from tray_app.core.values.version import Document, Json, Version, parse_version
from tray_app.services import _accounts, _features, _refusals, _task_calls, _webui_models
from tray_app.services._answer import short
from tray_app.services._decode import an_object, objects, part, text, texts
from tray_app.services._features import Identity, PublicFeatures
from tray_app.services._task_calls import TaskAnswer
from tray_app.services._webui_models import Outside
from tray_app.services.hosted import outside
from tray_app.services.http import Http

WHO_PATH = "/api/config"
SIGN_IN_PATH = "/api/v1/auths/signin"
OLLAMA_CONFIG_PATH = "/ollama/config"
LIST_LIMIT_BYTES = 32 * 1024 * 1024
"""Older versions put profile pictures into the model list."""
LIST_DEADLINE_S = 12.0
"""Open WebUI waits up to 10 s for each outside connection (AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST) before it answers."""
WRITE_DEADLINE_S = 10.0
VERIFY_DEADLINE_S = 15.0
"""It waits as long for the one server that is to be tried."""


class OpenWebUIClient:
    """One server with one token, or none. Every method raises ServiceError subclasses only."""

    def __init__(self, http: Http, version: Version | None = None) -> None:
        self._http = http
        http.ask_first(WHO_PATH, self._public)
        self.url = http.url
        self.origin = http.origin
        self._identity: Identity | None = None
        self._version = version
        self._refusal: RefusedBecause | None = None
        self.refusal_detail = ""
        """The server's own words for it."""
        self._connections: tuple[OllamaConnection, ...] = ()

    def close(self) -> None:
        self._http.close()

    def _as_stranger(self, path: str) -> Json:
        """A GET without the token."""
        return self._http.get_json(path, anonymous=True)

    @property
    def _known(self) -> Http:
        """With the token: only for a server that has said anonymously that it is an Open WebUI."""
        self.identity()
        return self._http

    # --- who is there (anonymous) ---

    def version(self) -> str:
        """As the server writes it, e.g. 0.12.4. NotThatServer where something else answers."""
        return self.identity().version

    def identity(self, *, fresh: bool = False) -> Identity:
        """Asked once, and again with `fresh`: after a restart it may be another version."""
        if self._identity is None:
            self.features()  # another program can also have a version: Ollama has
        if self._identity is None or fresh:
            try:
                answer = self._as_stranger("/api/version")
            except (NotFound, BadAnswer, Invalid) as error:
                raise self._not_this(error) from error
            found = answer if isinstance(answer, dict) else {}
            if not text(found, "version"):
                raise NotThatServer(self.url, Instead.OTHER_JSON)
            seen = Identity(short(text(found, "version")), text(found, "deployment_id"))
            if self._identity is not None and seen != self._identity:
                self.features()  # upgraded, or another program on this port: that must not see the token
            self._identity = seen
            self._version = parse_version(self._identity.version)
        return self._identity

    def features(self) -> PublicFeatures:
        """Anonymous facts. NotThatServer where this is no Open WebUI."""
        try:
            answer = self._as_stranger(WHO_PATH)
        except (NotFound, BadAnswer, Invalid) as error:
            raise self._not_this(error) from error
        return self._public(answer)

    def _public(self, answer: Json) -> PublicFeatures:
        return _features.decode(answer, self.url)

    def _not_this(self, error: NotFound | BadAnswer | Invalid) -> NotThatServer:
        """What answers instead: Ollama is worth a word of its own, people mix up the two addresses."""
        if isinstance(error, NotFound) and error.detail != Instead.PAGE:
            try:
                answer = self._as_stranger("/api/tags")
            except (NotFound, BadAnswer, Invalid, Refused):
                return NotThatServer(self.url, Instead.NOTHING_ASKED_FOR)
            return NotThatServer(
                self.url,
                Instead.OLLAMA if isinstance(answer, dict) and "models" in answer else Instead.NOTHING_ASKED_FOR,
            )
        return NotThatServer(self.url, Instead.PAGE if isinstance(error, NotFound) else Instead.NO_JSON)

    # --- signing in ---

    def sign_in(self, email: str, password: str) -> str:
        """A session token. Once per user action: good sign-ins count towards the server's rate limit too.

        With WEBUI_AUTH off two empty strings are enough. Refused says why not.
        """
        assert self._http.token is None
        self._http.refuse_insecure()
        body: Json = {"email": email, "password": password}
        try:
            answer = self._http.post_json(
                "/api/v1/auths/signin", body, deadline_s=WRITE_DEADLINE_S, secrets=(password,)
            )
        except Invalid as error:
            known = self.features()
            because = _refusals.of_sign_in(error, directory=known.ldap, no_account_yet=known.no_account_yet)
            raise Refused(self.url, because, error.detail) from error
        except TooMany as error:
            raise Refused(self.url, RefusedBecause.RATE_LIMITED, error.detail) from error
        except Refused as error:
            raise Refused(self.url, RefusedBecause.PASSWORD_OFF, error.detail) from error
        found = an_object(answer, self.url)
        if token := text(found, "token"):
            return token
        # 0.12.0+: a second factor is asked for with 200 and no token.
        because = RefusedBecause.PENDING if text(found, "next_step") == "pending" else RefusedBecause.MFA
        raise Refused(self.url, because, text(found, "next_step"))

    def access(self) -> Access:
        """What the token may do. Never raises Refused: `refusal()` then tells why."""
        self._refusal = None
        if self._http.token is None:
            return Access.NONE
        try:
            self._ollama_config()  # admins only in every version, for keys and sessions alike
        except Refused as error:
            self._refusal, self.refusal_detail = error.because, error.detail
        except NotFound:
            return self._access_by_role()
        else:
            return Access.ADMIN
        if self._refusal in {RefusedBecause.NOT_ADMIN, RefusedBecause.KEY_RESTRICTED}:
            return self._access_by_reading(self._refusal)
        return Access.REFUSED

    def refusal(self) -> RefusedBecause | None:
        """Why the last `access()` was not ADMIN."""
        return _refusals.of_token(self._refusal, self._http.token, self._version)

    def _access_by_reading(self, first: RefusedBecause) -> Access:
        """Every active account may read the task settings; one that waits for approval may not."""
        try:
            self._http.get_json(f"{self._base()}/config")
        except Refused as error:
            pending = first is RefusedBecause.NOT_ADMIN and error.because is RefusedBecause.NOT_ADMIN
            self._refusal = RefusedBecause.PENDING if pending else error.because
            self.refusal_detail = error.detail
            return Access.REFUSED
        return Access.USER

    def _access_by_role(self) -> Access:
        """For a future version without /ollama/config: the session's own role, which keys cannot ask for."""
        try:
            role = text(an_object(self._http.get_json("/api/v1/auths/"), self.url), "role")
        except (Refused, NotFound):
            self._refusal = RefusedBecause.OTHER  # not asked for what only admins may: it may be one
            return self._access_by_reading(RefusedBecause.OTHER)
        self._refusal = RefusedBecause.NOT_ADMIN
        if role == "admin":
            self._refusal = None
            return Access.ADMIN
        return self._access_by_reading(RefusedBecause.NOT_ADMIN)

    # --- the documents that may be changed ---

    def read_document(self, kind: DocumentKind = DocumentKind.TASK_SETTINGS, *, fresh: bool = False) -> Document:
        """The whole document. `fresh`: over a new connection, so that another worker may answer.

        BadAnswer names the field where one is missing or has another type: then this is no version that can be
        changed, or a database so old that the server itself would refuse it.
        """
        if kind is DocumentKind.OPENAI_CONNECTIONS:
            return self._document(kind, outside.read(self._known, self._numbers(), fresh=fresh))
        return self._document(kind, self._known.get_json(self._path(kind), fresh=fresh, as_is=True))

    def write_document(self, document: Document, kind: DocumentKind = DocumentKind.TASK_SETTINGS) -> Document:
        """The whole document back, once; the answer is what the server says it holds now."""
        if kind is DocumentKind.OPENAI_CONNECTIONS:
            return self._document(kind, outside.write(self._known, self._numbers(), document))
        body: Json = dict(document)
        path, secrets = f"{self._path(kind)}/update", documents.secrets_of(kind, document)
        return self._document(
            kind, self._known.post_json(path, body, deadline_s=WRITE_DEADLINE_S, as_is=True, secrets=secrets)
        )

    def _path(self, kind: DocumentKind) -> str:
        match kind:
            case DocumentKind.TASK_SETTINGS:
                return f"{self._base()}/config"
            case DocumentKind.OLLAMA_CONNECTIONS:
                if self._numbers() < CONNECTIONS_BY_NUMBER_SINCE:
                    raise TooOld(self.url, ".".join(map(str, self._numbers())))
                return OLLAMA_CONFIG_PATH
            case DocumentKind.OPENAI_CONNECTIONS:
                return outside.CONFIG_PATH

    def _document(self, kind: DocumentKind, answer: Json) -> Document:
        document = an_object(answer, self.url)
        try:
            shown = documents.shown(kind, document)
        except ValueError as error:
            raise BadAnswer(self.url, str(error)) from error
        if self._http.tells_token(repr(shown)):  # it would be shown, and stand in the journal
            raise BadAnswer(self.url, "a setting holds our token")
        return document

    def verify(self, ollama_url: str) -> str:
        """Open WebUI itself asks the Ollama at this address who it is: its version, or empty where it gets no answer.

        It writes nothing. Needs an admin.
        """
        body: Json = {"url": ollama_url, "key": ""}
        try:
            answer = self._known.post_json("/ollama/verify", body, deadline_s=VERIFY_DEADLINE_S)
        except ServerFailed:  # it says 500 for whatever came instead
            return ""
        return short(text(an_object(answer, self.url), "version"))

    def _numbers(self) -> Version:
        """The version to choose paths by; one that cannot be read counts as newer than all known ones."""
        if self._version is None:
            self.identity()
        return self._version or (1 << 30, 0, 0)

    def _base(self) -> str:
        numbers = self._numbers()
        if numbers < OLDEST:
            raise TooOld(self.url, ".".join(map(str, numbers)))
        return "/api/v1/tasks" if numbers >= UNDER_V1 else "/api/task"

    # --- models and connections ---

    def models(self, *, refresh: bool = False, deadline_s: float = LIST_DEADLINE_S) -> tuple[WebUIModel, ...]:
        """Open WebUI's own list, which also fills the server's memory of models: a fresh model is unknown before.

        `refresh` empties the server's cache first (0.6.18+; ignored before). The server asks Ollama and every
        outside connection for it: not for a short rhythm.
        """
        path = "/api/models?refresh=true" if refresh else "/api/models"
        answer = self._known.get_json(path, deadline_s=deadline_s, limit_bytes=LIST_LIMIT_BYTES)
        entries = objects(an_object(answer, self.url), "data", self.url)
        return _webui_models.decode(entries, self._numbers(), self._connections)

    def connections(self) -> tuple[OllamaConnection, ...]:
        """The Ollama servers it uses, without those that are switched off. Needs an admin."""
        config = self._ollama_config()
        if config.get("ENABLE_OLLAMA_API") is False:
            return ()
        if "OLLAMA_BASE_URLS" not in config:  # 0.3
            config = an_object(self._known.get_json("/ollama/urls"), self.url)
        return _webui_models.connections_of(config, texts(config, "OLLAMA_BASE_URLS") or ())

    def _ollama_config(self) -> dict[str, Json]:
        """Of each connection the prefix is kept, which its models' names begin with; keys are not."""
        config = an_object(self._known.get_json(OLLAMA_CONFIG_PATH), self.url)
        self._connections = _webui_models.connections_of(config, texts(config, "OLLAMA_BASE_URLS") or ())
        return config

    def outside(self) -> dict[int, Outside]:
        """The OpenAI-type connections by position, as `WebUIModel.url_index` counts. Needs an admin."""
        return outside.hosts(self._known, self._numbers())

    def asks_endpoint(self, url: str, key: Token | None) -> Json:
        """What Open WebUI itself gets when it asks an endpoint for its models. Needs an admin."""
        return outside.verify(self._known, self._numbers(), url, key)

    def models_of_connection(self, index: int, *, deadline_s: float = VERIFY_DEADLINE_S) -> Json:
        """What the endpoint of a connection lists, the one at this place; Open WebUI asks with the key it keeps."""
        return outside.models(self._known, index, deadline_s)

    # --- what goes on ---

    def busy_chats(self) -> int:
        """Chats that are being answered, with the tasks after them. NotFound before 0.5; an admin's from 0.9."""
        return len(self._generations())

    def newest_release(self) -> str:
        """What it says is out, if it looks for that; empty where it could not find out."""
        return _features.newest_release(self._known.get_json("/api/version/updates"))

    def stop_generations(self) -> int:
        """Ends every running answer, whoever's it is, and returns how many there were. Not undoable."""
        stopped = 0
        for name in self._generations():
            try:
                answer = self._known.post_json(f"/api/tasks/stop/{quote(name, safe='')}", {}, deadline_s=5.0)
            except NotFound:
                continue  # it ended by itself
            stopped += isinstance(answer, dict) and answer.get("status") is True
        return stopped

    def _generations(self) -> tuple[str, ...]:
        if self._numbers() < GENERATIONS_SINCE:
            raise TooOld(self.url)
        found = texts(an_object(self._known.get_json("/api/tasks"), self.url), "tasks")
        if found is None:
            raise BadAnswer(self.url, "tasks: not a list")
        return found

    def user_count(self) -> int:
        """Accounts on the server, whether signed in or not. Needs an admin; only the number is kept."""
        return _accounts.counted(self._known)[0]

    def ordinary_users(self) -> int:
        """Accounts whose role is `user`: who else may be refused a model. Needs an admin; only the number is kept."""
        return _accounts.counted(self._known)[1]

    def own_autocomplete(self) -> bool:
        """Whether our own account asks for autocomplete (0.6.0+; off unless it says so). NotFound before."""
        if self._numbers() < AUTOCOMPLETE_BY_ACCOUNT:
            raise TooOld(self.url)
        answer = self._known.get_json("/api/v1/users/user/settings")
        settings = answer if isinstance(answer, dict) else {}
        return part(settings, "ui").get("promptAutocomplete") is True

    # --- real calls, only when the user asks ---

    def run_task(
        self,
        task: Setting,
        model: str,
        *,
        about: Conversation = CONVERSATIONS[0],
        cancelled: Callable[[], bool] | None = None,
    ) -> TaskAnswer:
        """One real call of a task for a chat with `model`. Invalid where the task is switched off.

        A server that has not listed its models since its start knows none: then they are listed and it is
        asked once more.
        """
        if not runs(self._numbers(), task):
            raise TooOld(self.url)
        path = f"{self._base()}/{endpoint(self._numbers(), task)}/completions"
        body = _task_calls.body(task, model, about)
        try:
            return self._timed(path, body, cancelled)
        except NotFound:
            self.models()
            return self._timed(path, body, cancelled)

    def _timed(self, path: str, body: Json, cancelled: Callable[[], bool] | None) -> TaskAnswer:
        return _task_calls.timed(self._known, path, body, cancelled)

    def chat_first_token(self, model: str, prompt: str, *, cancelled: Callable[[], bool] = lambda: False) -> float:
        """Seconds from asking to the first word, which may be a word of thinking; the answer is then cut off."""
        return _task_calls.first_token(self._known, model, prompt, cancelled)
