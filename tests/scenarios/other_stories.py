"""Other machines, other programs, sources that cannot be seen, and settings that went wrong."""

from tests.scenarios.acts import Phase, idle, steady, turns, two_chats
from tests.scenarios.mac_stories import BIG, MACOS_15, MACOS_26
from tests.scenarios.world import GIB, MIB, Machine, Poll, chat, request, task


def compiler_while_idle(scale):
    """A build takes the memory of a Linux machine; Ollama has no model loaded."""
    return _compiler(scale, 29.5 * GIB)


def compiler_while_idle_near_miss(scale):
    return _compiler(scale, 18 * GIB)


def _compiler(scale, want):
    linux = Machine(
        "linux", apps=6 * GIB, scale=scale, gpu=False, budget=32 * GIB, other=("cc1plus", 0.7 * want), unified=True
    )
    building = idle("building", seconds=90, every=2, apps=want)
    return linux, (idle("before", apps=6 * GIB), building, idle("after", seconds=150, apps=6 * GIB))


def browser_eats_memory(scale):
    """A 16 GB Mac with an 8B model: the browser holds more than the model does."""
    return _browser(scale, ("Google Chrome", 7.5 * GIB))


def browser_eats_memory_near_miss(scale):
    """Many small programs instead: the largest single thing in memory is the model."""
    return _browser(scale, ("Slack", 0.8 * GIB))


def _browser(scale, other):
    mac = Machine(
        total=16 * GIB,
        budget=int(10.7 * GIB),
        apps=12 * GIB,
        other=other,
        scale=scale,
        installed=("llama3.1:8b",),
    )
    model = (mac.model("llama3.1:8b", 8192),)
    asking = steady("asking", model, (chat("llama3.1:8b"),), 1, seconds=60, wait_from=1)
    return mac, (idle("idle", model), asking, idle("after", model, seconds=150))


def large_model_with_room(scale):
    """A 70B on a 128 GB Mac takes 43 GiB of 107: short waits are nothing to speak of."""
    return _seventy(scale, 8192)


def large_model_with_room_near_miss(scale):
    """The same model with its full context takes 81 GiB of 107."""
    return _seventy(scale, 131072)


def _seventy(scale, context):
    name = "llama3.3:70b"
    mac = Machine(
        total=128 * GIB,
        budget=int(107.5 * GIB),
        apps=14 * GIB,
        scale=scale,
        installed=(name,),
        other=("Xcode", 2 * GIB),
    )
    model = (mac.model(name, context),)
    work = turns("chatting", model, chat(name), task(name), seconds=10, rounds=4)
    return mac, (idle("idle"), work, idle("after", model, seconds=150))


def small_laptop_with_3b(scale):
    """8 GB, no GPU, a 3B model and a browser: crowded, but not by tasks on a big model."""
    return _laptop(scale, "llama3.2:3b", 4.1 * GIB, ("chrome", 3.2 * GIB))


def small_laptop_with_3b_near_miss(scale):
    """An 8B model on the same laptop, with hardly anything else open."""
    return _laptop(scale, "llama3.1:8b", 1.1 * GIB, ("explorer", 0.3 * GIB))


def _laptop(scale, name, apps, other):
    windows = Machine(
        "win32",
        total=8 * GIB,
        budget=8 * GIB,
        apps=apps,
        other=other,
        scale=scale,
        gpu=False,
        installed=(name,),
    )
    model = (windows.model(name),)
    waiting = steady("asking", model, (task(name),), 1, seconds=60, wait_from=1)
    return windows, (
        idle("idle", apps=1.0 * GIB),
        Phase(waiting.name, 2.0, _with(waiting, apps)),
        idle("after", apps=GIB),
    )


def _with(phase, apps):
    first, *rest = phase.polls
    first.apps = apps
    return (first, *rest)


def discrete_gpu_spill(scale):
    """gpt-oss:20b with a context of 32768 on a 12 GB card: part of it runs on the CPU."""
    return _card(scale, 12282 * MIB, 2)


