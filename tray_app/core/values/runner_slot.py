"""One request place of a running model, as the model's own process (llama-server) tells it."""

from msgspec import Struct


class RunnerSlot(Struct, frozen=True):
    """An entry of `GET /slots`. `limit_tokens` None: no limit of its own; counts are None where they are not told."""

    id: int
    is_processing: bool
    task_id: int | None = None
    """Grows with every request of the runner; the same number in two polls is the same request."""
    prompt_tokens: int | None = None
    decoded: int | None = None
    limit_tokens: int | None = None
