"""The classic case on a 32 GB Mac, and what looks like it but is not."""

from tests.scenarios.acts import Phase, idle, recorded, steady, turns, two_chats
from tests.scenarios.world import ALL_OFF, GIB, Machine, Poll, chat, event, task

MACOS_15 = int(21.33 * GIB)
MACOS_26 = int(24.96 * GIB)
BIG = "qwen3:32b"


def _classic(scale, budget, context, apps, *, lone=False, who="both", **machine):
    mac = Machine(budget=budget, apps=apps, scale=scale, **machine)
    big = (mac.model(BIG, context),)
    loading = (mac.model(BIG, context, loading=True),)
    phases = (
        idle("idle", apps=apps),
        idle("loading", loading, seconds=20, every=2, waiting=2, wait_s=5.0),
        two_chats("chatting", big, BIG, lone=lone, who=who),
        idle("after", big, seconds=150),
        idle("unloaded", seconds=150),
    )
    return mac, phases


def classic_macos_15(scale):
    return _classic(scale, MACOS_15, 4096, 17 * GIB)


def classic_macos_15_near_miss(scale):
    """All tasks are off: what waits is somebody's chat."""
    return _classic(scale, MACOS_15, 4096, 17 * GIB, who="chats", tasks=ALL_OFF)


def started_while_it_hangs(scale):
    """Elbowroom comes because the chat hangs: the first poll stands in the middle of the classic storm."""
    mac, phases = classic_macos_15(scale)
    return mac, phases[2:]


def started_while_it_hangs_near_miss(scale):
    """The same with all tasks off: a queue of chats."""
    mac, phases = classic_macos_15_near_miss(scale)
    return mac, phases[2:]


def classic_macos_26_auto_context(scale):
    """The automatic context is 32768 above 23 GiB: the chat model alone needs 27 GiB and spills."""
    return _classic(scale, MACOS_26, 32768, 6 * GIB)


def classic_macos_26_auto_context_near_miss(scale):
    """Every request is sent after the last one ended: slow, but nothing waits."""
    return _classic(scale, MACOS_26, 32768, 6 * GIB, lone=True)


def classic_macos_26_small_context(scale):
    return _classic(scale, MACOS_26, 4096, 17 * GIB)


def classic_macos_26_small_context_near_miss(scale):
    """Few programs run, so memory is fine; the chat is answered first and its tasks wait behind it."""
    mac = Machine(budget=MACOS_26, apps=8 * GIB, scale=scale)
    big = (mac.model(BIG),)
    answer = steady("chatting", big, (chat(BIG),), 2, seconds=60, wait_from=4)
    return mac, (idle("idle"), answer, idle("after", big, seconds=150))


def evicting_task_model(scale):
    """llama3.2:3b for tasks beside a 32B: predicted above 80 % of what is left, so every title evicts the chat model."""
    return _two_models(scale, BIG, 12 * GIB, evicts=True)


def evicting_task_model_near_miss(scale):
    """The same small model beside a 30B with 17.8 GiB has room."""
    return _two_models(scale, "qwen3:30b-a3b", 9 * GIB, evicts=False)


def _two_models(scale, chat_model, apps, *, evicts):
    mac = Machine(
        apps=apps,
        scale=scale,
        tasks={"task_model": "llama3.2:3b"},
        installed=(chat_model, "llama3.2:3b"),
    )
    big = mac.model(chat_model)
    small = mac.model("llama3.2:3b", pid=601)
    if not evicts:
        both = (big, small)
        work = turns("chatting", both, task("llama3.2:3b"), chat(chat_model), task("llama3.2:3b"), rounds=4)
        return mac, (idle("settled", (big,)), work, idle("after", both, seconds=150))
    swaps = []
    for turn in range(4):
        new_small = mac.model("llama3.2:3b", pid=610 + turn)
        new_big = mac.model(chat_model, pid=510 + turn)
        for model, running, out in ((new_small, task("llama3.2:3b"), chat_model), (new_big, chat(chat_model), None)):
            loading = (mac.model(model.name, pid=model.pid, loading=True),)
            happened = (event("load", 0.0, model.name),)
            if out:
                happened = (event("eviction", 0.0, out), *happened)
            swaps.append(Poll(loading, (), 1, 2.0, happened))
            swaps.extend(Poll(loading, (), 1, 4.0 + 2 * step) for step in range(2))
            swaps.extend(Poll((model,), (running,), 0) for _ in range(6))
    chatting = Phase("chatting", 2.0, tuple(swaps))
    last = mac.model(chat_model, pid=513)
    return mac, (idle("settled", (big,)), chatting, idle("after", (last,), seconds=800, every=10))


def small_task_model_that_fits(scale):
    """gemma3:1b needs 0.8 GiB beside the 32B."""
    return _gemma_beside(scale, listed=(BIG, "gemma3:1b"))


def small_task_model_that_fits_near_miss(scale):
    """Installed in Ollama, but Open WebUI has not listed models since: it silently uses the chat model."""
    return _gemma_beside(scale, listed=(BIG,))


