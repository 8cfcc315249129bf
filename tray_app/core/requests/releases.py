"""What changed in which release of Ollama: the only place that knows one of its versions.

Sources are Ollama's own files at the released tags. A new boundary is one constant with its source.
"""

from tray_app.core.values.version import FaultyReleases, ReleaseFault, Version

NEWEST_KNOWN: Version = (0, 34, 2)
"""The newest release that was out when this was built (17 September 2026)."""
CONTEXT_4096_SINCE: Version = (0, 6, 7)
"""A model gets 4096 tokens of context by itself; 2048 before (envconfig/config.go, api/types.go)."""
LAYOUT_SINCE: Version = (0, 10, 0)
"""A further model is laid out with real sizes before another is evicted; estimates before (llm/server.go)."""
ONE_SLOT_SINCE: Version = (0, 10, 0)
"""OLLAMA_NUM_PARALLEL is 1 by itself; before, memory decides (envconfig/config.go, server/sched.go)."""
MLX_FITS_SINCE: Version = (0, 18, 2)
"""A model for MLX that is larger than what the first GPU has left evicts another; before it was loaded without a look
(x/mlxrunner/client.go; so to 0.33)."""
CPU_EVICTS_SINCE: Version = (0, 12, 11)
"""Without a GPU any further model evicts what is loaded (llm/server.go, verifyLayout)..."""
CPU_SHARES_SINCE: Version = (0, 13, 1)
"""...up to here."""
CONTEXT_BY_MEMORY_SINCE: Version = (0, 15, 5)
"""A model's context follows the GPUs' memory (server/routes.go)."""
SERVER_SINCE: Version = (0, 30, 0)
"""Every model runs in a llama-server: it tells its slots, keeps a prompt cache in RAM, chooses its batch by itself,
leaves `--fit` a margin, and is loaded beside others by an estimate (llm/llama_server.go, server/sched.go)."""
MAPPED_TWICE_SINCE: Version = (0, 30, 0)
"""/api/ps counts weights that are mapped from the file beside those on the GPU, though they are the same
(llm/llama_server.go)..."""
MAPPED_ONCE_SINCE: Version = (0, 30, 11)
"""...up to here."""
FAULTS: dict[ReleaseFault, FaultyReleases] = {
    ReleaseFault.CPU_EVICTS: FaultyReleases(CPU_EVICTS_SINCE, CPU_SHARES_SINCE),
    ReleaseFault.WEIGHTS_TWICE: FaultyReleases(MAPPED_TWICE_SINCE, MAPPED_ONCE_SINCE),
}
"""What is wrong in which releases, and told to people by its name."""
