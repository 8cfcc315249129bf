"""Autocomplete runs on a local model: one call for every pause while typing."""

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.tasks.releases import AUTOCOMPLETE_BY_ACCOUNT
from tray_app.core.tasks.target import TaskServer, Where, autocomplete_used, tasks_on
from tray_app.core.values.finding import AutocompleteOn, Severity, UsedBy
from tray_app.core.values.names import same_model
from tray_app.core.values.task_settings import Setting


def check(facts: Facts) -> tuple[AutocompleteOn, ...] | None:
    """Tight where everyone gets it (before 0.6.0) or our own account uses it; info where only accounts could know, and
    with chat first, which drops what a chat would wait for."""
    if facts.tasks is None:
        return None
    return _on_local(facts.tasks, facts) if Setting.AUTOCOMPLETE in tasks_on(facts.tasks) else ()


def _on_local(server: TaskServer, facts: Facts) -> tuple[AutocompleteOn, ...] | None:
    if facts.here is None:
        return None
    for model in sorted(facts.here, key=lambda one: one.size_bytes, reverse=True):
        target = facts.target(model.name)
        if target is None:
            return None
        if target.where in (Where.SAME, Where.OTHER):
            small = not same_model(target.model, model.name) and not facts.is_big(target.model)
            return (_finding(target.model, server, harmless=small or facts.puts_chats_first),)
    return ()


def _finding(lands: str, server: TaskServer, *, harmless: bool) -> AutocompleteOn:
    """`harmless`: a small model of its own takes it, say."""
    used = autocomplete_used(server) is True
    everyone = server.release < AUTOCOMPLETE_BY_ACCOUNT
    used_by = UsedBy.EVERYONE if everyone else UsedBy.OWN_ACCOUNT if used else UsedBy.NOT_KNOWN
    severity = Severity.TIGHT if used and not harmless else Severity.INFO
    return AutocompleteOn(model=lands, severity=severity, used_by=used_by)
