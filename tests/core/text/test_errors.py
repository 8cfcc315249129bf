"""Every typed error is one clear line: what happened, what was not changed, what to do next."""

import importlib
import inspect
import pkgutil
import re

import pytest

from tests.english import TR
from tray_app.core.text.errors import next_step, sentence, short_path
from tray_app.core.values import errors
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem, Written
from tray_app.core.values.errors.exporter import ExporterError, ExporterProblem, LibraryMissing
from tray_app.core.values.errors.hosted import HostedError, HostedProblem, TaskRefused
from tray_app.core.values.errors.life import (
    ChatFirstError,
    ChatFirstProblem,
    RelayError,
    RelayProblem,
    TrayProblem,
    TrayUnavailable,
)
from tray_app.core.values.errors.plan_file import PlanFileError, PlanFileFault
from tray_app.core.values.errors.service import (
    BadAnswer,
    Distrust,
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
    RefusedBecause,
    ServerFailed,
    ServiceError,
    TimedOut,
    TooMany,
    TooOld,
    Unreachable,
    Untrusted,
)
from tray_app.core.values.errors.storage import (
    JournalDamaged,
    SettingFault,
    SettingProblem,
    SettingsNotWritten,
    StorageError,
    StorageFault,
    WriteFault,
)
from tray_app.core.values.errors.usage import Slip, UsageError

URL = "http://localhost:8080/api/v1/tasks/config"

SERVICE = [
    Unreachable(URL, "Connection refused"),
    *(Untrusted(URL, "certificate verify failed", because) for because in Distrust),
    TimedOut(URL, 2.0),
    Redirected(URL, "https://login.example.com/x"),
    BadAnswer(URL, "not JSON"),
    Interrupted(URL, ""),
    NotThatServer(URL, Instead.OLLAMA),
    NotFound(URL, "model 'x' not found"),
    NoSuchPath(URL, Instead.PAGE),
    TooOld(URL, "0.2.9"),
    Invalid(URL, ("TASK_MODEL",)),
    ServerFailed(URL, 502, "Bad Gateway"),
    Insecure(URL),
    InFront(URL),
    TooMany(URL, "slow"),
    *(Refused(URL, because, "some text") for because in RefusedBecause),
]
CHANGE = [ChangeError(problem, "follow-ups", "1/2", written=Written.NO) for problem in Problem]
PROBLEM = SettingProblem("ca_file", "none.pem", "", SettingFault.NO_SUCH_FILE)
OTHER = [
    UsageError(Slip.SETTING, "follwo-ups", "follow-ups"),
    StorageError("/home/kim/.config/elbowroom/settings.toml", "Permission denied"),
    JournalDamaged("/home/kim/.local/share/elbowroom/journal.jsonl", (3, 7), newer=False),
    JournalDamaged("/home/kim/.local/share/elbowroom/journal.jsonl", (3,), newer=True),
    *(
        SettingsNotWritten("/home/kim/.config/elbowroom/settings.toml", fault, 3)
        for fault in WriteFault
        if fault is not WriteFault.REFUSED
    ),
    SettingsNotWritten("settings.toml", WriteFault.REFUSED, problem=PROBLEM),
    *(PlanFileError(fault, "tilte", "titles", line=3) for fault in PlanFileFault),
    *(
        HostedError(problem, "openrouter.ai", "a/b")
        for problem in HostedProblem
        if problem is not HostedProblem.BY_ADDRESS  # the same as of chat first, in the same words
    ),
    TaskRefused(HostedProblem.WRONG_KEY, "openrouter.ai"),  # others are the same as of an endpoint, in the same words
    *(TrayUnavailable(problem, "gi") for problem in TrayProblem),
    *(RelayError(problem, "127.0.0.1:11435", "in use") for problem in RelayProblem),
    *(ChatFirstError(problem, "0.9.6") for problem in ChatFirstProblem),
    ChatFirstError(ChatFirstProblem.NOT_STARTED, "127.0.0.1:11435", detail="libssl.so.3 is missing"),
    *(ExporterError(problem, "127.0.0.1:9464", "in use") for problem in ExporterProblem),
    LibraryMissing(("pipx", "inject", "elbowroom", "prometheus_client")),
]
ALL = [*SERVICE, *CHANGE, *OTHER]


def said(error):
    return f"{sentence(error, TR)} {next_step(error, TR)}".strip()


def test_every_kind_of_error_is_here():
    modules = [
        importlib.import_module(f"{errors.__name__}.{one.name}") for one in pkgutil.iter_modules(errors.__path__)
    ]
    kinds = {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, ElbowroomError) and kind not in {ElbowroomError, ServiceError}
    }
    assert {type(error) for error in ALL} == kinds


