"""A fit in words, and the bar of `elbowroom fit`."""

from tray_app.core.text.lines import Line, Span, Style, clean, line
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.fit import Basis, Beside, Fit, FitReport, Verdict
from tray_app.core.values.units import format_bytes

BAR_COLUMNS = 48
_STYLES = {
    Verdict.FITS: Style.GOOD,
    Verdict.NOT_LOCAL: Style.GOOD,
    Verdict.TIGHT: Style.WARN,
    Verdict.UNKNOWN: Style.FAINT,
    Verdict.EVICTS: Style.BAD,
    Verdict.SPILLS: Style.BAD,
}


def verdict_word(verdict: Verdict, tr: Translator) -> str:
    """The verdict alone, as it stands beside a model's name."""
    words = {
        Verdict.FITS: tr.gettext("fits"),
        Verdict.TIGHT: tr.gettext("tight"),
        Verdict.EVICTS: tr.gettext("evicts the chat model"),
        Verdict.SPILLS: tr.gettext("does not fit into memory"),
        Verdict.UNKNOWN: tr.gettext("not known whether it fits"),
        Verdict.NOT_LOCAL: tr.gettext("runs elsewhere, needs no memory here"),
    }
    return words[verdict]


def verdict_words(fit: Fit, tr: Translator) -> str:
    """`tight: +0.9 GiB, 1.2 GiB left`."""
    word = verdict_word(fit.verdict, tr)
    if not fit.need_bytes:
        return word
    if fit.room_bytes is None or fit.verdict is Verdict.UNKNOWN:
        return tr.gettext("{verdict}: +{need}").format(verdict=word, need=format_bytes(fit.need_bytes))
    return tr.gettext("{verdict}: +{need}, {room} left").format(
        verdict=word, need=format_bytes(fit.need_bytes), room=format_bytes(fit.room_bytes)
    )


def lines(report: FitReport, tr: Translator, columns: int = 80) -> list[Line]:
    """The whole answer for a terminal: a sentence, a bar, the parts, and what they rest on."""
    made = [line(Span(sentence(report, tr), _STYLES[report.verdict]))]
    if report.need is not None and report.budget_bytes:
        made.append(line(bar(report, max(8, min(BAR_COLUMNS, columns - 2)))))
        made.append(line(Span(_legend(report, tr), Style.FAINT)))
    if report.need is not None:
        made += [line(text) for text in _parts(report, tr)]
    made += [line(Span(text, Style.FAINT)) for text in (basis_sentence(report.basis, tr), *_conditions(report, tr))]
    if report.need is not None and not report.exact:
        made.append(line(Span(tr.gettext("The architecture is not known here: take the need as an upper bound."))))
    reverse = _reverse(report, tr)
    return [*made, line(reverse)] if reverse else made


def sentence(report: FitReport, tr: Translator) -> str:
    """`gemma3:1b fits beside qwen3:32b: it needs 0.8 GiB, 1.6 GiB is left.`"""
    model = clean(report.model)
    need = format_bytes(report.need.total) if report.need else ""
    room = format_bytes(report.room_bytes) if report.room_bytes is not None else ""
    text = _beside(report, tr) if report.beside else _alone(report, tr)
    return text.format(
        model=model, other=clean(report.beside or ""), need=need, room=room, host=clean(report.host or "")
    )


def _beside(report: FitReport, tr: Translator) -> str:
    numbers = report.need is not None and report.room_bytes is not None
    if report.verdict is Verdict.NOT_LOCAL:
        return tr.gettext("{model} runs at {host} and needs no memory here.")
    if report.verdict is Verdict.UNKNOWN or not numbers:
        return tr.gettext("It is not known whether {model} fits beside {other}.")
    words = {
        Verdict.FITS: tr.gettext("{model} fits beside {other}: it needs {need}, {room} is left."),
        Verdict.TIGHT: tr.gettext("{model} fits beside {other}, but barely: it needs {need}, {room} is left."),
        Verdict.EVICTS: tr.gettext("Ollama would evict {other} for {model}: it needs {need}, {room} is left."),
        Verdict.SPILLS: tr.gettext("{model} has no room beside {other}: it needs {need}, {room} is left."),
    }
    return words[report.verdict]


def _alone(report: FitReport, tr: Translator) -> str:
    numbers = report.need is not None and report.room_bytes is not None
    if report.verdict is Verdict.NOT_LOCAL:
        return tr.gettext("{model} runs at {host} and needs no memory here.")
    if report.verdict is Verdict.UNKNOWN or not numbers:
        return tr.gettext("It is not known whether {model} fits.")
    words = {
        Verdict.FITS: tr.gettext("{model} fits: it needs {need}, {room} can be used."),
        Verdict.TIGHT: tr.gettext("{model} fits, but barely: it needs {need}, {room} can be used."),
        Verdict.EVICTS: tr.gettext("{model} would evict another model: it needs {need}, {room} can be used."),
        Verdict.SPILLS: tr.gettext("{model} does not fit: it needs {need}, {room} can be used. Expect it to be slow."),
    }
    return words[report.verdict]


def bar(report: FitReport, columns: int) -> str:
    """`[=====###........]`: the other model, this one, what is left; `!` marks what is over the budget."""
    if report.need is None or not report.budget_bytes:
        return ""
    scale = columns / max(report.budget_bytes, 1)
    there = min(columns, round((report.beside_bytes or 0) * scale))
    wanted = max(1, round(report.need.total * scale))
    inside = min(wanted, columns - there)
    over = "!" if wanted > inside or there + inside > columns else ""
    return "[" + "=" * there + "#" * inside + "." * (columns - there - inside) + "]" + over


