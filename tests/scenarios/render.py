"""One poll of a Machine as a line of the record format. Imports nothing of the product."""

from tests.scenarios.world import ALL_ON, DISK, GIB, SHAPES, known, unknown


def snapshot(machine, poll, at, uptime):
    if poll.apps is not None:
        machine.apps = poll.apps
    here = poll.models if machine.ollama_local else ()
    memory = machine.memory(here)
    system = {"darwin": "26.1", "linux": "6.12", "win32": "10.0.26100"}[machine.system]
    return {
        "schema": 1,
        "taken_at": at,
        "uptime_s": uptime,
        "host": {
            "system": machine.system,
            "system_version": system,
            "architecture": "arm64" if machine.system == "darwin" else "x86_64",
            "apple_silicon": machine.system == "darwin",
            "container": False,
        },
        "memory": known(memory, at),
        "gpu": _gpu(machine, here, at),
        "processes": known(_processes(machine, poll, here, memory), at),
        "ollama": known(_ollama(machine, poll, at), at),
        "requests": known(_requests(machine, poll, at), at) if machine.ollama_local else unknown("remote"),
        "ollama_log": _log(machine, poll, at),
        "open_webui": known(_open_webui(machine, poll, at), at) if machine.webui else unknown("unreachable", "refused"),
        "written": list(machine.written),
    }


def _gpu(machine, models, at):
    if not machine.gpu:
        return known({"budget_bytes": machine.total, "basis": "ram", "name": "", "unified": True}, at)
    spilled = sum(model.bytes - model.gpu_bytes for model in models)
    body = {
        "budget_bytes": machine.budget,
        "basis": "metal" if machine.system == "darwin" else "vram",
        "name": "Apple M3 Pro" if machine.system == "darwin" else "NVIDIA GeForce RTX 4070",
        "unified": machine.unified,
        "used_bytes": sum(model.gpu_bytes for model in models),
        "shared_used_bytes": None if machine.unified else int(0.12 * GIB) + spilled // 2,
    }
    return known(body, at)


def _processes(machine, poll, models, memory):
    watched = []
    if machine.ollama_local:
        watched.append(_process(400, "ollama-server", "ollama", 90 * 2**20))
    name = "llama-server" if machine.ollama_version >= "0.30" else "ollama"
    for model in models:
        runner = _process(model.pid, "ollama-runner", name, model.runner_bytes)
        runner.update(
            blob_digest=f"sha256-{model.name}",
            model=model.name,
            port=40000 + model.pid,
            context_length=model.context // machine.parallel,
            parallel=machine.parallel,
            loading=model.loading,
        )
        watched.append(runner)
    if machine.webui:
        watched.append(_process(300, "open-webui", "open-webui", 700 * 2**20))
    name, size = machine.other
    largest = {"name": name, "memory_bytes": int(size * machine.scale)}
    return {"watched": watched, "largest_other": None if memory["pressure"] == "normal" else largest}


def _process(pid, role, name, size):
    # A runner that was replaced has another pid; its start follows from it.
    return {"pid": pid, "started_at": 1_000.0 + pid, "role": role, "name": name, "memory_bytes": size}


def _ollama(machine, poll, at):
    old = machine.ollama_version < "0.10"
    loaded = [
        {
            "name": model.name,
            "digest": f"manifest-{model.name}",
            "size_bytes": model.bytes,
            "size_vram_bytes": model.gpu_bytes,
            "context_length": None if old else model.context,
            "expires_at": at + 290.0,
            "quantization": "Q4_K_M",
        }
        for model in poll.models
        if not model.loading
    ]
    return {
        "url": "http://127.0.0.1:11434" if machine.ollama_local else "http://192.168.7.20:11434",
        "presence": "running",
        "version": machine.ollama_version,
        "local": machine.ollama_local,
        "loaded": loaded,
        "installed": [_installed(name) for name in machine.installed],
        "config": {"num_parallel": machine.parallel},
    }


def _installed(name):
    return {
        "name": name,
        "digest": f"manifest-{name}",
        "size_bytes": DISK[name],
        "quantization": "Q4_K_M",
        "capabilities": ["completion"],
        "shape": SHAPES.get(name),
        "blob_digest": f"sha256-{name}",
    }


def _requests(machine, poll, at):
    # From Open WebUI 0.9 on idle connections stay open, so the number that waits is an estimate.
    exact = machine.webui_version < "0.9" and machine.ollama_version >= "0.30"
    return {
        "running": known(len(poll.running), at),
        "waiting": known(poll.waiting, at),
        "running_source": "slots" if machine.ollama_version >= "0.30" else "connections",
        "running_confidence": "exact" if machine.ollama_version >= "0.30" else "likely",
        "waiting_source": "connections",
        "waiting_confidence": "exact" if exact else "likely",
        "longest_wait_s": poll.wait_s * machine.scale if poll.waiting else None,
        "active": list(poll.running),
    }


def _log(machine, poll, at):
    if not machine.ollama_local:
        return unknown("remote")
    return known({"events": list(poll.events), "prompt_cache_bytes": machine.prompt_cache}, at)


def _open_webui(machine, poll, at):
    busy = poll.busy if poll.busy is not None else int(bool(poll.running or poll.waiting))
    listed = machine.listed or machine.installed
    models = [
        {
            "id": name,
            "name": name,
            "owned_by": "ollama" if name in DISK else "openai",
            "connection_type": "local" if name in DISK else "external",
            "ollama_name": name if name in DISK else None,
            "size_bytes": DISK.get(name),
            "public": name not in machine.private,
            "host": None if name in DISK else "openrouter.ai",
        }
        for name in listed
    ]
    return {
        "url": "http://127.0.0.1:3000",
        "version": machine.webui_version,
        "access": "admin",
        "tasks": known({**ALL_ON, **machine.tasks}, at),
        "models": known(models, at),
        "busy_chats": known(busy, at),
        "user_count": known(machine.users, at),
        "ollama_urls": known(["http://127.0.0.1:11434"], at),
        "own_autocomplete": known(machine.own_autocomplete, at),
    }
