"""Every metric there is. Names and labels are stable: boards and rules of others rest on them.

What it says is English everywhere: it is part of the format, as the name is.
"""

from tray_app.core.report.metrics.metric import Metric, MetricType

COUNTER, HISTOGRAM = MetricType.COUNTER, MetricType.HISTOGRAM
AT = ("ollama",)
OF_MODEL = ("ollama", "model")
FOUND = ("ollama", "kind", "subject", "severity")
SECONDS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)

# --- the exporter itself
BUILD = Metric("elbowroom_build_info", "Version of Elbowroom; always 1.", labels=("version", "python"))
CPU = Metric("process_cpu_seconds_total", "Processor time that this exporter has used.", COUNTER)
RESIDENT = Metric("process_resident_memory_bytes", "Memory of this exporter.")
STARTED = Metric("process_start_time_seconds", "When this exporter was started, in Unix seconds.")
SCRAPE = Metric("elbowroom_scrape_duration_seconds", "What the newest scrape but this one took to answer.")
LOOKS = Metric("elbowroom_looks_total", "Looks that were taken.", COUNTER, AT)
LOOK_ERRORS = Metric("elbowroom_look_errors_total", "Looks that a fault of Elbowroom's own ended.", COUNTER, AT)
LOOKED_AT = Metric("elbowroom_last_look_timestamp_seconds", "When the newest look was taken.", labels=AT)
LOOK_TOOK = Metric("elbowroom_look_duration_seconds", "What the newest look took.", labels=AT)
UNKNOWN = Metric(
    "elbowroom_source_unknown", "1 for each source that gave no answer.", labels=("ollama", "source", "reason")
)

# --- this machine
MEMORY_TOTAL = Metric("elbowroom_memory_total_bytes", "Memory of this machine.")
AVAILABLE = Metric("elbowroom_memory_available_bytes", "Memory that can be handed out without swapping.")
SWAP_USED = Metric("elbowroom_memory_swap_used_bytes", "Swap in use.")
SWAP_IN = Metric("elbowroom_memory_swap_in_bytes_per_second", "What is read back from swap.")
SWAP_OUT = Metric("elbowroom_memory_swap_out_bytes_per_second", "What is written to swap.")
PRESSURE = Metric(
    "elbowroom_memory_pressure",
    "1 for the memory pressure that holds now, by the system's own evidence; the others are 0.",
    labels=("pressure",),
)
GPU_USED = Metric("elbowroom_gpu_memory_used_bytes", "What is in use of the memory for models.")
GPU_BUSY = Metric("elbowroom_gpu_busy_ratio", "How busy the graphics processor is, 0 to 1.")

# --- each Ollama
UP = Metric("elbowroom_ollama_up", "1 if this Ollama answers, else 0.", labels=AT)
OLLAMA = Metric("elbowroom_ollama_info", "Version of this Ollama; always 1.", labels=("ollama", "version"))
LEVEL = Metric("elbowroom_level", "1 for the level that holds now; the others are 0.", labels=("ollama", "level"))
BUDGET = Metric("elbowroom_memory_budget_bytes", "What models of this Ollama may use.", labels=AT)
USED = Metric("elbowroom_memory_models_bytes", "What of the budget its loaded models use.", labels=AT)
LOADED = Metric("elbowroom_models_loaded", "Models that are loaded.", labels=AT)
SIZE = Metric("elbowroom_model_size_bytes", "Size of a loaded model.", labels=OF_MODEL)
ON_GPU = Metric("elbowroom_model_gpu_bytes", "What of a loaded model is in the graphics memory.", labels=OF_MODEL)
CONTEXT = Metric("elbowroom_model_context_tokens", "Context of a loaded model.", labels=OF_MODEL)
EXPIRES = Metric(
    "elbowroom_model_expiry_timestamp_seconds",
    "When a loaded model will be unloaded; absent where it is kept for ever.",
    labels=OF_MODEL,
)
RUNNING = Metric("elbowroom_requests_running", "Requests that Ollama works on.", labels=AT)
WAITING = Metric("elbowroom_requests_waiting", "Requests that wait at Ollama.", labels=AT)
HELD = Metric("elbowroom_requests_held", "Tasks that the relay holds so that a chat goes first.", labels=AT)
AT_LEAST = Metric(
    "elbowroom_requests_lower_bound",
    "1 where the count of requests is only a lower bound: not everybody's can be seen.",
    labels=("ollama", "count"),
)
LONGEST_WAIT = Metric("elbowroom_request_longest_wait_seconds", "How long the longest of them has waited.", labels=AT)
ACTIVE = Metric(
    "elbowroom_requests_active",
    "Requests in work one by one; kind is chat, task or unknown.",
    labels=("ollama", "kind", "task", "model"),
)
FINDINGS = Metric("elbowroom_findings", "Findings that hold now.", labels=("ollama", "severity"))
FINDING = Metric("elbowroom_finding", "1 for each finding that holds now.", labels=FOUND)
UNDECIDED = Metric(
    "elbowroom_finding_undecided", "1 for each kind that could not be judged.", labels=("ollama", "kind")
)
ALERT = Metric("elbowroom_alert", "1 for each finding over time.", labels=(*FOUND, "state"))

