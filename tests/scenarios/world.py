"""A small model of machines under load, in the record format. It imports nothing of the product.

Memory follows the kernels' own arithmetic: macOS (xnu vm_pageout.c) warns when the share of resident pages
A / (A + C) falls below 0.50, goes critical below 0.343, and calms only above 0.60 and 0.40; Linux and Windows by
what is left and what stalls. Model sizes are what real servers reported for those shapes (weights + KV + compute).
"""

from dataclasses import dataclass, field

MIB = 1024**2
GIB = 1024**3

# MiB on the GPU or in RAM, by (model, context): llama-server's own breakdown of models with those shapes.
LOADED_MIB = {
    ("qwen3:32b", 4096): 20256,
    ("qwen3:32b", 8192): 21488,
    ("qwen3:32b", 32768): 27680,
    ("qwen3:30b-a3b", 4096): 18227,
    ("llama3.1:8b", 4096): 5446,
    ("llama3.1:8b", 8192): 6086,
    ("llama3.2:3b", 4096): 2441,
    ("gemma3:1b", 4096): 823,
    ("gpt-oss:20b", 32768): 12270,
    ("llama3.3:70b", 8192): 43801,
    ("llama3.3:70b", 131072): 82700,
    # Ollama 0.5.7 with four slots of 2048: its own estimate, with its safety parts.
    ("qwen2.5:32b", 8192): 22800,
}
# Download sizes in bytes; the 3B and 1B ones from a real GET /api/tags.
DISK = {
    "qwen3:32b": 20_201_253_588,
    "qwen2.5:32b": 19_851_349_898,
    "qwen3:30b-a3b": 18_556_699_314,
    "llama3.1:8b": 5_051_218_874,
    "llama3.2:3b": 2_019_393_189,
    "gemma3:1b": 773_531_231,
    "gpt-oss:20b": 13_793_441_244,
    "llama3.3:70b": 42_520_413_916,
}
# The numbers of POST /api/show that a second model's room follows from (architecture, blocks, ...).
SHAPES = {
    "llama3.2:3b": {
        "architecture": "llama",
        "block_count": 28,
        "embedding_length": 3072,
        "context_length": 131072,
        "head_count": 24,
        "kv_heads": [8] * 28,
        "key_length": 128,
        "value_length": 128,
        "feed_forward_length": 8192,
        "weights_bytes": 1917 * MIB,
        "token_embedding_bytes": 308 * MIB,
        "has_output_tensor": False,
        "vocabulary_size": 128256,
    },
    "gemma3:1b": {
        "architecture": "gemma3",
        "block_count": 26,
        "embedding_length": 1152,
        "context_length": 32768,
        "head_count": 4,
        "kv_heads": [1] * 26,
        "key_length": 256,
        "value_length": 256,
        "feed_forward_length": 6912,
        "weights_bytes": 731 * MIB,
        "token_embedding_bytes": 306 * MIB,
        "has_output_tensor": False,
        "vocabulary_size": 262144,
        "sliding_window": 512,
        "global_layers": [5, 11, 17, 23],
    },
}
WKDM = 2.6
"""What macOS's compressor typically makes of application memory."""


def known(value, at):
    return {"value": value, "taken_at": at}


def unknown(why, detail=""):
    return {"unknown": why, "detail": detail}


@dataclass
class Model:
    """A model as loaded. `gpu_bytes` below `bytes`: the rest runs on the CPU."""

    name: str
    context: int
    pid: int = 501
    bytes: int = 0
    gpu_bytes: int = 0
    loading: bool = False
    runner_bytes: int | None = None


