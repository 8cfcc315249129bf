"""What only the user can do in Ollama: the exact steps for how it was started here, and whether that took effect."""

from tray_app.core.text.lines import clean, in_turn
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.values.remedy import ADVISED, Advice, AdviceKind, OllamaStart, Remedy
from tray_app.core.values.snapshot import System

_USUAL = {System.MACOS.value: OllamaStart.APP, System.WINDOWS.value: OllamaStart.APP}


def _start(remedy: Advice, system: str) -> OllamaStart:
    known = remedy.start is not OllamaStart.UNKNOWN
    return remedy.start if known else _USUAL.get(system, OllamaStart.SYSTEMD)


def advice_copies(remedy: Remedy, system: str) -> list[str]:
    """What is typed or pasted while the steps are followed."""
    if not isinstance(remedy, Advice):
        return []
    name, value = ADVISED[remedy.kind]
    windows = system == System.WINDOWS
    match _start(remedy, system):
        case OllamaStart.DOCKER:
            return [f"-e {name}={value}"]
        case OllamaStart.SHELL:
            return [f"set {name}={value}" if windows else f"{name}={value} ollama serve"]
        case OllamaStart.APP:
            return [name, value] if windows else [f"launchctl setenv {name} {value}"]
    return ["sudo systemctl edit ollama", f'Environment="{name}={value}"', "sudo systemctl restart ollama"]


def advice_steps(remedy: Remedy, system: str, tr: Translator) -> list[str]:
    """The exact steps for how Ollama was started here; none for what is done by us."""
    if not isinstance(remedy, Advice):
        return []
    name, value = ADVISED[remedy.kind]
    made = [text.format(name=name, value=value) for text in _steps(_start(remedy, system), system, tr)]
    if remedy.kind is AdviceKind.KV_CACHE_TYPE:
        made.append(tr.gettext("Ollama before 0.12.4 needs OLLAMA_FLASH_ATTENTION=1 beside it."))
    return made


def _steps(start: OllamaStart, system: str, tr: Translator) -> list[str]:
    windows = system == System.WINDOWS
    if start is OllamaStart.DOCKER:
        return [
            tr.gettext("Stop the container of Ollama and remove it; its models are in its volume and stay."),
            tr.gettext("Start it again with one more option: -e {name}={value}"),
            tr.gettext("With compose: add {name}={value} under environment, then docker compose up -d."),
        ]
    if start is OllamaStart.SHELL:
        stop = tr.gettext("Stop Ollama where it runs, with Ctrl-C.")
        if windows:
            return [stop, tr.gettext("There, type: set {name}={value}"), tr.gettext("Then: ollama serve")]
        return [stop, tr.gettext("Start it again with: {name}={value} ollama serve")]
    if start is OllamaStart.APP and windows:
        return [
            tr.gettext("Quit Ollama from its tray icon."),
            tr.gettext(
                "Settings > System > About > Advanced system settings > Environment variables: new, for your user."
            ),
            tr.gettext("Name {name}, value {value}. Then start Ollama again."),
        ]
    if start is OllamaStart.APP:
        return [
            tr.gettext("In Terminal: launchctl setenv {name} {value}"),
            tr.gettext("Quit Ollama from its menu and open it again."),
            tr.gettext("After a restart of the Mac, set it again."),
        ]
    return [
        tr.gettext("In a terminal: sudo systemctl edit ollama"),
        tr.gettext('Under [Service] add the line Environment="{name}={value}" and save.'),
        tr.gettext("Then: sudo systemctl restart ollama"),
    ]


def now(remedy: Remedy, tr: Translator) -> str:
    """What it is now, where that is seen; empty for what is done by us."""
    if not isinstance(remedy, Advice) or not remedy.now:
        return ""
    text = tr.gettext("Now it is {name}={value}.")
    return text.format(name=ADVISED[remedy.kind][0], value=clean(remedy.now))


def afterwards(remedy: Remedy, tr: Translator) -> str:
    """How to see whether it took effect."""
    return tr.gettext("Afterwards this says whether it took effect: {command}").format(
        command=typed(tr, "fix", remedy.id)
    )


def took_effect(kind: AdviceKind, tr: Translator) -> str:
    name, value = ADVISED[kind]
    return tr.gettext("In effect: Ollama runs with {name}={value}.").format(name=name, value=value)


def not_taken(kind: AdviceKind, now: str, tr: Translator) -> str:
    """Ollama was started again, without it. `now`: the value of the setting, empty where it has none."""
    name, value = ADVISED[kind]
    said = tr.gettext("Ollama was started again, but not with {name}={value}.").format(name=name, value=value)
    if not now:
        return said
    return in_turn(said, tr.gettext("Now it is {name}={value}.").format(name=name, value=clean(now)))


def not_seen(kind: AdviceKind, tr: Translator) -> str:
    """It is not offered now, and nobody can tell whether that is because it was done."""
    text = tr.gettext("Nothing calls for it now; whether Ollama runs with {name}={value} cannot be seen from here.")
    name, value = ADVISED[kind]
    return text.format(name=name, value=value)