def _legend(report: FitReport, tr: Translator) -> str:
    budget = format_bytes(report.budget_bytes or 0)
    if report.beside and report.beside_bytes is not None:
        return tr.gettext("= {other}, # {model}, of {budget} that models may use").format(
            other=clean(report.beside), model=clean(report.model), budget=budget
        )
    return tr.gettext("# {model}, of {budget} that models may use").format(model=clean(report.model), budget=budget)


def _parts(report: FitReport, tr: Translator) -> list[str]:
    parts = report.need
    if parts is None:
        return []
    made = [
        tr.gettext("Weights {weights} + context memory {cache} + working memory {compute} = {total}").format(
            weights=format_bytes(parts.weights_bytes),
            cache=format_bytes(parts.kv_cache_bytes + parts.state_bytes),
            compute=format_bytes(parts.compute_bytes),
            total=format_bytes(parts.total),
        ),
        tr.gettext("The process itself takes about {overhead} more.").format(
            overhead=format_bytes(parts.overhead_bytes)
        ),
    ]
    if report.context and report.parallel:
        text = tr.ngettext(
            "With a context of {context} tokens and {parallel} request at a time.",
            "With a context of {context} tokens and {parallel} requests at a time.",
            report.parallel,
        )
        made.append(text.format(context=report.context, parallel=report.parallel))
    return made


def basis_sentence(basis: Basis, tr: Translator) -> str:
    """What the verdict rests on."""
    words = {
        Basis.ESTIMATE: tr.gettext("By Ollama's own rule: its estimate must stay below 80% of what is left."),
        Basis.LAYOUT_TO_0_24: tr.gettext("By Ollama's own rule: all layers must fit into what is left."),
        Basis.ESTIMATE_TO_0_9: tr.gettext("By Ollama's own rule: its estimate must fit into what is left."),
        Basis.MAX_LOADED: tr.gettext("OLLAMA_MAX_LOADED_MODELS allows no further model."),
        Basis.FIT_MARGIN: tr.gettext("Ollama keeps 1 GiB of the memory budget free."),
        Basis.BUDGET: tr.gettext("By what is left of the memory budget."),
        Basis.AVAILABLE: tr.gettext("By the memory that is available now."),
        Basis.PRESSURE: tr.gettext("Memory is under pressure now, so no second model is said to fit."),
        Basis.MEMORY_UNKNOWN: tr.gettext("How much memory is available could not be read."),
        Basis.SIZE_ONLY: tr.gettext("Only the size of the download is known of this model."),
        Basis.OTHER_SHAPE_UNKNOWN: tr.gettext("Ollama says too little about the other model."),
        Basis.OLLAMA_UNKNOWN: tr.gettext("Ollama gave no answer that says what is installed and loaded."),
        Basis.OLLAMA_ELSEWHERE: tr.gettext("Ollama runs on another computer, whose memory cannot be seen from here."),
        Basis.NO_OLLAMA: tr.gettext("Ollama does not run here."),
        Basis.NOT_INSTALLED: tr.gettext("It is not installed, and what it needs is not known before it is."),
        Basis.VERSION_UNKNOWN: tr.gettext("The version of this Ollama is not known."),
        Basis.WHICH_OLLAMA: tr.gettext("It is not known whether Open WebUI uses this Ollama."),
        Basis.OTHER_OLLAMA: tr.gettext("Open WebUI uses another Ollama than the one that is read here."),
        Basis.CLOUD: tr.gettext("It is a cloud model."),
        Basis.LOADED: tr.gettext("It is loaded now."),
        Basis.BUDGET_UNKNOWN: tr.gettext("How much memory models may use is not known."),
        Basis.HOSTED: tr.gettext("It is hosted elsewhere."),
        Basis.NOT_JUDGED: "",
    }
    return words[basis]


def _conditions(report: FitReport, tr: Translator) -> list[str]:
    """Under what condition this holds, and what to type to know more."""
    model = clean(report.model)
    if report.basis is Basis.NO_OLLAMA:
        elsewhere = typed(tr, "fit", report.model, "--ollama", "http://HOST:11434")
        return [tr.gettext("Start it, or name the one on another computer: {command}").format(command=elsewhere)]
    if report.basis is Basis.OLLAMA_UNKNOWN:
        return [tr.gettext("What each source said: {command}").format(command=typed(tr, "doctor"))]
    if report.basis is Basis.NOT_INSTALLED:
        made = [tr.gettext("Get it, then ask again: ollama pull {model}").format(model=model)]
        meant = [tr.gettext("Did you mean `{word}`?").format(word=clean(report.nearest))] if report.nearest else []
        return [*meant, *made]
    said = {
        Beside.NOTHING_LOADED: tr.gettext("No other model is loaded now."),
        Beside.ALONE: tr.gettext("Judged as if no other model were loaded."),
    }
    made = [said[report.question]] if report.question in said else []
    if report.download_bytes is not None:
        get = tr.gettext("It is not installed yet ({size} to download): ollama pull {model}")
        made.append(get.format(size=format_bytes(report.download_bytes), model=model))
    if report.need is not None and not report.settings_told:
        made.append(
            tr.gettext(
                "Ollama's own settings (OLLAMA_MAX_LOADED_MODELS and others) could not be read: taken to be automatic."
            )
        )
    return made


def _reverse(report: FitReport, tr: Translator) -> str:
    if report.reverse is not Verdict.EVICTS or report.verdict in (Verdict.EVICTS, Verdict.SPILLS):
        return ""
    return tr.gettext(
        "When {model} is loaded first, Ollama evicts it for {other} and loads it again afterwards; that is quick."
    ).format(model=clean(report.model), other=clean(report.beside or ""))
