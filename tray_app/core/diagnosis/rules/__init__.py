"""All rules, one file each with the name of its finding: `check(facts)`, and `EXPLAINS` where it has other sides.

A rule answers with its findings, or None where it cannot judge.
"""

from collections.abc import Callable
from importlib import import_module

from msgspec import Struct

from tray_app.core.diagnosis.facts import Facts
from tray_app.core.values.finding import FINDINGS, Finding


class Rule(Struct, frozen=True):
    """`explains`: findings that are only another side of the same cause."""

    finding: type[Finding]
    check: Callable[[Facts], tuple[Finding, ...] | None]
    explains: tuple[type[Finding], ...]


def _rule(finding: type[Finding]) -> Rule:
    file = import_module(f"{__name__}.{finding.kind.replace('-', '_')}")
    return Rule(finding, file.check, getattr(file, "EXPLAINS", ()))


RULES = tuple(_rule(finding) for finding in FINDINGS)
