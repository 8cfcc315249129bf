"""One named condition with evidence, and the ordered diagnosis of one snapshot."""

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """Stable names of the rules' findings; they appear in the JSON output."""

    TASK_STORM = "task-storm"
    MODEL_THRASH = "model-thrash"
    QUEUE_BACKLOG = "queue-backlog"
    MEMORY_PRESSURE = "memory-pressure"
    MODEL_SPILLS = "model-spills"
    TASKS_ON_BIG_MODEL = "tasks-on-big-model"
    AUTOCOMPLETE_ON = "autocomplete-on"
    TASK_MODEL_DOES_NOT_FIT = "task-model-does-not-fit"
    TASK_MODEL_UNUSABLE = "task-model-unusable"
    PROMPT_CACHE_GROWTH = "prompt-cache-growth"
    SETTINGS_DRIFT = "settings-drift"


class Severity(StrEnum):
    INFO = "info"
    TIGHT = "tight"
    OVERLOADED = "overloaded"


class Level(StrEnum):
    CALM = "calm"
    TIGHT = "tight"
    OVERLOADED = "overloaded"
    UNKNOWN = "unknown"


class Evidence(Struct, frozen=True):
    """A number or a word that a finding rests on. `name` is stable; `unit` is bytes, s, requests, percent, or empty."""

    name: str
    value: float | int | str
    unit: str = ""


class Finding(Struct, frozen=True):
    """`subject` is what it is about (a model, a task, a program). Identity is (kind, subject): see `key`."""

    kind: Kind
    subject: str
    severity: Severity
    evidence: tuple[Evidence, ...] = ()

    @property
    def key(self) -> tuple[Kind, str]:
        return self.kind, self.subject

    def value(self, name: str) -> float | int | str | None:
        """The value of the evidence of that name, or None."""
        return next((item.value for item in self.evidence if item.name == name), None)


class Diagnosis(Struct, frozen=True):
    """Findings in order of importance: the first is the one to speak of."""

    level: Level
    findings: tuple[Finding, ...] = ()
    explained: tuple[Finding, ...] = ()
    """True as well, but only another side of a finding above: nothing to speak of, and not over either."""
    undecided: tuple[Kind, ...] = ()
    """Kinds that could not be judged in this poll: neither found nor gone."""

    @property
    def top(self) -> Finding | None:
        return self.findings[0] if self.findings else None