@pytest.mark.parametrize("error", ALL, ids=lambda error: f"{type(error).__name__}-{error.args}")
def test_a_sentence_is_one_finished_line(error):
    text = said(error)
    assert text == " ".join(text.split())
    assert sentence(error, TR).endswith((".", ")"))
    assert not re.search(r"[{}]", text), "a placeholder was left"
    assert "Error" not in text
    assert "None" not in text
    assert text.isascii()
    assert ".." not in text


@pytest.mark.parametrize("error", SERVICE, ids=lambda error: f"{type(error).__name__}-{error.args}")
def test_a_server_is_named_and_there_is_a_way_on(error):
    assert "http://localhost:8080" in said(error)
    assert "/api/v1/tasks/config" not in said(error)
    assert next_step(error, TR)


def test_two_errors_are_never_told_alike():
    texts = [sentence(error, TR) for error in ALL]
    assert len(set(texts)) == len(texts)


def test_of_many_damaged_lines_the_first_are_named():
    assert "damaged (1, 2, 3, 4, 5, ...)" in said(JournalDamaged("journal.jsonl", tuple(range(1, 99)), newer=False))


def test_the_base_of_all_errors_still_ends_in_a_line():
    class Odd(ElbowroomError):
        pass

    assert said(Odd()) == "Something went wrong: Odd."
    assert "http://localhost:8080" in said(ServiceError(URL, "x"))


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        (Instead.OLLAMA, "is Ollama, not Open WebUI"),
        (Instead.OPEN_WEBUI, "is Open WebUI, not Ollama"),
        (Instead.PAGE, "web page of another program"),
        (Instead.NOTHING_ASKED_FOR, "none of the addresses"),
        (Instead.OTHER_JSON, "another program"),
        (Instead.NO_JSON, "another program"),
    ],
)
def test_what_answers_instead(instead, words):
    assert words in said(NotThatServer(URL, instead))


def test_a_task_that_a_version_lacks():
    assert said(ChangeError(Problem.UNSUPPORTED, "autocomplete", "0.3.35")) == (
        "Open WebUI 0.3.35 has no autocomplete. Nothing was changed."
    )
    assert said(ChangeError(Problem.UNSUPPORTED, "titles", "0.3.35")) == (
        "Open WebUI 0.3.35 has no switch for titles: it always makes them. Nothing was changed."
    )
    assert (
        said(ChangeError(Problem.UNSUPPORTED, "tags", "")) == "Open WebUI has no switch for tags. Nothing was changed."
    )


@pytest.mark.parametrize("because", RefusedBecause)
def test_without_permission_the_refusal_says_why_and_that_nothing_was_changed(because):
    text = said(ChangeError(Problem.NO_PERMISSION, "http://localhost:8080", because=because))
    assert "Nothing was changed." in text
    assert sentence(Refused("http://localhost:8080", because), TR) in text


def test_refused_fields_are_named():
    text = said(Invalid(URL, ("ENABLE_TAGS_GENERATION", "TASK_MODEL")))
    assert "ENABLE_TAGS_GENERATION, TASK_MODEL" in text
    assert "Nothing was changed." in text
    assert "does not say why" in said(Invalid(URL))
    assert "Title generation is disabled." in said(Invalid(URL, (), "Title generation is disabled"))


def test_a_missing_model_is_named():
    assert "model 'x' not found" in said(NotFound(URL, "model 'x' not found"))
    assert "too old" in said(TooOld(URL))


def test_a_change_with_an_unknown_end_says_so():
    assert "may or may not" in said(ChangeError(Problem.NOT_KEPT, "tags", "TimedOut", written=Written.UNKNOWN))
    assert "elbowroom settings" in said(ChangeError(Problem.CANCELLED, written=Written.UNKNOWN))
    assert "not changed" in said(ChangeError(Problem.CANCELLED, "gemma3:1b"))


def test_a_full_disk_says_how_much():
    text = said(ChangeError(Problem.DISK_FULL, "gemma3:1b", f"{3 * 2**30}/{2**30}"))
    assert "3.0 GiB" in text
    assert "1.0 GiB" in text
    assert "gemma3:1b" in said(ChangeError(Problem.DISK_FULL, "gemma3:1b"))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/kim/.config/x", "~/.config/x"),
        ("/home/kim", "~"),
        ("/Users/kim/Library/x", "~/Library/x"),
        ("/root/.config/x", "~/.config/x"),
        ("C:\\Users\\Kim Lee\\AppData\\x", "~\\AppData\\x"),
        ("/srv/home/kim/x", "/srv/home/kim/x"),
        ("/rootless/x", "/rootless/x"),
        ("/var/lib/x", "/var/lib/x"),
    ],
)
def test_the_home_folder_is_a_tilde(path, shown):
    assert short_path(path) == shown
    assert shown in said(StorageError(path, "Permission denied"))
    assert "kim" not in said(StorageError("/home/kim/x", "denied")).lower()