def _gemma_beside(scale, listed):
    mac = Machine(
        apps=5 * GIB, scale=scale, tasks={"task_model": "gemma3:1b"}, installed=(BIG, "gemma3:1b"), listed=listed
    )
    big = mac.model(BIG)
    if "gemma3:1b" in listed:
        both = (big, mac.model("gemma3:1b", pid=601))
        work = turns("chatting", both, task("gemma3:1b"), chat(BIG), task("gemma3:1b"), rounds=4)
    else:
        both = (big,)
        work = turns("chatting", both, chat(BIG), task(BIG), rounds=4)
    return mac, (idle("settled", (big,)), work, idle("after", both, seconds=150))


def context_reload_loop(scale):
    """The chat carries num_ctx 8192, its tasks on the same model do not: a full reload each way."""
    return _contexts(scale, (8192, 4096) * 3)


def context_reload_loop_near_miss(scale):
    """The user changed the context once."""
    return _contexts(scale, (8192, 4096, 4096, 4096, 4096, 4096))


def _contexts(scale, contexts):
    mac = Machine(apps=6 * GIB, scale=scale, budget=MACOS_26)
    polls, pid, before = [], 500, None
    for context in contexts:
        happened = ()
        if context != before:
            pid += 1
            happened = (event("load", 0.0, BIG),)
            loading = (mac.model(BIG, context, pid=pid, loading=True),)
            polls.extend(Poll(loading, (), 1, 2.0 + step, happened if step == 0 else ()) for step in range(4))
        now = (mac.model(BIG, context, pid=pid),)
        polls.extend(Poll(now, ((chat if context == 8192 else task)(BIG),), 0) for _ in range(6))
        before = context
    settled = (mac.model(BIG, 8192, pid=500),)
    last = (mac.model(BIG, contexts[-1], pid=pid),)
    return mac, (
        idle("settled", settled),
        Phase("chatting", 2.0, tuple(polls)),
        idle("after", last, seconds=800, every=10),
    )


def autocomplete_hammering(scale):
    """Open WebUI 0.5.20: autocomplete is on for everyone, back to back on a 32B; a sent message waits behind it."""
    tasks = {"autocomplete": "on", "follow_ups": "unsupported", "task_model_params": None}
    mac = Machine(apps=6 * GIB, scale=scale, webui_version="0.5.20", tasks=tasks)
    big = (mac.model(BIG),)
    typing = steady("typing", big, (task(BIG, reason="short-limit"),), seconds=60, busy=0)
    sending = steady("sending", big, (task(BIG, reason="short-limit"),), 1, seconds=40, busy=1, wait_from=1)
    answer = steady("answering", big, (chat(BIG),), seconds=20, busy=1)
    return mac, (idle("settled", big), typing, sending, answer, idle("after", big, seconds=150, busy=0))


def autocomplete_hammering_near_miss(scale):
    """Open WebUI 0.12.4: the same switch is on, but an account must switch it on for itself, and ours has not."""
    mac = Machine(apps=6 * GIB, scale=scale, tasks={"autocomplete": "on"})
    big = (mac.model(BIG),)
    answer = steady("answering", big, (chat(BIG),), seconds=60)
    return mac, (idle("settled", big), answer, idle("after", big, seconds=150))


def chat_alone(scale):
    mac = Machine(apps=8 * GIB, scale=scale, tasks=ALL_OFF, budget=MACOS_26)
    big = (mac.model(BIG),)
    return mac, (idle("idle"), steady("chatting", big, (chat(BIG),), seconds=90), idle("after", big, seconds=60))


def chat_alone_near_miss(scale):
    """Tasks are on, but nothing hurts yet."""
    mac = Machine(apps=8 * GIB, scale=scale, budget=MACOS_26)
    big = (mac.model(BIG),)
    return mac, (idle("idle"), steady("chatting", big, (chat(BIG),), seconds=90), idle("after", big, seconds=60))


def model_loading(scale):
    """As recorded: four requests arrive while the model loads, and are worked off with the chat first."""
    mac = Machine(apps=6 * GIB, scale=scale, budget=MACOS_26)
    big, loading = (mac.model(BIG),), (mac.model(BIG, loading=True),)
    slow = idle("loading", loading, seconds=40, every=2, waiting=4, wait_s=12.0)
    return mac, (idle("idle"), slow, recorded("working off", big, loading, BIG), idle("after", big, seconds=150))


def model_loading_near_miss(scale):
    """The same, but programs want 17 GiB, so the Mac is short of memory while the tasks queue."""
    mac = Machine(apps=17 * GIB, scale=scale, budget=MACOS_26)
    big, loading = (mac.model(BIG),), (mac.model(BIG, loading=True),)
    slow = idle("loading", loading, seconds=40, every=2, waiting=4, wait_s=12.0)
    return mac, (idle("idle"), slow, recorded("working off", big, loading, BIG), idle("after", big, seconds=150))


def wake_from_sleep(scale):
    """After an hour of sleep macOS pages everything back in for a while, and old connections still look open."""
    return _wake(scale, 24)


def wake_from_sleep_near_miss(scale):
    """It does not pass: somebody really is waiting."""
    return _wake(scale, 90)


def _wake(scale, seconds):
    mac = Machine(apps=6 * GIB, scale=scale, budget=MACOS_26)
    big = (mac.model(BIG),)
    before = idle("before", big)
    running = (task(BIG),)
    waking = steady("waking", big, running, 2, seconds=seconds, apps=17 * GIB, wait_from=2)
    waking = Phase(waking.name, waking.every_s, waking.polls, gap_s=3600.0)
    return mac, (before, waking, idle("after", big, seconds=150, apps=6 * GIB))
