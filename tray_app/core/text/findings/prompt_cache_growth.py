"""Old prompts fill the memory."""

from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import size
from tray_app.core.values.finding import PromptCacheGrowth


def sentence(finding: PromptCacheGrowth, tr: Translator) -> str:
    return tr.gettext(
        "Ollama holds {grown} of old prompts in memory for {model}; unloading the model frees that memory."
    ).format(grown=size(finding.grown_bytes), model=short(finding.model))


def headline(finding: PromptCacheGrowth, tr: Translator) -> str:
    return tr.gettext("{grown} of old prompts in memory").format(grown=size(finding.grown_bytes))


def labels(tr: Translator) -> dict[str, str]:
    return {
        "grown_bytes": tr.gettext("Old prompts"),
    }