def discrete_gpu_spill_near_miss(scale):
    """On a 16 GB card it fits, and only one request runs at a time."""
    return _card(scale, 16376 * MIB, 0)


def _card(scale, budget, waiting):
    name = "gpt-oss:20b"
    windows = Machine(
        "win32",
        budget=budget,
        apps=9 * GIB,
        scale=scale,
        unified=False,
        installed=(name,),
    )
    model = (windows.model(name, 32768),)
    alone = steady("alone", model, (chat(name),), seconds=60)
    work = two_chats("chatting", model, name, lone=not waiting)
    return windows, (idle("idle"), alone, work, idle("after", model, seconds=150))


def open_webui_unreachable(scale):
    """Nobody can say that the requests are tasks: not the settings, not the old runner."""
    return _unreachable(scale, who="unknown")


def open_webui_unreachable_near_miss(scale):
    """The runner's slots tell that tasks run."""
    return _unreachable(scale, who="both")


def _unreachable(scale, *, who):
    mac = Machine(budget=MACOS_15, apps=17 * GIB, scale=scale, webui=False)
    big = (mac.model(BIG),)
    return mac, (idle("idle"), two_chats("chatting", big, BIG, who=who), idle("after", big, seconds=150))


def remote_ollama(scale):
    """Ollama runs on another machine: this one's memory says nothing about it."""
    return _remote(scale, local=False)


def remote_ollama_near_miss(scale):
    return _remote(scale, local=True)


def _remote(scale, *, local):
    apps = 17 * GIB if local else 9 * GIB
    mac = Machine(budget=MACOS_15, apps=apps, scale=scale, ollama_local=local)
    big = (mac.model(BIG),)
    return mac, (idle("idle"), two_chats("chatting", big, BIG), idle("after", big, seconds=150))


def old_ollama_auto_parallel(scale):
    """Ollama 0.5.7 runs four requests at once on one 32B, each with its own context: it spills and all crawl."""
    return _old(scale, lone=False)


def old_ollama_auto_parallel_near_miss(scale):
    """One request at a time."""
    return _old(scale, lone=True)


def _old(scale, *, lone):
    tasks = {"follow_ups": "unsupported", "task_model_params": None, "autocomplete": "off"}
    mac = Machine(
        budget=MACOS_15,
        apps=6 * GIB,
        scale=scale,
        ollama_version="0.5.7",
        webui_version="0.5.20",
        tasks=tasks,
        parallel=4,
        installed=("qwen2.5:32b",),
    )
    big = (mac.model("qwen2.5:32b", 8192),)
    work = two_chats("chatting", big, "qwen2.5:32b", who="unknown", parallel=4, lone=lone)
    return mac, (idle("idle"), work, idle("after", big, seconds=150))


def flapping(scale):
    """Pressure comes and goes around the kernel's threshold for half an hour while tasks queue."""
    mac = Machine(budget=MACOS_26, apps=8 * GIB, scale=scale)
    big = (mac.model(BIG),)
    polls = []
    for round_ in range(60):
        wanted = (17.2 if round_ % 2 else 8) * GIB
        polls.extend(Poll(big, (chat(BIG),), 1, 3.0, apps=wanted) for _ in range(8 if round_ % 2 else 6))
    return mac, (
        idle("idle", apps=8 * GIB),
        Phase("flapping", 2.0, tuple(polls)),
        idle("after", big, seconds=150, apps=8 * GIB),
    )


def flapping_near_miss(scale):
    """It flaps too fast to be told at all: one poll bad, two good."""
    mac = Machine(budget=MACOS_26, apps=8 * GIB, scale=scale)
    big = (mac.model(BIG),)
    polls = []
    for _ in range(60):
        polls.extend(Poll(big, (chat(BIG),), 1, 3.0, apps=wanted * GIB) for wanted in (17.2, 8, 8))
    return mac, (
        idle("idle", apps=8 * GIB),
        Phase("flapping", 2.0, tuple(polls)),
        idle("after", big, seconds=150, apps=8 * GIB),
    )


