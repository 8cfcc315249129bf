"""Whether a second model can live beside the chat model."""

from enum import StrEnum

from msgspec import Struct

from tray_app.core.values.snapshot import BudgetBasis
from tray_app.core.values.units import MIB

PROCESS_BYTES = 400 * MIB
"""A runner's own memory and the GPU driver's: 300 to 500 MiB were seen, never reported by the runner."""


class Verdict(StrEnum):
    """Can a second model live beside the chat model?"""

    FITS = "fits"
    TIGHT = "tight"
    EVICTS = "evicts"
    SPILLS = "spills"
    UNKNOWN = "unknown"
    NOT_LOCAL = "not-local"  # runs elsewhere: needs no memory here

    @property
    def is_bad(self) -> bool:
        """Using the model would hurt: the user is asked first."""
        return self in (Verdict.EVICTS, Verdict.SPILLS)


class Basis(StrEnum):
    """The rule or measurement that a verdict rests on."""

    NOT_JUDGED = ""
    ESTIMATE_TO_0_9 = "ollama-0.9-estimate"
    LAYOUT_TO_0_24 = "ollama-0.12-layout"
    ESTIMATE = "ollama-0.30-estimate"
    MAX_LOADED = "max-loaded-models"
    FIT_MARGIN = "fit-margin"
    BUDGET = "budget"
    BUDGET_UNKNOWN = "budget-unknown"
    AVAILABLE = "available-memory"
    PRESSURE = "memory-pressure"
    MEMORY_UNKNOWN = "memory"
    SIZE_ONLY = "size-only"
    OTHER_SHAPE_UNKNOWN = "model-shape"
    OLLAMA_UNKNOWN = "ollama"
    OLLAMA_ELSEWHERE = "ollama-elsewhere"
    NOT_INSTALLED = "not-installed"
    NO_OLLAMA = "no-ollama"
    VERSION_UNKNOWN = "ollama-version"
    OTHER_OLLAMA = "other-ollama"
    WHICH_OLLAMA = "which-ollama"
    CLOUD = "remote-host"
    HOSTED = "hosted"
    LOADED = "loaded"


class Beside(StrEnum):
    """What a model was judged beside."""

    LOADED = "loaded"  # all that is loaded now
    NOTHING_LOADED = "nothing-loaded"  # the same, and nothing is
    NAMED = "named"
    ALONE = "alone"  # as if nothing were loaded, because that was asked


class Budget(Struct, frozen=True):
    """Bytes that models may use, and where that number comes from."""

    bytes: int
    basis: BudgetBasis


class Fit(Struct, frozen=True):
    """`room_bytes` is what may still be used."""

    verdict: Verdict
    need_bytes: int | None = None
    room_bytes: int | None = None
    basis: Basis = Basis.NOT_JUDGED


class Need(Struct, frozen=True):
    """Bytes by part. `total` is what the runner will report; `overhead_bytes` comes on top of it."""

    weights_bytes: int
    kv_cache_bytes: int
    state_bytes: int
    compute_bytes: int
    overhead_bytes: int = PROCESS_BYTES

    @property
    def total(self) -> int:
        return self.weights_bytes + self.kv_cache_bytes + self.state_bytes + self.compute_bytes


class FitReport(Struct, frozen=True):
    """Prediction for one model. Bytes; None: not known. `exact` False: the needs are an upper bound.

    `beside` names the other models, `beside_bytes` what they take; `reverse` is the verdict when `model` is loaded
    first and the only other one comes second. `download_bytes`: it is not installed, and that is what it loads.
    `nearest`: the name that was meant, perhaps.
    """

    model: str
    verdict: Verdict
    basis: Basis
    need: Need | None = None
    budget_bytes: int | None = None
    room_bytes: int | None = None
    context: int | None = None
    parallel: int | None = None
    exact: bool = True
    beside: str | None = None
    beside_bytes: int | None = None
    reverse: Verdict | None = None
    host: str | None = None
    question: Beside = Beside.NAMED
    download_bytes: int | None = None
    nearest: str = ""
    settings_told: bool = True
    """Ollama's own settings are known, and not only taken to be automatic."""
