"""What programs use of this machine, in words: for the lines of `status` and the rows of the menu."""

from tray_app.core.report.programs import ProgramLoad
from tray_app.core.text.names import short
from tray_app.core.text.text import Translator
from tray_app.core.text.words import joined
from tray_app.core.values.connections import Owner
from tray_app.core.values.snapshot import Gpu, ProcessRole
from tray_app.core.values.units import format_bytes


def part(load: ProgramLoad, tr: Translator) -> str:
    """`server`, `runner of qwen3:32b` or `container web`: for a line under the name of the program."""
    if load.container is not None:
        return tr.gettext("container {name}").format(name=short(load.container))
    if load.role is ProcessRole.RELAY:
        return tr.gettext("relay")
    if load.role is not ProcessRole.OLLAMA_RUNNER:
        return tr.gettext("server of another Ollama") if load.owner is Owner.OTHER else tr.gettext("server")
    return _runner(load.owner, short(load.model or ""), tr)


def _runner(owner: Owner, model: str, tr: Translator) -> str:
    match owner:
        case Owner.OTHER if model:
            text = tr.gettext("runner of {model}, of another Ollama")
        case Owner.OTHER:
            text = tr.gettext("runner of another Ollama")
        case Owner.NOBODY if model:
            text = tr.gettext("runner of {model}, left behind by an Ollama that has ended")
        case Owner.NOBODY:
            text = tr.gettext("runner left behind by an Ollama that has ended")
        case _:
            text = tr.gettext("runner of {model}") if model else tr.gettext("runner")
    return text.format(model=model)


def program(load: ProgramLoad, tr: Translator) -> str:
    """`Ollama`, `runner of qwen3:32b` or `Open WebUI (container web)`: for a row that stands alone."""
    if load.role is ProcessRole.RELAY:
        return tr.gettext("Elbowroom's relay")
    name = "Open WebUI" if load.role is ProcessRole.OPEN_WEBUI else "Ollama"
    if load.container is not None or (load.role is ProcessRole.OLLAMA_SERVER and load.owner is Owner.OTHER):
        return f"{name} ({part(load, tr)})"
    return part(load, tr) if load.role is ProcessRole.OLLAMA_RUNNER else name


def used(load: ProgramLoad, tr: Translator, *, step_percent: int = 1) -> str:
    """`600 MiB memory, 12 % of one core`; `step_percent`: to what the share is rounded where it must hold still."""
    if load.memory_bytes is None:
        memory = tr.gettext("memory unknown")
    else:
        memory = tr.gettext("{size} memory").format(size=format_bytes(load.memory_bytes))
    if load.cpu_percent is None:
        return memory
    percent = round(load.cpu_percent / step_percent) * step_percent
    return tr.gettext("{memory}, {percent}% of one core").format(memory=memory, percent=percent)


def gpu_used(gpu: Gpu, tr: Translator, *, step_percent: int = 1) -> str:
    """`12.1 GiB used, 45 % busy`, as much of it as is known; empty where nothing is."""
    parts = []
    if gpu.used_bytes is not None:
        parts.append(tr.gettext("{size} used").format(size=format_bytes(gpu.used_bytes)))
    if gpu.busy_percent is not None:
        percent = round(gpu.busy_percent / step_percent) * step_percent
        parts.append(tr.gettext("{percent}% busy").format(percent=percent))
    return joined(parts, tr)
