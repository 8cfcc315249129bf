"""What is wrong on the command line, with the nearest right word."""

from tray_app.core.text import hosted
from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.usage import Slip, UsageError

WORDS_LIMIT = 400


def said(error: UsageError, tr: Translator) -> tuple[str, str]:
    """A sentence, and the word that was probably meant or the words that are possible."""
    return _texts(tr)[error.what].format(given=clean(error.given)), _step(error, tr)


def whole_number(given: str, least: int, tr: Translator) -> str:
    """For an option that takes a number."""
    return tr.gettext("`{given}` is not a whole number from {least} on").format(given=clean(given), least=least)


def seconds(given: str, least: float, most: float, tr: Translator) -> str:
    text = tr.gettext("`{given}` is not a number of seconds from {least} to {most}")
    return text.format(given=clean(given), least=f"{least:g}", most=f"{most:g}")


def _texts(tr: Translator) -> dict[Slip, str]:
    return {
        Slip.ARGUMENTS: tr.gettext("The command line cannot be read: {given}."),
        Slip.COMMAND: tr.gettext("There is no command `{given}`."),
        Slip.SETTING: tr.gettext("There is no setting `{given}`."),
        Slip.ASSIGNMENT: tr.gettext("`{given}` needs a value after an equals sign."),
        Slip.TWICE: tr.gettext("`{given}` is set twice."),
        Slip.VALUE: tr.gettext("`{given}` is not a value for this setting."),
        Slip.REMEDY: tr.gettext("There is no fix `{given}` for what is found now."),
        Slip.HOSTED: tr.gettext("Open WebUI lists no such hosted model: `{given}`."),
        Slip.CHANGE: tr.gettext("The journal has no change `{given}` that was made."),
        Slip.RELIEF: tr.gettext("`{given}` is nothing that automatic relief may do."),
        Slip.UNLOAD: tr.gettext(
            "`{given}` is offered only where it helps: while memory is short, or a model or old prompts overflow it."
        ),
        Slip.TASK_MODEL: tr.gettext("Open WebUI lists no model `{given}`."),
        Slip.MODEL: tr.gettext("Ollama has no model `{given}` installed."),
        Slip.URL: tr.gettext("`{given}` is not an address of a server."),
        Slip.URL_WITH_PASSWORD: tr.gettext("An address with a user name or password in it is not used: {given}."),
        Slip.URL_WITH_QUERY: tr.gettext("An address with a question mark or a # in it is not used: {given}."),
        Slip.EMPTY_TOKEN: tr.gettext("No usable token came in through {given}."),
        Slip.UNREADABLE: tr.gettext("What came in through {given} is in no known encoding."),
        Slip.NEEDS_EMAIL: tr.gettext("{given} needs --email as well."),
        Slip.NEEDS_CREDENTIALS: tr.gettext("`{given}` needs a way to sign in when no terminal is there to ask."),
        Slip.NEEDS_YES: tr.gettext("`{given}` asks before it starts, and no terminal is there to ask."),
        Slip.NEEDS_URL: tr.gettext("`{given}` needs the address of an endpoint."),
        Slip.NEEDS_OLLAMA: tr.gettext("`{given}` needs to know the Ollama hosts."),
        Slip.SLOTS: tr.gettext("{given} takes one number for all hosts, or one for each."),
        Slip.URL_WITH_PATH: tr.gettext("HAProxy passes paths on as they are, so a host is named without one: {given}."),
        Slip.HTTPS_NUMBER: tr.gettext("HAProxy checks a certificate by the host's name, and {given} has a number."),
        Slip.LISTEN: tr.gettext("`{given}` is not an address to listen on."),
        Slip.LOOP: tr.gettext("{given} is where the gateway itself listens."),
    }


def _step(error: UsageError, tr: Translator) -> str:
    if error.nearest:
        return tr.gettext("Did you mean `{word}`?").format(word=clean(error.nearest))
    if error.choices:
        return tr.gettext("Possible are: {words}.").format(words=clean(", ".join(error.choices), WORDS_LIMIT))
    return _steps(error, tr).get(error.what, "")


def _steps(error: UsageError, tr: Translator) -> dict[Slip, str]:
    if error.command:
        text = tr.gettext("`{command}` shows how it is used.")
        usage = text.format(command=typed(tr, error.command, "--help"))
    else:
        usage = tr.gettext("`{command}` shows all commands.").format(command=typed(tr, "--help"))
    return {
        Slip.URL: tr.gettext("An address looks like http://localhost:8080"),
        Slip.URL_WITH_PASSWORD: tr.gettext("Give the address alone, and the password when asked."),
        Slip.URL_WITH_QUERY: tr.gettext("Give the address alone, and a key when asked."),
        Slip.EMPTY_TOKEN: tr.gettext("Send one line with the token and nothing else."),
        Slip.UNREADABLE: tr.gettext("Send it in UTF-8."),
        Slip.NEEDS_CREDENTIALS: tr.gettext("Use --api-key-stdin, --token-stdin, or --email with --password-stdin."),
        Slip.NEEDS_YES: tr.gettext("Add --yes to go ahead."),
        Slip.NEEDS_URL: tr.gettext("For instance: {command}").format(
            command=typed(tr, "hosted", "add", "openrouter.ai")
        ),
        Slip.HOSTED: hosted.first_step(tr),
        Slip.NEEDS_OLLAMA: tr.gettext("Name each: --ollama http://gpu1.lan:11434 --ollama http://gpu2.lan:11434"),
        Slip.LISTEN: tr.gettext("An address and a port, such as 127.0.0.1:11436 or *:11436."),
        Slip.MODEL: tr.gettext("`ollama pull {name}` gets it.").format(name=clean(error.given)),
        Slip.REMEDY: tr.gettext("`{command}` shows what is found.").format(command=typed(tr, "status")),
        Slip.UNLOAD: tr.gettext(
            "In the tray's menu, Models, it can be unloaded at any time; a running answer ends first."
        ),
        Slip.ARGUMENTS: usage,
    }