# --- counted since the exporter was started
ENDED = Metric(
    "elbowroom_requests_total",
    "Requests that ended; source is relay (exact) or seen (what was caught by looking).",
    COUNTER,
    ("ollama", "kind", "task", "outcome", "source"),
)
BUSY = Metric(
    "elbowroom_request_busy_seconds_total",
    "How long runners worked on requests that ended.",
    COUNTER,
    ("ollama", "kind", "task", "model"),
)
HELD_FOR = Metric(
    "elbowroom_request_held_seconds_total", "How long tasks that ended had been held.", COUNTER, ("ollama", "task")
)
DURATION = Metric(
    "elbowroom_request_duration_seconds",
    "From the arrival of a request to its end.",
    HISTOGRAM,
    ("ollama", "kind", "source"),
    SECONDS,
)
FIRST_TOKEN = Metric(
    "elbowroom_chat_first_token_seconds",
    "From the arrival of a chat at the relay to its first word.",
    HISTOGRAM,
    AT,
    SECONDS,
)
LOADS = Metric("elbowroom_model_loads_total", "Loads of a model, by Ollama's log.", COUNTER, OF_MODEL)
EVICTIONS = Metric("elbowroom_model_evictions_total", "Evictions of a model, by Ollama's log.", COUNTER, OF_MODEL)
REFUSED = Metric("elbowroom_requests_refused_total", "Requests turned away as the queue was full.", COUNTER, AT)
CRASHES = Metric("elbowroom_runner_crashes_total", "Runners that crashed.", COUNTER, ("ollama", "reason"))

# --- the relay of chat first
RELAY_UP = Metric("elbowroom_relay_up", "1 if the relay of chat first answers, 0 if it does not; absent without one.")
RELAY_UPSTREAM = Metric("elbowroom_relay_upstream_up", "1 if the relay's newest request reached Ollama.")
RELAY_STANDING = Metric("elbowroom_relay_requests_open", "Requests in the relay.", labels=("lane", "stage"))
RELAY_REQUESTS = Metric("elbowroom_relay_requests_total", "Requests since the relay began.", COUNTER, ("lane",))
RELAY_HOLDS = Metric("elbowroom_relay_holds_total", "Requests that were held at least once.", COUNTER)
RELAY_BREAKS = Metric("elbowroom_relay_break_offs_total", "Times that a task gave way to a chat.", COUNTER)
RELAY_DROPS = Metric("elbowroom_relay_drops_total", "Autocompletes that nobody needed any more.", COUNTER)
RELAY_FAILS = Metric("elbowroom_relay_failures_total", "Requests that Ollama failed.", COUNTER)

# --- Open WebUI, and what we changed there
WEBUI_UP = Metric("elbowroom_open_webui_up", "1 if Open WebUI answers, else 0; absent while none was ever seen.")
WEBUI = Metric("elbowroom_open_webui_info", "Version of Open WebUI; always 1.", labels=("version",))
TASK_ON = Metric("elbowroom_open_webui_task_enabled", "1 if Open WebUI makes this background call.", labels=("task",))
BUSY_CHATS = Metric("elbowroom_open_webui_busy_chats", "Chats that Open WebUI works on.")
CHANGES = Metric("elbowroom_changes_total", "Lines of the journal, by what they tell of a change.", COUNTER, ("event",))
IN_FORCE = Metric("elbowroom_changes_in_force", "Changes that stand and can be taken back.")
CHANGED_AT = Metric("elbowroom_last_change_timestamp_seconds", "When the newest change was made or taken back.")

ALL: tuple[Metric, ...] = tuple(one for one in list(globals().values()) if isinstance(one, Metric))
