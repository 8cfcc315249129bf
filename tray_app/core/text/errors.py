"""Every typed error as one sentence and one next step: what happened, what was not changed, what to do now."""

import re

from tray_app.core.text import (
    change_errors,
    chat_first,
    distrust,
    hosted,
    journal,
    metrics,
    plan_file,
    refusals,
    relay,
    settings,
    storage_errors,
    tray_problem,
    usage_errors,
)
from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.system_words import system_words
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError
from tray_app.core.values.errors.exporter import ExporterError, LibraryMissing
from tray_app.core.values.errors.hosted import HostedError
from tray_app.core.values.errors.life import ChatFirstError, RelayError, TrayUnavailable
from tray_app.core.values.errors.plan_file import PlanFileError
from tray_app.core.values.errors.service import (
    BadAnswer,
    InFront,
    Insecure,
    Instead,
    Interrupted,
    Invalid,
    NoSuchPath,
    NotFound,
    NotThatServer,
    Redirected,
    Refused,
    ServerFailed,
    ServiceError,
    TimedOut,
    TooMany,
    TooOld,
    Unreachable,
    Untrusted,
)
from tray_app.core.values.errors.storage import JournalDamaged, SettingsNotWritten, StorageError
from tray_app.core.values.errors.usage import UsageError

_HOME = re.compile(r"^(?:/home/[^/]+|/Users/[^/]+|/root|[A-Za-z]:[\\/]Users[\\/][^\\/]+)(?=[\\/]|$)")


def sentence(error: ElbowroomError, tr: Translator) -> str:
    """What happened, and what was changed where a change was asked for."""
    return _said(error, tr)[0]


def next_step(error: ElbowroomError, tr: Translator) -> str:
    """What to do now; empty where the sentence says it all."""
    return _said(error, tr)[1]


def told(error: ElbowroomError, tr: Translator) -> str:
    """Both in one line."""
    return in_turn(*_said(error, tr))


def short_path(path: str) -> str:
    """The home folder as ~: a path ends up in reports, and it holds the user's name."""
    return clean(_HOME.sub("~", path), 400)


def _said(error: ElbowroomError, tr: Translator) -> tuple[str, str]:
    match error:
        case Refused():
            said = refusals.said(error.because, _server(error.url), clean(error.detail), tr)
        case ServiceError():
            said = _service(error, tr)
        case UsageError():
            said = usage_errors.said(error, tr)
        case ChangeError():
            said = change_errors.said(error, short_path(error.subject), tr)
        case StorageError() | SettingsNotWritten() | JournalDamaged() | PlanFileError():
            said = _of_a_file(error, tr)
        case ChatFirstError():
            said = chat_first.said(error, tr)
        case HostedError():
            said = hosted.said(error, tr)
        case RelayError() | ExporterError() | LibraryMissing() | TrayUnavailable():
            said = _of_a_start(error, tr)
        case _:
            said = tr.gettext("Something went wrong: {name}.").format(name=type(error).__name__), ""
    return said


def _of_a_start(
    error: RelayError | ExporterError | LibraryMissing | TrayUnavailable, tr: Translator
) -> tuple[str, str]:
    match error:
        case RelayError():
            return relay.said(error, tr)
        case ExporterError():
            return metrics.said(error, tr)
        case LibraryMissing():
            return metrics.library_missing(error, tr)
        case _:
            return tray_problem.sentence(error, tr), ""


def _of_a_file(
    error: StorageError | SettingsNotWritten | JournalDamaged | PlanFileError, tr: Translator
) -> tuple[str, str]:
    match error:
        case StorageError():
            return storage_errors.said(error, short_path(error.path), tr)
        case SettingsNotWritten():
            return settings.not_written(error, short_path(error.path), tr)
        case JournalDamaged():
            return journal.damaged(error, short_path(error.path), tr)
        case _:
            return plan_file.said(error, tr)


def _server(url: str) -> str:
    """The part of an address that people know: scheme, host and port."""
    match = re.match(r"[a-z]+://[^/?#]+", url)
    return clean(match[0] if match else url)


