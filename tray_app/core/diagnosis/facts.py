"""What one poll comes to, each fact worked out once and only when it is asked for: rules, remedies and screens read it.

Everything is None where it cannot be told; a number is never zero for that reason.
"""

from functools import cached_property

from msgspec import Struct

from tray_app.core.diagnosis.attribution import Attribution
from tray_app.core.diagnosis.cause import Cause, Holding, cause_of
from tray_app.core.diagnosis.displacement import Thrash, thrash
from tray_app.core.diagnosis.recent import History, Seen, server_of
from tray_app.core.diagnosis.traffic import Traffic, traffic_of
from tray_app.core.fit.verdict import Place, beside, ram_bytes
from tray_app.core.report.overview import overview
from tray_app.core.tasks.chat import chat_model
from tray_app.core.tasks.releases import NEWEST_SEEN
from tray_app.core.tasks.same_ollama import unserved
from tray_app.core.tasks.slots import slot_for
from tray_app.core.tasks.target import (
    Target,
    TaskServer,
    Where,
    come_unasked,
    entry_of,
    other_slots,
    target_of,
    tasks_on,
)
from tray_app.core.values.finding import Settling
from tray_app.core.values.fit import Budget, Fit
from tray_app.core.values.limits import Limits
from tray_app.core.values.model_shape import ModelShape
from tray_app.core.values.names import same_model
from tray_app.core.values.requests import Requests
from tray_app.core.values.snapshot import (
    NOT_ASKED,
    BudgetBasis,
    InstalledModel,
    LoadedModel,
    LogEventKind,
    Presence,
    Pressure,
    ProcessRole,
    Snapshot,
    WatchedProcess,
)
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Version, parse_version

SPILL_SHARE = 0.01
"""Rounding between what Ollama adds up as total and as GPU part is below this share."""


class BigModel(Struct, frozen=True):
    """A loaded model and its share of the budget. `budget_bytes` None: it overflows a GPU whose size is not known."""

    model: LoadedModel
    share: float
    budget_bytes: int | None


