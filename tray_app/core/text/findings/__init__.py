"""A finding as one sentence, as a headline, and what its numbers are called: one file each, by the finding's name."""

from collections.abc import Callable
from importlib import import_module

from msgspec import Struct

from tray_app.core.text.text import Translator
from tray_app.core.values.finding import FINDINGS, Finding


class FindingWords(Struct, frozen=True):
    """`sentence`: what a good colleague would say. `headline`: a few words for a row or a notice's title. `labels`: of
    evidence that no other finding has.
    """

    sentence: Callable[[Finding, Translator], str]
    headline: Callable[[Finding, Translator], str]
    labels: Callable[[Translator], dict[str, str]]


def _words(finding: type[Finding]) -> FindingWords:
    file = import_module(f"{__name__}.{finding.kind.replace('-', '_')}")
    return FindingWords(file.sentence, file.headline, file.labels)


_WORDS = {finding: _words(finding) for finding in FINDINGS}


def sentence(finding: Finding, tr: Translator) -> str:
    return _WORDS[type(finding)].sentence(finding, tr)


def headline(finding: Finding, tr: Translator) -> str:
    return _WORDS[type(finding)].headline(finding, tr)


def labels(finding: Finding, tr: Translator) -> dict[str, str]:
    return _WORDS[type(finding)].labels(tr)
