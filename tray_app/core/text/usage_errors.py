"""What is wrong on the command line, with the nearest right word."""

from tray_app.core.text.lines import clean
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors import UsageError


def said(error: UsageError, tr: Translator) -> tuple[str, str]:
    """A sentence, and the word that was probably meant or the words that are possible."""
    text = _texts(tr).get(error.what) or tr.gettext("`{given}` cannot be used as {what}.")
    return text.format(given=clean(error.given), what=error.what), _step(error, tr)


def _texts(tr: Translator) -> dict[str, str]:
    return {
        "arguments": tr.gettext("The command line cannot be read: {given}."),
        "command": tr.gettext("There is no command `{given}`."),
        "setting": tr.gettext("There is no setting `{given}`."),
        "assignment": tr.gettext("`{given}` needs a value after an equals sign."),
        "twice": tr.gettext("`{given}` is set twice."),
        "value": tr.gettext("`{given}` is not a value for this setting."),
        "remedy": tr.gettext("There is no fix `{given}` for what is found now."),
        "model": tr.gettext("Ollama has no model `{given}` installed."),
        "url": tr.gettext("`{given}` is not an address of a server."),
        "url-with-password": tr.gettext("An address with a user name or password in it is not used: {given}."),
        "empty-token": tr.gettext("No usable token came in through {given}."),
        "unreadable": tr.gettext("What came in through {given} is in no known encoding."),
        "needs-email": tr.gettext("{given} needs --email as well."),
        "needs-credentials": tr.gettext("`{given}` needs a way to sign in when no terminal is there to ask."),
        "needs-yes": tr.gettext("`{given}` asks before it starts, and no terminal is there to ask."),
    }


def _step(error: UsageError, tr: Translator) -> str:
    steps = {
        "url": tr.gettext("An address looks like http://localhost:8080"),
        "url-with-password": tr.gettext("Give the address alone, and the password when asked."),
        "empty-token": tr.gettext("Send one line with the token and nothing else."),
        "unreadable": tr.gettext("Send it in UTF-8."),
        "needs-credentials": tr.gettext("Use --api-key-stdin, --token-stdin, or --email with --password-stdin."),
        "needs-yes": tr.gettext("Add --yes to go ahead."),
        "model": tr.gettext("`ollama pull NAME` installs one."),
        "arguments": tr.gettext("`{command}` shows all commands.").format(command=typed(tr, "--help")),
    }
    if error.nearest:
        return tr.gettext("Did you mean `{word}`?").format(word=clean(error.nearest))
    if error.choices:
        return tr.gettext("Possible are: {words}.").format(words=clean(", ".join(error.choices), 400))
    return steps.get(error.what, "")
