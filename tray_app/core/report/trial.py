"""Task models that were tried side by side: what each took, wrote and would cost, and which of them is best. Pure.

The numbers that decide stand here; each has a test on both of its sides.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

from tray_app.core.tasks.cost import usd_per_thousand
from tray_app.core.tasks.written import Draft
from tray_app.core.values.connections import Price
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.names import full_name
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.units import MIB
from tray_app.core.values.version import Json

CLEARLY_LESS = 0.9
"""Times differ by a tenth from run to run."""
NOTICED_S = 0.1
"""Less than that no person sees when a chat begins."""
WORTH_S = 0.5
"""Less than that nobody notices of tasks that run behind."""
WORTH_USD = 0.01
WORTH_BYTES = 256 * MIB


class Entrant(Struct, frozen=True):
    """A model to be tried. `id`: Open WebUI's, empty for the chat's own. `fit`: beside the chat model, as predicted.
    `host`: where the text of tasks would go, None where it stays here. `price` None: not told, or it costs nothing.
    """

    id: str
    fit: Fit = Fit(Verdict.UNKNOWN)
    ollama_name: str | None = None
    host: str | None = None
    price: Price | None = None

    @property
    def is_here(self) -> bool:
        """No text leaves this computer, and no money."""
        return self.host is None


class TaskTrial(Struct, frozen=True):
    """One task's calls: the median of their seconds, what the last one wrote and its tokens, read and written."""

    task: Setting
    seconds: float
    draft: Draft
    tokens: tuple[int, int] | None = None


class Trial(Struct, frozen=True):
    """What one entrant did: medians of its runs. `answered`: the model that the answers name. The chat's first token is
    timed alone, and while tasks run. None: not known.

    `memory_bytes`: what Ollama says that it took. `displaced`: the chat model was out of memory after its tasks.
    """

    entrant: Entrant
    runs: int
    answered: str = ""
    tasks: tuple[TaskTrial, ...] = ()
    first_token_s: float | None = None
    crowded_token_s: float | None = None
    memory_bytes: int | None = None
    displaced: bool | None = None
    fell_back: bool = False
    """The chat model answered in its place: Open WebUI does not use it."""
    failed: ElbowroomError | None = None
    """Why it could not be measured."""

    @property
    def able(self) -> bool:
        """It did every task in the form that Open WebUI can use."""
        wrote = bool(self.tasks) and all(one.draft.flaw is None for one in self.tasks)
        return wrote and self.failed is None and not self.fell_back and self.crowded_token_s is not None

    @property
    def task_s(self) -> float:
        """All tasks of the first message of a chat."""
        return sum(one.seconds for one in self.tasks)

    @property
    def usd(self) -> float | None:
        """For 1,000 messages like the one that was tried, each the first of its chat: the most that it can be."""
        if self.entrant.is_here:
            return 0.0
        tokens = [one.tokens for one in self.tasks if one.tokens is not None]
        if self.entrant.price is None or not tokens or len(tokens) < len(self.tasks):
            return None
        return usd_per_thousand(self.entrant.price, tokens)

    @property
    def bytes(self) -> int | None:
        """What it takes here besides the chat model: as measured, else as predicted."""
        if not self.entrant.id or not self.entrant.is_here:
            return 0
        return self.memory_bytes if self.memory_bytes is not None else self.entrant.fit.need_bytes


class Contest(Struct, frozen=True):
    """Everything that was tried, the task model of before first. `ended`: why the rest was not. `left_out`: by choice.
    `conversation`: the name of the one that all of them worked on."""

    chat_model: str
    conversation: str
    runs: int
    trials: tuple[Trial, ...] = ()
    left_out: tuple[Entrant, ...] = ()
    ended: ElbowroomError | None = None


class BestBy(StrEnum):
    """What decides. Values are stable: they appear in the JSON output."""

    NONE_ABLE = "none-able"
    ALONE = "alone"  # nothing to compare it with
    ONLY_ABLE = "only-able"  # the others cannot do the tasks
    SOONER = "chat-starts-sooner"
    QUICKER = "tasks-take-less"
    CHEAPER = "costs-less"
    SMALLER = "takes-less-memory"
    NO_DIFFERENCE = "no-clear-difference"


