"""What is wrong with the user's settings file, one sentence a problem."""

from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.system_words import system_words
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.errors.storage import SettingFault, SettingProblem, SettingsNotWritten, WriteFault


def sentence(problem: SettingProblem, tr: Translator) -> str:
    """Which line, what is wrong with it and what is used or expected instead."""
    text = _texts(tr)[problem.fault].format(
        key=problem.key, given=system_words(problem.given, tr), expected=_expected(problem, tr)
    )
    if problem.fault is SettingFault.UNKNOWN_KEY and problem.expected:
        text = in_turn(text, tr.gettext("Did you mean `{word}`?").format(word=problem.expected))
    if problem.line is None:
        return tr.gettext("Settings file: {text}").format(text=text)
    return tr.gettext("Settings file, line {line}: {text}").format(line=problem.line, text=text)


def refused(problem: SettingProblem, tr: Translator) -> str:
    """Why a value that was to be written does not hold."""
    texts = {
        SettingFault.WRONG_TYPE: tr.gettext("`{key}` cannot be `{given}`: it needs {expected}."),
        SettingFault.OUT_OF_RANGE: tr.gettext("`{key}` cannot be `{given}`: it must be within {expected}."),
        SettingFault.NOT_A_CHOICE: tr.gettext("`{key}` cannot be `{given}`: it must be one of {expected}."),
        SettingFault.NOT_A_URL: tr.gettext("`{key}` cannot be `{given}`: it must be an address like {expected}."),
        SettingFault.URL_WITH_LOGIN: tr.gettext(
            "`{key}` must not hold a user name or password: give the address alone."
        ),
        SettingFault.NO_SUCH_FILE: tr.gettext("`{key}` cannot be `{given}`: there is no such file."),
        SettingFault.CONTRADICTION: tr.gettext("`{key}` would contradict another key ({given}; needed: {expected})."),
    }
    given = clean(system_words(problem.given, tr))
    return texts[problem.fault].format(key=problem.key, given=given, expected=_expected(problem, tr))


def not_written(error: SettingsNotWritten, path: str, tr: Translator) -> tuple[str, str]:
    """A sentence and a next step. `path` is safe to print."""
    if error.problem is not None:
        return refused(error.problem, tr), tr.gettext("Nothing was written.")
    texts = {
        WriteFault.CHANGED_MEANWHILE: tr.gettext("{path} was changed meanwhile, so nothing was written into it."),
        WriteFault.DAMAGED: tr.gettext("Line {line} of {path} cannot be read as TOML, so nothing was written into it."),
        WriteFault.NOT_UTF8: tr.gettext("Line {line} of {path} is not UTF-8, so nothing was written into it."),
        WriteFault.TOO_BIG: tr.gettext("{path} is far too large for a settings file, so nothing was written into it."),
        WriteFault.TOO_ODD: tr.gettext("The key cannot be set in {path} without changing more of it."),
    }
    steps = {
        WriteFault.CHANGED_MEANWHILE: tr.gettext("Look at the settings as they are now, and try again."),
        WriteFault.DAMAGED: tr.gettext("Mend it first: `{command}` says what is wrong.").format(
            command=typed(tr, "doctor")
        ),
        WriteFault.NOT_UTF8: tr.gettext("Save it as UTF-8 in an editor first."),
        WriteFault.TOO_BIG: tr.gettext("Check what it is."),
        WriteFault.TOO_ODD: tr.gettext("Set it in an editor."),
    }
    line = "?" if error.line is None else error.line
    return texts[error.fault].format(path=path, line=line), steps[error.fault]


def _texts(tr: Translator) -> dict[SettingFault, str]:
    return {
        SettingFault.UNKNOWN_KEY: tr.gettext("There is no key `{key}`; it is ignored."),
        SettingFault.WRONG_TYPE: tr.gettext("`{key}` is `{given}`, but needs {expected}; the default is used."),
        SettingFault.OUT_OF_RANGE: tr.gettext(
            "`{key}` is `{given}`, but must be within {expected}; the default is used."
        ),
        SettingFault.NOT_A_CHOICE: tr.gettext(
            "`{key}` is `{given}`, but must be one of {expected}; the default is used."
        ),
        SettingFault.NOT_A_URL: tr.gettext(
            "`{key}` is `{given}`, which is not an address like {expected}; the default is used."
        ),
        SettingFault.URL_WITH_LOGIN: tr.gettext(
            "`{key}` holds a user name or password, so it is not used. Write the address alone."
        ),
        SettingFault.NO_SUCH_FILE: tr.gettext("`{key}` is `{given}`, but there is no such file; it is ignored."),
        SettingFault.CONTRADICTION: tr.gettext(
            "`{key}` contradicts another key ({given}; needed: {expected}); the defaults are used."
        ),
        SettingFault.SYNTAX: tr.gettext("This line cannot be read as TOML; it is ignored."),
        SettingFault.NOT_UTF8: tr.gettext("The file is not saved as UTF-8; what can be read is used."),
        SettingFault.UNREADABLE: tr.gettext("It cannot be read ({given}); the defaults are used."),
    }


def _expected(problem: SettingProblem, tr: Translator) -> str:
    if problem.fault is not SettingFault.WRONG_TYPE:
        return problem.expected
    return {
        "number": tr.gettext("a number"),
        "text": tr.gettext("a text in quotes"),
        "true-or-false": tr.gettext("true or false"),
        "list-of-texts": tr.gettext("a list of texts in quotes"),
        "table": tr.gettext("a table"),
    }[problem.expected]
