"""Every key of settings.toml, declared once: its default, its bounds and one line of documentation.

docs/settings.md and every form that shows settings are made from these declarations.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, get_type_hints

from msgspec import Meta, Struct, structs

from tray_app.core.values.limits import ChatFirst, Limits, ModelPerTask
from tray_app.storage.catalogs import LANGUAGES


def _key(
    doc: str, *, low: float | None = None, high: float | None = None, choices: tuple[str, ...] = (), form: str = ""
) -> Meta:
    """Bounds, choices or a form (whole, url, file, remedy, model, models, language) that settings_check knows."""
    return Meta(ge=low, le=high, description=doc, extra={"choices": choices, "form": form})


class IconChoice(StrEnum):
    ALWAYS = "always"
    WHEN_TIGHT = "when-tight"


class Settings(Struct, frozen=True):
    """Times are seconds. Empty texts mean: decide by yourself."""

    ollama_url: Annotated[
        str, _key("Address of Ollama. Empty: OLLAMA_HOST, else the usual port, else where one is found.", form="url")
    ] = ""
    open_webui_url: Annotated[
        str,
        _key(
            "Address of Open WebUI. Empty: OPEN_WEBUI_URL, else the usual ports, else where one is found.", form="url"
        ),
    ] = ""
    language: Annotated[
        str, _key("Language of all texts. Empty: the system's.", choices=("", *LANGUAGES), form="language")
    ] = ""
    icon: Annotated[
        str,
        _key(
            "The tray icon: always there, or only while something is wrong. Empty: as chosen in the menu.",
            choices=("", *(choice.value for choice in IconChoice)),
        ),
    ] = ""
    notices: Annotated[bool, _key("Show a notice when the machine is overloaded.")] = True
    notices_only_critical: Annotated[bool, _key("Show notices only while memory pressure is critical.")] = False
    snooze_s: Annotated[float, _key("How long one snooze keeps notices away.", low=60, high=86400)] = 3600.0
    poll_s: Annotated[float, _key("Time between two looks at the machine.", low=1, high=300)] = 5.0
    poll_busy_s: Annotated[float, _key("The same while something is found.", low=1, high=300)] = 2.0
    poll_idle_s: Annotated[float, _key("The same while no model is loaded and memory is fine.", low=1, high=900)] = 15.0
    automatic_relief: Annotated[
        bool, _key("Apply the chosen remedy without asking when overloaded, and take it back afterwards.")
    ] = False
    automatic_relief_remedy: Annotated[
        str, _key("The remedy that automatic relief applies, by its id, such as follow-ups-off.", form="remedy")
    ] = ""
    automatic_relief_clear_s: Annotated[
        float, _key("How long the overload must be gone before automatic relief is taken back.", low=60, high=86400)
    ] = 600.0
    candidate_models: Annotated[
        tuple[str, ...],
        _key("Small models to offer as task model, best first. Empty: the built-in list.", form="models"),
    ] = ()
    allow_docker_socket: Annotated[
        bool, _key("Ask Docker's local socket which container runs Open WebUI or Ollama.")
    ] = False
    ca_file: Annotated[
        str, _key("File with additional certificate authorities (PEM), for servers with a private one.", form="file")
    ] = ""
    request_limit_s: Annotated[
        float, _key("How long one answer of Ollama or Open WebUI may take. More for a slow server.", low=1, high=60)
    ] = 2.0
    limits: Annotated[
        Limits, _key("Thresholds of the rules and times of the alerts. The defaults suit most machines.")
    ] = Limits()
    chat_first: Annotated[ChatFirst, _key("How chat first goes about it.")] = ChatFirst()
    task_models: Annotated[
        ModelPerTask,
        _key(
            "Which model does which task with chat first. Empty: as Open WebUI says. Names as `ollama list` shows them."
        ),
    ] = ModelPerTask()


class Declared(Struct, frozen=True):
    """What is declared of one key. `low` and `high` are None where it is no number."""

    default: Any
    doc: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    form: str = ""


def declared(kind: type[Struct]) -> Mapping[str, Declared]:
    """The keys of Settings or of one of its tables in the order of their declaration."""
    hints = get_type_hints(kind, include_extras=True)
    return {one.name: _declared(one.default, hints[one.name].__metadata__[0]) for one in structs.fields(kind)}


def tables() -> Mapping[str, Declared]:
    """The keys of Settings that are tables of their own; the default of each is what it holds."""
    return {name: key for name, key in declared(Settings).items() if isinstance(key.default, Struct)}


def _declared(default: object, meta: Meta) -> Declared:
    return Declared(default, meta.description or "", meta.ge, meta.le, **(meta.extra or {}))
