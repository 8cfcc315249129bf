"""Stretches of time that several stories share: idle, a chat, two chats with their tasks, a recorded run."""

import json
from dataclasses import dataclass
from pathlib import Path

from tests.scenarios.world import Poll, chat, request, task

RECORDED = Path(__file__).parent / "recorded" / "one-chat-three-tasks.jsonl"


@dataclass(frozen=True)
class Phase:
    name: str
    every_s: float
    polls: tuple[Poll, ...]
    gap_s: float = 0.0
    """Time that passed unseen before the first poll (sleep)."""


def idle(name, models=(), *, seconds=60.0, every=5.0, **poll):
    return Phase(name, every, tuple(Poll(models, **poll) for _ in range(int(seconds / every))))


def steady(name, models, running, waiting=0, *, seconds=60.0, every=2.0, wait_from=0.0, **poll):
    """The same requests throughout; whoever waits, waits from `wait_from` seconds on longer and longer."""
    polls = []
    for index in range(int(seconds / every)):
        wait = wait_from + index * every if waiting else 0.0
        polls.append(Poll(models, running, waiting, wait, **poll))
    return Phase(name, every, tuple(polls))


# Two chats at once as Open WebUI 0.10 and later sends them: title and answer together, follow-ups and tags after.
# Who runs, for how long, and how many wait behind.
TWO_CHATS = (
    (14, "title", 2),
    (18, "chat", 2),
    (8, "title", 2),
    (16, "chat", 1),
    (8, "follow-ups", 1),
    (6, "tags", 1),
)


def two_chats(name, models, model, *, rounds=2, every=2.0, who="both", parallel=1, lone=False, **poll):
    """`who`: the slots tell "both" kinds, all are "chats", or the kind is "unknown". `lone`: each is sent only after the last has ended, so none waits."""
    polls = []
    for _ in range(rounds):
        for seconds, what, waiting in TWO_CHATS:
            for index in range(int(seconds / every)):
                now = index * every
                one = _one(model, what, who, now)
                behind = 0 if lone else waiting
                beside = min(behind, parallel - 1)
                others = tuple(_one(model, "task", who, now) for _ in range(beside))
                # Answers of this length keep the next request waiting for what runs before it, and more.
                wait = now + 6.0 if behind - beside else 0.0
                polls.append(Poll(models, (one, *others), behind - beside, wait, **poll))
    return Phase(name, every, tuple(polls))


def _one(model, what, who, now):
    if who == "unknown":
        return request(model, for_s=now)
    return chat(model, now) if what == "chat" or who == "chats" else task(model, now)


def recorded(name, models, loading, model):
    """One chat and three tasks as a real server worked them off, load included (1.5 s apart)."""
    polls = []
    began = None
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        seen = json.loads(line)
        slots = seen["slots"] if isinstance(seen["slots"], list) else []
        busy = [slot for slot in slots if slot["is_processing"]]
        waiting = seen["client_connections"] - len(busy)
        if waiting and began is None:
            began = seen["t"]
        running = tuple(
            request(
                model,
                "chat" if slot["id_task"] == 0 else "task",
                reason="sequence",
                prompt=slot["n_prompt_tokens"],
                decoded=slot["n_decoded"],
                limit=slot["n_predict"],
            )
            for slot in busy
        )
        wait = seen["t"] - began if waiting else 0.0
        polls.append(Poll(models if seen["ps"]["models"] else loading, running, waiting, wait))
    return Phase(name, 1.6, tuple(polls))


def turns(name, models, *requests, seconds=8.0, every=2.0, rounds=1):
    """One request after the other, none waiting."""
    one = [Poll(models, (each,)) for each in requests for _ in range(int(seconds / every))]
    return Phase(name, every, tuple(one * rounds))
