"""The rules for the relay, from the user's settings and from what is known of Ollama."""

from collections.abc import Collection

from msgspec.structs import replace

from tray_app.core.lanes.rules import LanesRules
from tray_app.core.tasks.calls import WORDS
from tray_app.core.values.limits import ChatFirst, ModelPerTask
from tray_app.core.values.names import full_name
from tray_app.core.values.requests import TaskCall
from tray_app.core.values.snapshot import Ollama


def wished_models(models: ModelPerTask) -> dict[str, str]:
    """Open WebUI's word for a task -> the model that the user wants for it."""
    wishes = {
        TaskCall.TITLES: models.titles,
        TaskCall.TAGS: models.tags,
        TaskCall.FOLLOW_UPS: models.follow_ups,
        TaskCall.AUTOCOMPLETE: models.autocomplete,
        TaskCall.EMOJI: models.emojis,
        TaskCall.MEMORY_REVIEW: models.memories,
    }
    return {WORDS[call]: model for call, model in wishes.items() if model}


def rules_for(
    settings: ChatFirst, models: ModelPerTask, ollama: Ollama | None, evicting: Collection[tuple[str, str]] = ()
) -> LanesRules:
    """`evicting`: (task model, chat model) pairs of which the first evicts the second, as far as that is predicted.

    A model that Ollama does not have does no task: it would fail where the one that Open WebUI asks for does not.
    """
    wishes = wished_models(models).items()
    rules = LanesRules(
        max_hold_s=settings.hold_s,
        quiet_low_s=settings.quiet_low_s,
        quiet_high_s=settings.quiet_high_s,
        evicting=tuple(evicting),
        task_models=tuple(wishes),
    )
    if ollama is None or not ollama.installed:
        return rules
    installed = {full_name(one.name) for one in ollama.installed}
    return replace(
        rules,
        num_parallel=ollama.config.num_parallel or 1,
        remote=tuple(one.name for one in ollama.installed if one.remote_host),
        task_models=tuple((word, model) for word, model in wishes if full_name(model) in installed),
        contexts=_contexts(ollama) if settings.keep_context else (),
    )


def _contexts(ollama: Ollama) -> tuple[tuple[str, int], ...]:
    """Of loaded models with another context than a request gets that names none, as far as that is known."""
    own = {full_name(one.name): one.num_ctx for one in ollama.installed}
    return tuple(
        (one.name, one.context_length)
        for one in ollama.loaded
        if one.context_length and one.context_length != (own.get(full_name(one.name)) or ollama.config.context_length)
    )
