"""The JSON of `status`, `watch`, `settings` and `journal`: schema 1, stable keys, Unknown under `unknown`."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from tray_app.core.report.overview import Overview, overview, unknown_in
from tray_app.core.report.programs import program_loads
from tray_app.core.values.finding import Blind, Diagnosis, Finding
from tray_app.core.values.fit import Budget, Fit, FitReport
from tray_app.core.values.plan import Change, Plan
from tray_app.core.values.reading import Reading, Unknown, value_of
from tray_app.core.values.remedy import Remedy
from tray_app.core.values.requests import Confidence, Requests
from tray_app.core.values.snapshot import Gpu, Memory, Ollama, Presence, Processes, Snapshot
from tray_app.core.values.task_settings import TASKS, TaskSettings
from tray_app.core.values.units import Value

SCHEMA = 1


def unknown_of(reading: Unknown) -> dict[str, str]:
    return {"why": reading.why.value, "detail": reading.detail}


def _memory(reading: Reading[Memory]) -> dict[str, Any]:
    memory = value_of(reading)
    if memory is None:
        return {"pressure": "unknown"}
    return {
        "pressure": memory.pressure.value,
        "total_bytes": memory.total_bytes,
        "available_bytes": memory.available_bytes,
        "swap_used_bytes": memory.swap_used_bytes,
        "swap_in_bytes_per_s": memory.swap_in_bytes_per_s,
        "swap_out_bytes_per_s": memory.swap_out_bytes_per_s,
        "missing": [{"name": one.name, "why": one.why.value, "detail": one.detail} for one in memory.missing],
        "inputs": [
            {"name": item.name, "value": item.value, "unit": item.unit, "pressure": item.pressure.value}
            for item in memory.inputs
        ],
    }


def _confidence(count: Reading[int], confidence: Confidence) -> str | None:
    """No number, no confidence."""
    return confidence.value if value_of(count) is not None else None


def _requests(reading: Reading[Requests]) -> dict[str, Any]:
    requests = value_of(reading)
    if requests is None:
        return {"running": None, "waiting": None, "held": None}
    return {
        "running": value_of(requests.running),
        "running_source": requests.running_source,
        "running_confidence": _confidence(requests.running, requests.running_confidence),
        "waiting": value_of(requests.waiting),
        "waiting_source": requests.waiting_source,
        "waiting_confidence": _confidence(requests.waiting, requests.waiting_confidence),
        "longest_wait_s": requests.longest_wait_s,
        "whose": requests.whose.value,
        "of_open_webui": requests.of_open_webui,
        "active": [
            {
                "model": one.model,
                "kind": one.kind.value,
                "reason": one.reason,
                "task": one.task,
                "running_s": one.running_s,
                "first_token_s": one.first_token_s,
            }
            for one in requests.active
        ],
        "held": requests.held,
        "queue": [
            {
                "model": one.model,
                "kind": one.kind.value,
                "task": one.task,
                "held": one.held,
                "waited_s": one.waited_s,
                "broken_off": one.broken_off,
            }
            for one in requests.queue or ()
        ],
    }


def _gpu(reading: Reading[Gpu]) -> dict[str, Any]:
    """`used_bytes` is of what models may use, memory.budget_bytes; `busy_percent` of the whole processor."""
    gpu = value_of(reading)
    return {
        "name": (gpu.name or None) if gpu else None,
        "used_bytes": gpu.used_bytes if gpu else None,
        "busy_percent": gpu.busy_percent if gpu else None,
    }


def _processes(reading: Reading[Processes]) -> list[dict[str, Any]]:
    """Programs with all their processes, and containers; empty where the list of processes is unknown."""
    return [
        {
            "role": one.role.value,
            "owner": one.owner.value,
            "model": one.model,
            "container": one.container,
            "memory_bytes": one.memory_bytes,
            "cpu_percent": one.cpu_percent,
        }
        for one in program_loads(value_of(reading) or Processes())
    ]


def _ollama(reading: Reading[Ollama]) -> dict[str, Any]:
    ollama = value_of(reading)
    if ollama is None:
        return {"presence": "unknown"}
    if ollama.presence is Presence.ABSENT:
        return {"presence": "absent", "url": ollama.url}
    return {"presence": "running", "url": ollama.url, "version": ollama.version, "local": ollama.local}


def _models(reading: Reading[Ollama]) -> list[dict[str, Any]]:
    ollama = value_of(reading)
    return [
        {
            "name": model.name,
            "size_bytes": model.size_bytes,
            "size_vram_bytes": model.size_vram_bytes,
            "context": model.context_length,
            "expires_at": model.expires_at,
        }
        for model in (ollama.loaded if ollama else ())
    ]


def tasks_of(settings: TaskSettings) -> dict[str, str]:
    """Task -> on, off or unsupported."""
    return {task.value: settings.switch(task).value for task in TASKS}


def _open_webui(seen: Overview) -> dict[str, Any]:
    server, settings = seen.open_webui, seen.settings
    if server is None:
        return {"access": "unknown", "tasks": {}}
    return {
        "url": server.url,
        "version": server.version,
        "access": server.access.value,
        "ollamas": [{"url": one.url, "prefix": one.prefix, "watched": one.watched} for one in seen.connections or ()],
        "busy_chats": value_of(server.busy_chats),
        "tasks": tasks_of(settings) if settings else {},
        "task_model": settings.task_model if settings else None,
        "task_model_external": settings.task_model_external if settings else None,
    }


def _plain(value: Value) -> float | int | str:
    """Lists as words with commas, yes and no: what the JSON of evidence has always been."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case tuple():
            return ",".join(str(one) for one in value)
        case _:
            return value


