"""What this machine's own counters say in one poll, before the servers were asked."""

from msgspec import Struct

from tray_app.core.values.reading import Reading
from tray_app.core.values.snapshot import Gpu, Memory, OllamaLog, Processes


class MachineLook(Struct, frozen=True):
    memory: Reading[Memory]
    gpu: Reading[Gpu]
    processes: Reading[Processes]
    ollama_log: Reading[OllamaLog]
