"""Autocomplete runs on a local model."""

from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.values.finding import AutocompleteOn, UsedBy


def sentence(finding: AutocompleteOn, tr: Translator) -> str:
    match finding.used_by:
        case UsedBy.EVERYONE:
            text = tr.gettext("Autocomplete calls {model} at every pause while somebody types.")
        case UsedBy.OWN_ACCOUNT:
            text = tr.gettext("Autocomplete is on for your account: it calls {model} at every pause while you type.")
        case UsedBy.NOT_KNOWN:
            text = tr.gettext("Autocomplete is allowed: it calls {model} for those who switched it on for themselves.")
    return text.format(model=short(finding.model))


def headline(finding: AutocompleteOn, tr: Translator) -> str:
    return tr.gettext("Autocomplete runs on {model}").format(model=short(finding.model))


def labels(_tr: Translator) -> dict[str, str]:
    return {}