def finding_of(finding: Finding, alert: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "kind": finding.kind,
        "subject": finding.subject,
        "severity": finding.severity.value,
        "evidence": [{"name": one.name, "value": _plain(one.value), "unit": one.unit} for one in finding.evidence],
    }
    if alert is not None:
        made["alert"] = alert
    return made


def change_of(change: Change) -> dict[str, Any]:
    return {
        "setting": change.setting.value,
        "from": change.before,
        "to": change.after,
        **({"place": change.place} if change.place else {}),
    }


def plan_of(plan: Plan) -> dict[str, Any]:
    return {
        "changes": [change_of(change) for change in plan.changes],
        "actions": [
            {"kind": one.kind.value, "subject": one.subject, "size_bytes": one.size_bytes, "port": one.port or None}
            for one in plan.actions
        ],
    }


def _fit(fit: Fit | None) -> dict[str, Any] | None:
    if fit is None:
        return None
    return {
        "verdict": fit.verdict.value,
        "need_bytes": fit.need_bytes,
        "room_bytes": fit.room_bytes,
        "basis": fit.basis,
    }


def remedy_of(remedy: Remedy) -> dict[str, Any]:
    return {
        "id": remedy.id,
        **plan_of(remedy.plan),
        "reason": remedy.reason.value,
        "strategy": remedy.strategy.value,
        "fit": _fit(remedy.fit),
        "effect": {
            "calls_per_message": remedy.effect.calls_per_message,
            "calls_per_chat": remedy.effect.calls_per_chat,
            "calls_per_minute": remedy.effect.calls_per_minute,
            "memory_bytes": remedy.effect.memory_bytes,
        },
        "undoable": remedy.undoable,
        "asks": remedy.asks,
        "advice_only": remedy.advice_only,
    }


def _not_judged(diagnosis: Diagnosis) -> dict[str, str]:
    """Why a rule could not be asked: what makes this poll no evidence, or what the level lacks most."""
    more = diagnosis.settling or (diagnosis.blind if diagnosis.blind is not Blind.NOT_JUDGED else None)
    return {"why": Blind.NOT_JUDGED.value, "detail": more.value if more is not None else ""}


def status(
    snapshot: Snapshot,
    diagnosis: Diagnosis,
    remedies: Sequence[Remedy],
    budget: Budget | None,
    alerts: Mapping[tuple[str, str], str] | None = None,
) -> dict[str, Any]:
    """One poll's answer. `alerts` maps (kind, subject) to pending, firing or recovering."""
    return {
        "schema": SCHEMA,
        "taken_at": snapshot.taken_at,
        "level": diagnosis.level.value,
        "level_reason": diagnosis.blind.value if diagnosis.blind is not None else None,
        "host": {
            "system": snapshot.host.system,
            "system_version": snapshot.host.system_version,
            "architecture": snapshot.host.architecture,
            "container": snapshot.host.container,
        },
        "memory": {
            **_memory(snapshot.memory),
            "budget_bytes": budget.bytes if budget else None,
            "budget_basis": budget.basis.value if budget else None,
        },
        "gpu": _gpu(snapshot.gpu),
        "processes": _processes(snapshot.processes),
        "ollama": _ollama(snapshot.ollama),
        "models": _models(snapshot.ollama),
        "requests": _requests(snapshot.requests),
        "open_webui": _open_webui(overview(snapshot)),
        "findings": [
            finding_of(one, None if alerts is None else alerts.get(one.key, "pending")) for one in diagnosis.findings
        ],
        "remedies": [remedy_of(remedy) for remedy in remedies],
        "unknown": {
            **{source.value: unknown_of(why) for source, why in unknown_in(snapshot).items()},
            **{f"findings.{kind.kind}": _not_judged(diagnosis) for kind in diagnosis.undecided},
        },
    }


def fit_of(report: FitReport) -> dict[str, Any]:
    """The answer of `fit`: need_bytes = weights_bytes + kv_cache_bytes + state_bytes + compute_bytes."""
    parts = report.need
    return {
        "schema": SCHEMA,
        "model": report.model,
        "with": report.beside,
        "question": report.question.value,
        "download_bytes": report.download_bytes,
        "verdict": report.verdict.value,
        "basis": report.basis.value,
        "need_bytes": parts.total if parts else None,
        "weights_bytes": parts.weights_bytes if parts else None,
        "kv_cache_bytes": parts.kv_cache_bytes if parts else None,
        "state_bytes": parts.state_bytes if parts else None,
        "compute_bytes": parts.compute_bytes if parts else None,
        "overhead_bytes": parts.overhead_bytes if parts else None,
        "exact": report.exact,
        "budget_bytes": report.budget_bytes,
        "room_bytes": report.room_bytes,
        "with_bytes": report.beside_bytes,
        "reverse_verdict": report.reverse.value if report.reverse else None,
        "context": report.context,
        "parallel": report.parallel,
        "settings_told": report.settings_told,
    }