class Facts:
    """The facts of one poll. `before`: the polls before it."""

    def __init__(self, snapshot: Snapshot, before: History, limits: Limits) -> None:
        self.before = before
        self.limits = limits
        read = overview(snapshot)
        self.overview = read
        self.written = snapshot.written
        self.at, self.host = read.at, read.host
        self.memory, self.gpu, self.processes = read.memory, read.gpu, read.processes
        self.ollama, self.log = read.ollama, read.log
        self.requests, self.running, self.waiting = read.requests, read.running, read.waiting
        self.open_webui, self.settings, self.listed = read.open_webui, read.settings, read.listed
        self.settings_read_at, self.busy_chats = read.settings_read_at, read.busy_chats
        self.other_users = read.other_users
        self._fits: dict[InstalledModel | ModelShape, Fit] = {}

    # --- memory ------------------------------------------------------------------------------

    @property
    def pressure(self) -> Pressure:
        return self.memory.pressure if self.memory is not None else Pressure.UNKNOWN

    @property
    def is_pressed(self) -> bool:
        return self.pressure in (Pressure.WARNING, Pressure.CRITICAL)

    @cached_property
    def cause(self) -> Cause:
        """What takes the memory."""
        other = self.processes.largest_other if self.processes is not None else None
        total = self.memory.total_bytes if self.memory is not None else 0
        return cause_of(self._models_in_ram, other, total, self.strangers)

    @property
    def _models_in_ram(self) -> list[Holding] | None:
        """While a model loads, or where Ollama does not answer, its runner tells."""
        if self.is_remote or (self.ollama is not None and self.ollama.presence is Presence.ABSENT):
            return []
        if self.ollama is None or not self.ollama.loaded:
            return self._runners_in_ram
        sizes = [(self.ram_bytes(model), model.name) for model in self.ollama.loaded]
        return [(size, name) for size, name in sizes if size > 0]

    @property
    def _runners_in_ram(self) -> list[Holding] | None:
        if self.runners is None:
            return None
        sizes = [(one.memory_bytes, one.model or one.name) for one in self.runners if one.memory_bytes]
        return None if self.runners and not sizes else sizes

    # --- models ------------------------------------------------------------------------------

    @property
    def is_remote(self) -> bool:
        """Ollama runs on another machine: its models take none of this one's memory."""
        ollama = self.ollama
        return ollama is not None and ollama.presence is Presence.RUNNING and not ollama.local

    @property
    def here(self) -> tuple[LoadedModel, ...] | None:
        """The models in this machine's memory."""
        return None if self.ollama is None or self.is_remote else self.ollama.loaded

    @property
    def installed(self) -> tuple[InstalledModel, ...]:
        """Empty where that cannot be told."""
        return self.ollama.installed if self.ollama is not None else ()

    def installed_as(self, name: str) -> InstalledModel | None:
        return next((one for one in self.installed if same_model(one.name, name)), None)

    @cached_property
    def runners(self) -> tuple[WatchedProcess, ...] | None:
        """Of the Ollama that is watched."""
        return None if self.processes is None else tuple(one for one in self._all_runners if one.owner.is_ours)

    @cached_property
    def strangers(self) -> tuple[WatchedProcess, ...]:
        """Runners of another Ollama, and those that a killed one left behind."""
        return tuple(one for one in self._all_runners if not one.owner.is_ours)

    @property
    def _all_runners(self) -> tuple[WatchedProcess, ...]:
        watched = self.processes.watched if self.processes is not None else ()
        return tuple(one for one in watched if one.role is ProcessRole.OLLAMA_RUNNER)

    @cached_property
    def has_gpu(self) -> bool | None:
        if self.gpu is not None:
            return self.gpu.basis is not BudgetBasis.RAM
        if self.ollama is not None and any(model.size_vram_bytes > 0 for model in self.ollama.loaded):
            return True
        return True if self.host.apple_silicon else None

    @cached_property
    def budget(self) -> Budget | None:
        """What models may use: of a GPU Ollama's own word where its log says it, for by that number it decides."""
        if self.gpu is None:
            return None
        config = self.ollama.config if self.ollama is not None else None
        said = config.gpu_total_bytes if config is not None and self.has_gpu and not self.is_remote else None
        return Budget(said, BudgetBasis.OLLAMA_LOG) if said else Budget(self.gpu.budget_bytes, self.gpu.basis)

    @property
    def budget_bytes(self) -> int | None:
        return self.budget.bytes if self.budget is not None else None

    @cached_property
    def used_bytes(self) -> int | None:
        """What of the budget the loaded models use."""
        if self.here is None or self.ollama is None or self.ollama.presence is Presence.ABSENT:
            return None
        if self.has_gpu and any(one.size_vram_bytes <= 0 and one.name in self.overview.doubtful for one in self.here):
            return None
        return sum(max(0, one.size_vram_bytes if self.has_gpu else one.size_bytes) for one in self.here)

    @cached_property
    def place(self) -> Place:
        """What decides whether another model fits."""
        ours, unclear = self.serves_open_webui, self.may_be_another_ollama
        return Place(self.ollama, self.gpu, self.memory, self.budget_bytes, ours, unclear)

    def beside(self, model: InstalledModel | ModelShape) -> Fit:
        """Whether it can live in memory beside the models that are loaded now."""
        if model not in self._fits:
            self._fits[model] = beside(model, self.place, self.limits)
        return self._fits[model]

    def ram_bytes(self, model: LoadedModel) -> int:
        """What of a loaded model lies in RAM."""
        if self.gpu is not None:
            return ram_bytes(model, self.gpu)
        shared = self.host.apple_silicon or not self.has_gpu
        return max(0, model.size_bytes if shared else model.size_bytes - model.size_vram_bytes)

    def spilled_bytes(self, model: LoadedModel) -> int | None:
        """What of it runs on the CPU although there is a GPU (GET /api/ps: size - size_vram); 0: nothing."""
        if self.has_gpu and model.name in self.overview.doubtful:
            return None
        if not self.has_gpu or model.size_bytes <= 0:
            return 0
        spilled = model.size_bytes - max(model.size_vram_bytes, 0)
        return spilled if spilled > SPILL_SHARE * model.size_bytes else 0

    @cached_property
    def big_models(self) -> tuple[BigModel, ...] | None:
        """Loaded models from `big_model_share` of the budget on, the largest first."""
        if self.here is None:
            return None
        weighed = [self._weighed(model) for model in self.here]
        if weighed and all(one is None for one in weighed):
            return None
        big = [one for one in weighed if one is not None and one.share >= self.limits.big_model_share]
        return tuple(sorted(big, key=lambda one: one.share, reverse=True))

    def is_big(self, name: str) -> bool:
        return any(same_model(one.model.name, name) for one in self.big_models or ())

    def _weighed(self, model: LoadedModel) -> BigModel | None:
        if model.size_bytes <= 0:
            return None
        budget = self._budget_for(model)
        if budget is not None and budget > 0:
            return BigModel(model, model.size_bytes / budget, budget)
        if model.size_vram_bytes > 0 and self.spilled_bytes(model):
            return BigModel(model, 1.0, None)
        return None

    def _budget_for(self, model: LoadedModel) -> int | None:
        """Where it is not known, all RAM for a model that lies in RAM: never less than the budget."""
        if self.budget is not None:
            return self.budget.bytes
        in_ram = self.host.apple_silicon or model.size_vram_bytes <= 0
        return self.memory.total_bytes if self.memory is not None and in_ram else None

    # --- tasks -------------------------------------------------------------------------------

    @property
    def release(self) -> Version:
        """Open WebUI's; one that cannot be read is taken for a new one."""
        return (parse_version(self.open_webui.version) if self.open_webui is not None else None) or NEWEST_SEEN

    @cached_property
    def tasks(self) -> TaskServer | None:
        """Open WebUI as far as it decides about tasks."""
        server, settings = self.open_webui, self.settings
        if server is None or settings is None:
            return None
        own = self.overview.own_autocomplete
        return TaskServer(settings, parse_version(server.version), self.listed, self.other_users, own, self.installed)

    @cached_property
    def serves_open_webui(self) -> bool | None:
        """Is the Ollama that is read one of those that Open WebUI uses? None also where Open WebUI does not say."""
        connections = self.overview.connections
        if connections is None or self.ollama is None:
            return None
        if any(one.watched for one in connections) or any(
            one.ollama_name and not one.is_ollamas for one in self.listed or ()
        ):
            return True
        return None if any(one.watched is None for one in connections) else False

    @property
    def may_be_another_ollama(self) -> bool:
        """Open WebUI's Ollama is at another address, and nothing tells whether it is this one all the same."""
        doubtful = any(one.watched is None for one in self.overview.connections or ())
        return self.ollama is not None and self.serves_open_webui is None and doubtful

    def target(self, model: str) -> Target | None:
        """Where tasks of chats with this loaded model go."""
        if self.tasks is None or self.serves_open_webui is False or self.may_be_another_ollama:
            return None
        return target_of(model, self.tasks)

    def lands_on(self, model: str) -> tuple[Setting, ...] | None:
        """The tasks of this model's chats that run on the model itself by the settings."""
        target = self.target(model)
        if target is None or self.tasks is None:
            return None
        return tasks_on(self.tasks) if target.where is Where.SAME else ()

    @cached_property
    def unasked(self) -> tuple[Setting, ...] | None:
        """The tasks that every user of Open WebUI causes without asking for them."""
        return come_unasked(self.tasks) if self.tasks is not None else None

    @property
    def puts_chats_first(self) -> bool:
        """Every way from Open WebUI to this Ollama says what a request is for, and what it leads through tells us that
        it holds the tasks: chat first is on and works. False also where a gateway does so, which tells nothing."""
        ways = [one for one in self.overview.connections or () if one.watched]
        return self.overview.relay is not None and bool(ways) and all(one.tells_task for one in ways)

    @cached_property
    def chat_model(self) -> LoadedModel | None:
        """The loaded model to spare."""
        loaded = self.ollama.loaded if self.ollama is not None else ()
        ours = self.tasks if self.serves_open_webui is not False else None
        return chat_model(loaded, ours, self._works)

    def _works(self, model: LoadedModel) -> bool:
        traffic = self.traffic(model.name)
        return traffic is not None and traffic.running > 0

    @cached_property
    def slot(self) -> Setting:
        """The task slot of chats with the chat model; TASK_MODEL where nothing tells."""
        entry = entry_of(self.chat_model.name, self.listed or ()) if self.chat_model is not None else None
        return slot_for(entry, self.release) if entry is not None else Setting.TASK_MODEL

    @cached_property
    def slots(self) -> tuple[Setting, ...]:
        """The slots of chats with the chat model and of those with presets on it, its own first."""
        if self.chat_model is None or self.tasks is None:
            return (self.slot,)
        return (self.slot, *other_slots(self.chat_model.name, self.tasks))

    # --- requests ----------------------------------------------------------------------------

    def traffic(self, model: str) -> Traffic | None:
        if self.requests is None or self.running is None:
            return None
        loaded = self.ollama.loaded if self.ollama is not None else None
        longest = self.requests.longest_wait_s
        asked = self.requests
        return traffic_of(model, self.running, self.waiting, asked.active, loaded, longest, asked.queue)

    @cached_property
    def attribution(self) -> Attribution:
        """Whose requests they are."""
        seen = self.requests or Requests(NOT_ASKED, NOT_ASKED)
        may_type = self.tasks is None or Setting.AUTOCOMPLETE in tasks_on(self.tasks)
        return Attribution(seen.whose, seen.of_open_webui, self.busy_chats, may_type)

    @cached_property
    def settling(self) -> Settling | None:
        """Right after sleep or while a model loads, requests that wait say nothing about tasks."""
        if self.before.woke_s_ago(self.limits.wake_grace_s, self.seen) is not None:
            return Settling.AWAKE
        return Settling.LOADING if self.is_loading else None

    @cached_property
    def is_loading(self) -> bool:
        if any(one.loading for one in self.runners or ()):
            return True
        if self.ollama is None or self.requests is None or self.ollama.loaded:
            return False
        return self.running == 0 and (self.waiting or 0) > 0

    # --- over time ---------------------------------------------------------------------------

    @cached_property
    def seen(self) -> Seen:
        """What later polls will ask of this one."""
        return Seen(
            self.at,
            runners=self.runners,
            loaded=self.ollama.loaded if self.ollama is not None else None,
            running=self.running,
            waiting=self.waiting,
            active=self.requests.active if self.requests is not None else None,
            events=self.log.events if self.log is not None else (),
            prompt_cache_bytes=self.log.prompt_cache_bytes if self.log is not None else None,
            server=server_of(self.processes),
            settings=self.settings,
            unserved=unserved(self.overview.connections, self.listed, self.ollama),
        )

    @cached_property
    def prompt_cache_bytes(self) -> int | None:
        """Old prompts that runners keep, as the log said last."""
        return self.before.prompt_cache_with(self.seen)

    @cached_property
    def thrash(self) -> Thrash | None:
        """Models that took each other's place within the window; None also where nothing tells."""
        return thrash(self.seen, self.before, self.limits.thrash_window_s)

    def refused(self, seconds: float) -> int:
        """Requests that Ollama turned away, as far as its log was seen."""
        polls = self.before.unbroken(seconds, self.seen)
        return sum(event.kind is LogEventKind.BUSY for poll in polls for event in poll.events)
