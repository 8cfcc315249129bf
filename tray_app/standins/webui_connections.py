"""The list of Ollama connections of the played Open WebUI: what is stored of it, and the headers that go to each.

Read from the releases' own routers/ollama.py and utils/headers.py.
"""

from string import punctuation
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from tray_app.core.values.version import Version
from tray_app.standins.webui_settings import BadForm, an_object, problem


class About(Struct, frozen=True):
    """What a call to Ollama is made for: the words that stand for it in a connection's headers."""

    task: str = ""
    user: str = ""
    chat: str = ""


TASK_WORDS = {
    "title": "title_generation",
    "tags": "tags_generation",
    "follow_up": "follow_up_generation",
    "queries": "query_generation",
    "auto": "autocomplete_generation",
}


class OllamaList:
    """`urls` and `configs` as the server stores them."""

    def __init__(self, version: Version, urls: list[str]) -> None:
        self.version = version
        self.on: bool | None = True
        self.urls = urls
        self.configs: dict[str, dict[str, Any]] = {}

    def told(self) -> dict[str, Any]:
        """0.3 tells the switch alone."""
        if self.version < (0, 4, 0):
            return {"ENABLE_OLLAMA_API": self.on}
        return {"ENABLE_OLLAMA_API": self.on, "OLLAMA_BASE_URLS": list(self.urls), "OLLAMA_API_CONFIGS": self.configs}

    def accept(self, body: Any) -> None:
        """The whole list, as the form takes it; settings that are not of one of its numbers are dropped. BadForm."""
        given, wrong = an_object(body), []
        for name, kind, said in (("OLLAMA_BASE_URLS", list, "list"), ("OLLAMA_API_CONFIGS", dict, "dictionary")):
            if name not in given:
                wrong.append(problem("missing", ("body", name), "Field required", body))
            elif not isinstance(given[name], kind):
                text = f"Input should be a valid {said}"
                wrong.append(problem(f"{kind.__name__}_type", ("body", name), text, given[name]))
        if wrong:
            raise BadForm(wrong)
        self.on, self.urls[:] = given.get("ENABLE_OLLAMA_API"), given["OLLAMA_BASE_URLS"]
        numbers = {str(index) for index in range(len(self.urls))}
        self.configs = {key: one for key, one in given["OLLAMA_API_CONFIGS"].items() if key in numbers}

    def config(self, index: int) -> dict[str, Any]:
        """By number, or by address where an older release stored it."""
        found: dict[str, Any] = self.configs.get(str(index)) or self.configs.get(self.urls[index]) or {}
        return found

    def headers(self, index: int, about: About) -> dict[str, str]:
        """With the placeholders filled in; from 0.10 on, before there are none."""
        given = self.config(index).get("headers")
        if not isinstance(given, dict) or self.version < (0, 10, 0):
            return {}
        words = {"{{TASK}}": about.task, "{{USER_ID}}": about.user, "{{CHAT_ID}}": about.chat}
        return {name: _filled(str(value), words) for name, value in given.items()}

    def key(self, index: int) -> str:
        return str(self.config(index).get("key") or "")


def _filled(value: str, words: dict[str, str]) -> str:
    for placeholder, word in words.items():
        value = value.replace(placeholder, word)
    return quote(value, safe=punctuation + " \t")