def _service(error: ServiceError, tr: Translator) -> tuple[str, str]:
    match error:
        case Unreachable() | TimedOut() | Interrupted() | InFront() | TooMany():
            text, step = _no_answer(error, tr)
        case Redirected():
            text = tr.gettext("{server} redirects to {detail}; a token is never sent there.")
            step = tr.gettext("If that is your server, give its address instead.")
        case NotThatServer():
            text, step = _other_server(error.detail, tr)
        case NotFound():
            text, step = _not_found(error, tr)
        case Invalid():
            return _invalid(error, tr)
        case ServerFailed():
            return _failed(error, tr)
        case Insecure():
            text = tr.gettext("The token would cross the network unencrypted to {server}: it was not sent.")
            step = tr.gettext("Use an https address, or add --allow-plain-http if you accept that.")
        case BadAnswer():
            text = tr.gettext("{server} gave an answer that cannot be used ({detail}).")
            step = tr.gettext("Check the address; a proxy in between can also be the cause.")
        case _:
            text = tr.gettext("{server} cannot be used ({detail}).")
            step = ""
    detail = system_words(error.detail, tr)
    if isinstance(error, Untrusted):
        detail = distrust.brief(error.because, detail, tr)
    return text.format(server=_server(error.url), detail=detail), step


def _no_answer(error: Unreachable | TimedOut | Interrupted | InFront | TooMany, tr: Translator) -> tuple[str, str]:
    match error:
        case Untrusted():
            return (
                tr.gettext("A safe connection to {server} could not be made ({detail})."),
                distrust.step(error.because, tr),
            )
        case Unreachable():
            return (
                tr.gettext("Nothing answers at {server} ({detail})."),
                tr.gettext("Check that it runs, and that the address and port are right."),
            )
        case TimedOut():
            return (
                tr.gettext("{server} did not answer in time ({detail})."),
                tr.gettext(
                    "It may be starting or very busy: try again in a moment. For one that is always slow, raise "
                    "request_limit_s in settings.toml."
                ),
            )
        case InFront():
            return (
                tr.gettext("A proxy before {server} asks for a sign-in of its own: {server} was not reached."),
                tr.gettext("Use an address that leads past the proxy, such as the server's own port."),
            )
        case TooMany():
            return (
                tr.gettext("{server} refuses requests for now: there were too many."),
                tr.gettext("Wait a minute; a proxy in between may set the limit."),
            )
        case Interrupted():
            return (
                tr.gettext("{server} broke off in the middle of its answer."),
                tr.gettext("It may have been stopped or restarted: try again in a moment."),
            )


def _other_server(instead: str, tr: Translator) -> tuple[str, str]:
    step = tr.gettext("Check the address and its port.")
    match instead:
        case Instead.OLLAMA:
            text = tr.gettext("{server} is Ollama, not Open WebUI.")
            step = tr.gettext("Give Open WebUI's own address, often http://localhost:8080 or http://localhost:3000.")
        case Instead.OPEN_WEBUI:
            text = tr.gettext("{server} is Open WebUI, not Ollama.")
            step = tr.gettext("Give Ollama's own address, often http://localhost:11434.")
        case Instead.PAGE:
            text = tr.gettext("{server} is the web page of another program.")
        case Instead.NOTHING_ASKED_FOR:
            text = tr.gettext("{server} answers, but knows none of the addresses that were asked.")
        case _:
            text = tr.gettext("{server} answers, but is another program.")
    return text, step


def _not_found(error: NotFound, tr: Translator) -> tuple[str, str]:
    if isinstance(error, TooOld):
        return (
            tr.gettext("The version of Open WebUI at {server} is too old for this."),
            tr.gettext("Versions from 0.3.0 on are supported; some tasks came later."),
        )
    if isinstance(error, NoSuchPath) or not error.detail:
        return (
            tr.gettext("{server} does not know this request."),
            tr.gettext("Its version may be too old or too new; `{command}` shows what it answers.").format(
                command=typed(tr, "doctor")
            ),
        )
    return (
        tr.gettext("{server} did not find it: {detail}."),
        tr.gettext("Check the name; `{command}` lists the models.").format(command=typed(tr, "status")),
    )


def _invalid(error: Invalid, tr: Translator) -> tuple[str, str]:
    server = _server(error.url)
    if error.fields:
        return (
            tr.gettext("{server} refuses these settings: {fields}. Nothing was changed.").format(
                server=server, fields=clean(", ".join(error.fields))
            ),
            tr.gettext("Open Admin Settings > Interface in Open WebUI, save once, and try again."),
        )
    if error.detail:
        text = tr.gettext("{server} refuses the request: {detail}.")
        return text.format(server=server, detail=clean(error.detail).rstrip(".")), ""
    text = tr.gettext("{server} refuses the request and does not say why. Nothing was changed.")
    return text.format(server=server), tr.gettext("Its log says more.")


def _failed(error: ServerFailed, tr: Translator) -> tuple[str, str]:
    step = tr.gettext("Its log says more; try again in a moment.")
    if error.detail:
        text = tr.gettext("{server} failed with status {status}: {detail}.")
    else:
        text = tr.gettext("{server} failed with status {status}.")
    detail = clean(error.detail).rstrip(".")
    return text.format(server=_server(error.url), status=error.status, detail=detail), step
