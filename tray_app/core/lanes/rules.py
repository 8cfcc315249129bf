"""What the relay goes by: limits of the user's settings, and what is known of the models. Sent to it whole."""

from msgspec import Struct


class LanesRules(Struct, frozen=True):
    """Names of models are those that go to Ollama."""

    max_hold_s: float = 600.0
    """Nothing is held longer: then it goes in the next moment without a chat, and is no longer broken off."""
    max_break_offs: int = 3
    quiet_low_s: float = 1.0
    quiet_high_s: float = 30.0
    """After an answer a task waits as long as this person's pace says, within these bounds."""
    evict_idle_s: float = 300.0
    """How long a chat model was not used before a task may evict it. Ollama itself keeps a model as long."""
    typing_hold_s: float = 5.0
    """An autocomplete that could not be sent for as long is dropped."""
    num_parallel: int = 1
    """Requests that Ollama answers side by side on one model."""
    evicting: tuple[tuple[str, str], ...] = ()
    """(task model, chat model): loading the first evicts the second."""
    remote: tuple[str, ...] = ()
    """Models that another machine runs: they need nothing here, and stand in nobody's way."""
    task_models: tuple[tuple[str, str], ...] = ()
    """(Open WebUI's word for a task, the model that does it)."""
    contexts: tuple[tuple[str, int], ...] = ()
    """(loaded model, its context length): what a task that names none is given, so that the model is not reloaded."""

    def quiet(self, seconds: float) -> float:
        """Within the bounds; the lower one counts where they contradict each other."""
        return max(self.quiet_low_s, min(seconds, self.quiet_high_s))
