"""Ollama's own settings: how it was started here, what each is now, and whether what was advised took effect."""

from enum import StrEnum

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.remedy import ADVISED, AdviceKind, OllamaStart
from tray_app.core.values.snapshot import ProcessRole, System

INIT = 1
"""The parent of what systemd starts for the machine."""


class InEffect(StrEnum):
    YES = "yes"
    NO = "no"
    UNSEEN = "unseen"  # the server's environment and log are hidden, or do not tell this one


def started_by(facts: Facts) -> OllamaStart:
    """By what is seen of its processes; unknown where they are hidden."""
    watched = facts.processes.watched if facts.processes is not None else ()
    ours = [one for one in watched if one.owner.is_ours]
    server = next((one for one in ours if one.role is ProcessRole.OLLAMA_SERVER), None)
    if server is None:
        return OllamaStart.UNKNOWN
    if server.apart:
        return OllamaStart.DOCKER
    if any(one.role is ProcessRole.OLLAMA_APP for one in watched):
        return OllamaStart.APP
    if facts.overview.host.system != System.LINUX:
        return OllamaStart.SHELL
    hidden = server.config is None  # another user's: the service has one of its own
    return OllamaStart.SYSTEMD if hidden or server.parent_pid == INIT else OllamaStart.SHELL


def setting_now(kind: AdviceKind, facts: Facts) -> str:
    """As the server's environment or log tells it; empty where it does not, or Ollama decides by itself."""
    config = facts.ollama.config if facts.ollama is not None else None
    if config is None or not config.told:
        return ""
    value = {
        AdviceKind.CONTEXT_LENGTH: config.context_length,
        AdviceKind.KV_CACHE_TYPE: config.kv_cache_type,
        AdviceKind.NUM_PARALLEL: config.num_parallel,
        AdviceKind.MAX_LOADED_MODELS: config.max_loaded_models,
    }.get(kind)
    return "" if value is None else str(value)


def in_effect(kind: AdviceKind, facts: Facts) -> InEffect:
    """Whether Ollama runs with what was advised."""
    told = facts.ollama is not None and facts.ollama.config.told
    if not told or kind in {AdviceKind.CACHE_RAM, AdviceKind.KEEP_ALIVE}:
        return InEffect.UNSEEN
    return InEffect.YES if setting_now(kind, facts) == ADVISED[kind][1] else InEffect.NO
