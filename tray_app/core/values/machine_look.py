"""What this machine's own counters say in one poll, before the servers were asked."""

from dataclasses import dataclass

from tray_app.core.values.reading import Reading
from tray_app.core.values.snapshot import Gpu, Memory, OllamaLog, Processes


@dataclass(frozen=True, slots=True)
class MachineLook:
    memory: Reading[Memory]
    gpu: Reading[Gpu]
    processes: Reading[Processes]
    ollama_log: Reading[OllamaLog]