def test_a_full_disk_of_ours():
    text = said(StorageError("/home/kim/journal", "No space left on device", StorageFault.DISK_FULL))
    assert "the disk is full" in text
    assert "Free some space" in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UsageError(Slip.SETTING, "follwo-ups", "follow-ups", ("a",)), ("`follwo-ups`", "Did you mean `follow-ups`?")),
        (UsageError(Slip.SETTING, "x", "", ("titles", "tags")), ("`x`", "titles, tags")),
        (UsageError(Slip.COMMAND, "stauts", "status"), ("no command `stauts`", "`status`")),
        (UsageError(Slip.ARGUMENTS, "unrecognized arguments: --x"), ("--x", "--help")),
        (UsageError(Slip.VALUE, "maybe", "", ("tags=on", "tags=off")), ("`maybe`", "tags=on, tags=off")),
        (UsageError(Slip.URL, "nonsense://"), ("`nonsense://`", "http://localhost:8080")),
        (UsageError(Slip.URL_WITH_PASSWORD, "http://nas"), ("http://nas", "address alone")),
        (UsageError(Slip.NEEDS_YES, "fix tags-off"), ("`fix tags-off`", "--yes")),
        (UsageError(Slip.MODEL, "gemma3:1b"), ("`gemma3:1b`", "ollama pull")),
    ],
)
def test_what_is_wrong_on_the_command_line(error, words):
    assert all(word in said(error) for word in words)


@pytest.mark.parametrize(
    "error",
    [
        ServerFailed(URL, 500, "a\nb\x1b[31m {name} \u202e%s"),
        NotFound(URL, "{0.__class__}"),
        Unreachable("http://h\x1b[2J:1/", "{server}"),
        UsageError(Slip.SETTING, "a\nb\x1b[31m{x}"),
        StorageError("/tmp/a\nb\x1b{x}", "{reason}"),
        ChangeError(Problem.DRIFT, "a\x1b\n{detail}"),
        Refused(URL, RefusedBecause.OTHER, "{detail}\x1b"),
    ],
)
def test_foreign_text_is_neither_run_nor_filled_in(error):
    assert said(error).isprintable()


@pytest.mark.parametrize(
    ("because", "words"),
    [
        (RefusedBecause.EXPIRED, ("no longer accepts the stored sign-in", "Sign in again: elbowroom connect")),
        (RefusedBecause.NEW_TOKEN, ("does not accept this key", "Check that all of it is there")),
        (RefusedBecause.ENVIRONMENT, ("does not accept the key in ELBOWROOM_API_KEY", "unset the variable")),
        (RefusedBecause.ENVIRONMENT_NOT_ADMIN, ("is no admin's", "unset the variable")),
    ],
)
def test_which_token_is_refused(because, words):
    """A key that was just entered never was accepted, and to sign in again does not replace the one in a variable."""
    error = Refused("http://127.0.0.1:8080", because)
    assert words[0] in sentence(error, TR)
    assert words[1] in next_step(error, TR)


def test_where_nothing_answers_no_other_servers_option_is_named():
    step = next_step(Unreachable("http://127.0.0.1:8080", "refused"), TR)
    assert step == "Check that it runs, and that the address and port are right."


def test_a_tray_library_for_another_python_is_not_installed_again():
    told = sentence(TrayUnavailable(TrayProblem.OTHER_PYTHON, "No module named 'gi'"), TR)
    assert "/usr/bin/python3" in told
    assert "install " not in told


@pytest.mark.parametrize("because", Distrust)
def test_a_certificate_is_never_answered_with_plain_http(because):
    """Openwebui-setups 9: the advice for a private authority was to send the token unencrypted."""
    error = Untrusted("https://nas.lan:8080", "certificate verify failed", because)
    assert "http:" not in next_step(error, TR)
    assert "http " not in next_step(error, TR)
    assert ("ca_file" in next_step(error, TR)) is (because is Distrust.UNKNOWN_ISSUER)


@pytest.mark.parametrize("fault", StorageFault)
def test_a_file_that_a_person_named_is_not_kept_elsewhere(fault):
    """`replay nosuch` was answered with `keep the files elsewhere with --home DIR`."""
    assert "--home" not in next_step(StorageError("nosuch", "No such file or directory", fault, given=True), TR)
    assert next_step(StorageError("nosuch", "x", fault), TR)


def test_every_cause_has_a_sentence_of_its_own():
    """A sentence that stands for all the others would be a guess."""
    refusals = [sentence(Refused(URL, because), TR) for because in RefusedBecause]
    assert len(set(refusals)) == len(refusals)
    changes = [
        sentence(ChangeError(problem, "x", "y"), TR) for problem in Problem if problem is not Problem.UNSUPPORTED
    ]
    assert len(set(changes)) == len(changes)
    slips = [sentence(UsageError(slip, "x"), TR) for slip in Slip]
    assert len(set(slips)) == len(slips)
