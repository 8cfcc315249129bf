"""Ollama's own settings: how it was started here, what each is now, and whether what was advised took effect."""

import math
from enum import StrEnum

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.remedy import ADVISED, AdviceKind, OllamaStart
from tray_app.core.values.snapshot import ProcessRole, System
from tray_app.core.values.units import go_seconds, in_go

CLOCKS_S = 2.0
"""Ollama's clock and ours may differ by that much on one machine, and a poll takes a while."""
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
    if kind is AdviceKind.KEEP_ALIVE:
        return "" if config.keep_alive_s is None else in_go(config.keep_alive_s)
    value = {
        AdviceKind.CONTEXT_LENGTH: config.context_length,
        AdviceKind.KV_CACHE_TYPE: config.kv_cache_type,
        AdviceKind.NUM_PARALLEL: config.num_parallel,
        AdviceKind.MAX_LOADED_MODELS: config.max_loaded_models,
    }.get(kind)
    return "" if value is None else str(value)


def _stays_longer(facts: Facts) -> bool:
    """A model that stays for longer from now on than was advised: it was not told to go before."""
    advised_s = go_seconds(ADVISED[AdviceKind.KEEP_ALIVE][1]) or 0.0
    loaded = facts.ollama.loaded if facts.ollama is not None else ()
    left = [math.inf if one.expires_at is None else one.expires_at - facts.at.taken_at for one in loaded]
    return any(seconds > advised_s + CLOCKS_S for seconds in left)


def server_since(facts: Facts) -> tuple[int, float] | None:
    """Process id and start of the Ollama that is watched; None where it is hidden or gone."""
    watched = facts.processes.watched if facts.processes is not None else ()
    ours = [one for one in watched if one.owner.is_ours and one.role is ProcessRole.OLLAMA_SERVER]
    return (ours[0].pid, ours[0].started_at) if len(ours) == 1 else None


def in_effect(kind: AdviceKind, facts: Facts) -> InEffect:
    """Whether Ollama runs with what was advised."""
    told = facts.ollama is not None and facts.ollama.config.told
    if kind is AdviceKind.KEEP_ALIVE and not told and _stays_longer(facts):
        return InEffect.NO
    if not told or kind is AdviceKind.CACHE_RAM:
        return InEffect.UNSEEN
    return InEffect.YES if setting_now(kind, facts) == ADVISED[kind][1] else InEffect.NO