@dataclass
class Machine:
    """A computer with its Ollama and Open WebUI. `apps`: what programs other than models want, in bytes."""

    system: str = "darwin"
    total: int = 32 * GIB
    budget: int = int(21.33 * GIB)
    apps: float = 12 * GIB
    other: tuple[str, float] = ("Slack", 0.9 * GIB)
    """The largest program beside Ollama and Open WebUI."""
    unified: bool = True
    gpu: bool = True
    ollama_version: str = "0.32.15"
    ollama_local: bool = True
    webui_version: str = "0.12.4"
    tasks: dict = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    """Models in Open WebUI's own list."""
    installed: tuple[str, ...] = ("qwen3:32b",)
    private: tuple[str, ...] = ()
    users: int = 1
    own_autocomplete: bool = False
    webui: bool = True
    parallel: int = 1
    prompt_cache: int | None = None
    written: tuple[dict, ...] = ()
    scale: float = 1.0
    level: str = "normal"
    """The kernel's last answer: its thresholds differ on the way up and down."""

    def model(self, name, context=4096, *, pid=501, loading=False, grown=0):
        """A model in memory. One that does not fit the GPU leaves 1 GiB of it free, as llama-server does.

        On a card of its own the desktop takes 0.7 GiB of the budget.
        """
        size = int(LOADED_MIB[name, context] * MIB * self.scale)
        limit = self.budget if self.unified else self.budget - int(0.7 * GIB)
        room = size if size <= limit else self.budget - GIB
        on_gpu = min(size, room) if self.gpu else 0
        held = (size if self.unified else size - on_gpu) + int(0.4 * GIB) + grown
        return Model(name, context, pid, size, on_gpu, loading, held)

    def memory(self, models):
        """What the OS says with these models resident."""
        if self.system == "darwin":
            return self._macos(models)
        in_ram = sum(model.bytes - (0 if self.unified else model.gpu_bytes) for model in models)
        want = in_ram + self.apps * self.scale + 1.5 * GIB
        left = max(self.total - want, 0.02 * self.total)
        share = left / self.total
        over = max(want - 0.92 * self.total, 0) / self.total
        stall = min(over * 250, 95.0)
        self.level = "critical" if share < 0.05 else "warning" if share < 0.10 else "normal"
        name = "psi-some-avg10" if self.system == "linux" else "pages-input"
        number = stall if self.system == "linux" else stall * 20
        unit = "percent" if self.system == "linux" else "pages/s"
        return {
            "total_bytes": self.total,
            "available_bytes": int(left),
            "pressure": self.level,
            "inputs": [
                {"name": "available-share", "value": round(share * 100, 2), "unit": "percent", "pressure": self.level},
                {"name": name, "value": round(number, 2), "unit": unit, "pressure": self.level},
            ],
            "swap_used_bytes": int(over * self.total),
            "swap_total_bytes": 8 * GIB,
            "swap_out_bytes_per_s": round(stall * 100_000, 1),
        }

    def _macos(self, models):
        on_gpu = sum(model.gpu_bytes for model in models)
        wired = 2.6 * GIB + on_gpu
        want = self.apps * self.scale + sum(model.bytes - model.gpu_bytes for model in models)
        rest = max(self.total - wired, 2 * GIB)
        room = rest - 1.0 * GIB
        squeezed = max(want - room, 0) * WKDM / (WKDM - 1)
        held = min(0.3 * GIB + squeezed / WKDM, 0.9 * rest)
        ratio = (rest - held) / rest
        self.level = self._macos_level(ratio)
        number = {"normal": 1, "warning": 2, "critical": 4}[self.level]
        return {
            "total_bytes": self.total,
            "available_bytes": int(max(rest - held - want * 0.55, 0.3 * GIB)),
            "pressure": self.level,
            "inputs": [
                {"name": "macos-pressure-level", "value": number, "unit": "", "pressure": self.level},
                {"name": "macos-ratio", "value": round(ratio, 3), "unit": "ratio", "pressure": self.level},
            ],
            "swap_used_bytes": int(held / 3),
            "swap_total_bytes": 4 * GIB,
            "swap_out_bytes_per_s": 3e6 if ratio < 0.40 else 0.0,
            "wired_bytes": int(wired),
            "compressed_bytes": int(held),
        }

    def _macos_level(self, ratio):
        if ratio < 0.343 or (self.level == "critical" and ratio < 0.40):
            return "critical"
        if ratio < 0.50 or (self.level != "normal" and ratio < 0.60):
            return "warning"
        return "normal"


def request(model, kind="unknown", *, for_s=2.0, reason="", prompt=210, decoded=10, limit=None, task=None):
    """A running request as a runner's /slots tells it."""
    return {
        "model": model,
        "kind": kind,
        "reason": reason,
        "task": task,
        "prompt_tokens": prompt,
        "decoded_tokens": decoded,
        "limit_tokens": limit,
        "running_s": for_s,
    }


def task(model, for_s=2.0, reason="burst-after-answer"):
    return request(model, "task", for_s=for_s, reason=reason, limit=1000)


def chat(model, for_s=2.0):
    return request(model, "chat", for_s=for_s, reason="api-tasks", prompt=1840, decoded=120)


@dataclass
class Poll:
    """What happens at Ollama in one poll."""

    models: tuple[Model, ...] = ()
    running: tuple[dict, ...] = ()
    waiting: int = 0
    wait_s: float = 0.0
    events: tuple[dict, ...] = ()
    busy: int | None = None
    """Chats that Open WebUI works on (GET /api/tasks): from the message until its last task; None: one while busy."""
    apps: float | None = None
    """Overrides the machine's from here on."""


def event(kind, at, model=None):
    return {"kind": kind, "at": at, "model": model, "seconds": None}


ALL_ON = {
    "titles": "on",
    "tags": "on",
    "follow_ups": "on",
    "autocomplete": "off",
    "search_queries": "on",
    "retrieval_queries": "on",
    "task_model": "",
    "task_model_external": "",
    "task_model_params": "{}",
}
ALL_OFF = {**ALL_ON, **dict.fromkeys(("titles", "tags", "follow_ups", "search_queries", "retrieval_queries"), "off")}
