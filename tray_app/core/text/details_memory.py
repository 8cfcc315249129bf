"""The memory bars in words: what each part is called, and a sentence and a table that say the same."""

from tray_app.core.report.details.memory_use import LoadedUse, MemoryPart, MemoryPicture, PartKind, WhatIf
from tray_app.core.text.fit import basis_sentence, verdict_word
from tray_app.core.text.fit import sentence as fit_sentence
from tray_app.core.text.lines import in_turn
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.values.fit import Verdict
from tray_app.core.values.units import format_bytes
from tray_app.core.values.version import Json

MARKS = {
    Verdict.FITS: "good",
    Verdict.NOT_LOCAL: "good",
    Verdict.TIGHT: "warn",
    Verdict.UNKNOWN: "unknown",
    Verdict.EVICTS: "bad",
    Verdict.SPILLS: "bad",
}
"""How the page draws a verdict: by shape first."""


def document(made: MemoryPicture, tr: Translator) -> dict[str, Json]:
    bars: list[Json] = []
    budget = made.use.budget
    if made.budget_parts and budget is not None:
        title = tr.gettext("Models: {size} may be used").format(size=format_bytes(budget.bytes))
        bars.append(_bar("budget", title, made.budget_parts, budget.bytes, tr))
    total = made.use.total_bytes
    if made.computer_parts and total is not None:
        title = tr.gettext("This computer: {size}").format(size=format_bytes(total))
        one = _bar("computer", title, made.computer_parts, total, tr)
        bars.append(one)
    return {
        "title": tr.gettext("Memory"),
        "bars": bars,
        "sentence": sentence(made, tr),
        "table": _table(made, tr),
        "as_table": tr.gettext("As a table"),
        "what_if": {
            "title": tr.gettext("What if"),
            "intro": tr.gettext("Choose a model to see whether it would fit beside what is loaded now."),
            "choices": [_what_if(one, tr) for one in made.what_if],
        },
    }


def part_name(part: MemoryPart, tr: Translator) -> str:
    texts = {
        PartKind.CHAT_MODEL: tr.gettext("{model} (chat)"),
        PartKind.CONTEXT: tr.gettext("context of {model}"),
        PartKind.TASK_MODEL: tr.gettext("{model} (tasks)"),
        PartKind.OTHER_MODEL: "{model}",
        PartKind.ASKED: "{model}",
        PartKind.MODELS: tr.gettext("models"),
        PartKind.PROGRAMS: tr.gettext("other programs"),
        PartKind.LEFT: tr.gettext("left for models"),
        PartKind.AVAILABLE: tr.gettext("available"),
        PartKind.OVER: tr.gettext("more than may be used"),
    }
    return texts[part.kind].format(model=short(part.model) if part.model else "")


def _bar(name: str, title: str, parts: tuple[MemoryPart, ...], whole: int, tr: Translator) -> dict[str, Json]:
    return {"id": name, "title": title, "whole": whole, "parts": [_part(one, tr) for one in parts]}


def _part(one: MemoryPart, tr: Translator) -> Json:
    return {"kind": one.kind.value, "name": part_name(one, tr), "bytes": one.bytes, "size": format_bytes(one.bytes)}


def _what_if(one: WhatIf, tr: Translator) -> Json:
    report = one.report
    told = in_turn(fit_sentence(report, tr), basis_sentence(report.basis, tr))
    if report.download_bytes is not None:
        more = tr.gettext("It is not installed yet: {size} to download.")
        told = in_turn(told, more.format(size=format_bytes(report.download_bytes)))
    return {
        "name": short(report.model),
        "verdict": verdict_word(report.verdict, tr),
        "mark": MARKS[report.verdict],
        "sentence": told,
        "parts": [_part(part, tr) for part in one.parts],
    }


def sentence(made: MemoryPicture, tr: Translator) -> str:
    """What the bars show, for who does not see them."""
    use = made.use
    if use.elsewhere:
        return tr.gettext("Ollama runs on another computer, whose memory cannot be seen from here.")
    parts = []
    if use.budget is None:
        parts.append(tr.gettext("How much memory models may use is not known."))
    elif use.models is None:
        parts.append(tr.gettext("Which models are loaded is not known."))
    elif not use.models:
        text = tr.gettext("No model is loaded; {size} may be used.")
        parts.append(text.format(size=format_bytes(use.budget.bytes)))
    elif not made.budget_parts:
        parts.append(tr.gettext("How much of the memory budget the loaded models use cannot be told."))
    elif made.over_bytes:
        text = tr.gettext("The loaded models need {over} more than the {budget} that may be used.")
        parts.append(text.format(over=format_bytes(made.over_bytes), budget=format_bytes(use.budget.bytes)))
    else:
        text = tr.gettext("The loaded models leave {left} of {budget}.")
        parts.append(text.format(left=format_bytes(made.left_bytes or 0), budget=format_bytes(use.budget.bytes)))
    if use.models and any(one.context_bytes is None for one in use.models):
        parts.append(tr.gettext("How much of it is context is not known of every model."))
    if not made.computer_parts:
        parts.append(tr.gettext("The memory of this computer could not be read."))
    return in_turn(*parts)


def _table(made: MemoryPicture, tr: Translator) -> Json:
    rows: list[Json] = []
    for parts in (made.budget_parts, made.computer_parts):
        rows += [[part_name(one, tr), format_bytes(one.bytes)] for one in parts]
    rows += [[_context(one, tr), ""] for one in made.use.models or () if one.context_tokens]
    return {"caption": tr.gettext("Memory by part"), "head": [tr.gettext("part"), tr.gettext("size")], "rows": rows}


def _context(one: LoadedUse, tr: Translator) -> str:
    text = tr.gettext("{model}: a context of {tokens} tokens")
    return text.format(model=short(one.model), tokens=one.context_tokens)