def private_task_model(scale):
    """The small model is not public and there are other users: their tasks all fail."""
    return _usable(scale, users=3, private=("gemma3:1b",))


def private_task_model_near_miss(scale):
    """The same with a single user, who is the admin."""
    return _usable(scale, users=1, private=("gemma3:1b",))


def _usable(scale, **machine):
    tasks = {"task_model": "gemma3:1b"}
    mac = Machine(apps=5 * GIB, scale=scale, tasks=tasks, installed=(BIG, "gemma3:1b"), **machine)
    big = (mac.model(BIG),)
    return mac, (idle("idle", big), turns("chatting", big, chat(BIG), rounds=8))


def wrong_slot(scale):
    """Only the slot for hosted chat models is set, and the chat model is local: tasks stay on it."""
    return _slots(scale, {"task_model_external": "gemma3:1b"})


def wrong_slot_near_miss(scale):
    return _slots(scale, {"task_model": "gemma3:1b", "task_model_external": "gemma3:1b"})


def _slots(scale, tasks):
    mac = Machine(apps=5 * GIB, scale=scale, tasks=tasks, installed=(BIG, "gemma3:1b"))
    big = (mac.model(BIG),)
    return mac, (idle("idle", big), turns("chatting", big, chat(BIG), rounds=8))


def prompt_cache_growth(scale):
    """After a day of chats the runner holds 3.5 GiB of old prompts beside its model."""
    return _grown(scale, int(3.5 * GIB))


def prompt_cache_growth_near_miss(scale):
    return _grown(scale, int(0.4 * GIB))


def _grown(scale, bytes_):
    linux = Machine(
        "linux",
        total=64 * GIB,
        budget=64 * GIB,
        apps=9 * GIB,
        scale=scale,
        gpu=False,
        installed=("llama3.1:8b",),
        prompt_cache=int(bytes_ * scale),
    )
    model = (linux.model("llama3.1:8b", 8192, grown=int(bytes_ * scale)),)
    return linux, (idle("idle", model), steady("chatting", model, (chat("llama3.1:8b"),), seconds=60))


def drifted_setting(scale):
    """We switched autocomplete off; somebody switched it on again."""
    return _drift(scale, "true", "on")


def drifted_setting_near_miss(scale):
    return _drift(scale, "false", "off")


def _drift(scale, _now, switch):
    change = {"setting": "autocomplete", "before": True, "after": False}
    written = ({"id": "c1", "at": 0.0, "event": "applied", "origin": "http://127.0.0.1:8080", "changes": [change]},)
    mac = Machine(apps=5 * GIB, scale=scale, tasks={"autocomplete": switch}, written=written)
    return mac, (idle("idle"), idle("still", seconds=60))


def hosted_task_model(scale):
    """Tasks go to a hosted model; the 32B only chats, and two people share it."""
    mac = Machine(
        budget=MACOS_15,
        apps=17 * GIB,
        scale=scale,
        tasks={"task_model": "openai/gpt-5-mini"},
        listed=(BIG, "openai/gpt-5-mini"),
    )
    big = (mac.model(BIG),)
    waiting = steady("chatting", big, (request(BIG, "chat", reason="api-tasks"),), 1, seconds=90, wait_from=1)
    return mac, (idle("idle"), waiting, idle("after", big, seconds=150))


def hosted_task_model_near_miss(scale):
    """The same id stands in the slot that a local chat model does not use."""
    mac = Machine(
        budget=MACOS_15,
        apps=17 * GIB,
        scale=scale,
        tasks={"task_model_external": "openai/gpt-5-mini"},
        listed=(BIG, "openai/gpt-5-mini"),
    )
    big = (mac.model(BIG),)
    waiting = steady("chatting", big, (request(BIG, "chat", reason="api-tasks"),), 1, seconds=90, wait_from=1)
    return mac, (idle("idle"), waiting, idle("after", big, seconds=150))