class Best(Struct, frozen=True):
    """The best trial and what decided, `than` the next. `unknown`: what is not known of all."""

    by: BestBy
    trial: Trial | None = None
    than: Trial | None = None
    unknown: tuple[BestBy, ...] = ()


def best(trials: Sequence[Trial]) -> Best:
    """A chat that starts sooner counts first, then quicker tasks, then money, then memory; what makes no clear
    difference decides nothing. What is not known of one is compared of none."""
    able = [one for one in trials if one.able]
    if not able:
        return Best(BestBy.NONE_ABLE)
    if len(able) == 1:
        return Best(BestBy.ALONE if len(trials) == 1 else BestBy.ONLY_ABLE, able[0])
    unknown: list[BestBy] = []
    for by, measure, share, least in _MEASURES:
        known = [(value, one) for one in able if (value := measure(one)) is not None]
        if len(known) < len(able):
            unknown.append(by)
            continue
        ranked = sorted(known, key=lambda pair: pair[0])
        lowest = ranked[0][0]
        tied = [one for value, one in ranked if not (lowest <= share * value and value - lowest >= least)]
        if len(tied) == 1:
            return Best(by, tied[0], ranked[1][1], tuple(unknown))
        able = [one for one in able if one in tied]
    return Best(BestBy.NO_DIFFERENCE, able[0], unknown=tuple(unknown))


_Measure = Callable[[Trial], float | None]
_MEASURES: tuple[tuple[BestBy, _Measure, float, float], ...] = (
    (BestBy.SOONER, lambda one: one.crowded_token_s, CLEARLY_LESS, NOTICED_S),
    (BestBy.QUICKER, lambda one: one.task_s, CLEARLY_LESS, WORTH_S),
    (BestBy.CHEAPER, lambda one: one.usd, CLEARLY_LESS, WORTH_USD),
    (BestBy.SMALLER, lambda one: one.bytes, CLEARLY_LESS, WORTH_BYTES),
)


def fell_back(entrant: Entrant, answered: str, chat_names: Sequence[str]) -> bool:
    """The chat model answered although another one was set."""
    names = {full_name(name) for name in (entrant.id, entrant.ollama_name or "") if name}
    return bool(names) and full_name(answered) not in names and full_name(answered) in map(full_name, chat_names)


# --- as JSON ---------------------------------------------------------------------------------


def document(contest: Contest) -> dict[str, Json]:
    """What `speed --json` prints, with stable keys; null: not known."""
    found = best(contest.trials)
    return {
        "chat_model": contest.chat_model,
        "conversation": contest.conversation,
        "runs": contest.runs,
        "timings": [_row(one) for one in contest.trials],
        "left_out": [one.id for one in contest.left_out],
        "best": None if found.trial is None else found.trial.entrant.id,
        "best_by": found.by.value,
        "best_unknown": [one.value for one in found.unknown],
        "ended": None if contest.ended is None else str(contest.ended.args[0]),
    }


def _row(one: Trial) -> dict[str, Json]:
    first = one.tasks[0] if one.tasks else None
    return {
        "task_model": one.entrant.id,
        "answered": one.answered,
        "task": first.task.value if first else None,
        "task_s": first.seconds if first else None,
        "first_token_s": one.first_token_s,
        "first_token_while_tasks_run_s": one.crowded_token_s,
        "able": one.able,
        "fell_back": one.fell_back,
        "failed": None if one.failed is None else type(one.failed).__name__,
        "fit": one.entrant.fit.verdict.value,
        "host": one.entrant.host,
        "predicted_bytes": one.entrant.fit.need_bytes,
        "memory_bytes": one.memory_bytes,
        "displaced_chat_model": one.displaced,
        "usd_per_1000_messages": one.usd,
        "tasks": {made.task.value: _wrote(made) for made in one.tasks},
    }


def _wrote(made: TaskTrial) -> Json:
    return {
        "seconds": made.seconds,
        "wrote": list(made.draft.items),
        "wrong": None if made.draft.flaw is None else made.draft.flaw.value,
        "raw": made.draft.raw,
        "tokens": None if made.tokens is None else list(made.tokens),
    }
