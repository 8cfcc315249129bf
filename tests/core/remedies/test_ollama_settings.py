"""How Ollama was started here, the exact steps for that, and whether what was advised took effect."""

import math

import pytest
from msgspec.structs import replace

from tests.core.machines import NOW, facts, loaded, machine
from tests.english import TR
from tray_app.core.remedies.ollama_settings import InEffect, in_effect, setting_now, started_by
from tray_app.core.text.ollama_settings import advice_copies, advice_steps, now
from tray_app.core.values.reading import Known
from tray_app.core.values.remedy import ADVISED, Advice, AdviceKind, OllamaStart, Reason
from tray_app.core.values.snapshot import Processes, ProcessRole, ServerConfig, WatchedProcess

SERVER = WatchedProcess(pid=5, started_at=NOW, role=ProcessRole.OLLAMA_SERVER, name="ollama", parent_pid=77)
APP = WatchedProcess(pid=4, started_at=NOW, role=ProcessRole.OLLAMA_APP, name="Ollama")
TOLD = ServerConfig(told=True)


def of(system, *watched, config=ServerConfig()):  # noqa: B008 - a frozen value
    processes = Known(Processes(watched=watched), NOW)
    return facts(machine(loaded("a", 10), system=system, config=config, processes=processes))


@pytest.mark.parametrize(
    ("system", "watched", "start"),
    [
        ("darwin", (APP, SERVER), OllamaStart.APP),
        ("darwin", (replace(SERVER, config=TOLD),), OllamaStart.SHELL),
        ("win32", (APP, SERVER), OllamaStart.APP),
        ("win32", (SERVER,), OllamaStart.SHELL),
        ("linux", (SERVER,), OllamaStart.SYSTEMD),  # another user's: its environment is hidden
        ("linux", (replace(SERVER, config=TOLD),), OllamaStart.SHELL),
        ("linux", (replace(SERVER, config=TOLD, parent_pid=1),), OllamaStart.SYSTEMD),
        ("linux", (replace(SERVER, apart=True),), OllamaStart.DOCKER),
        ("linux", (), OllamaStart.UNKNOWN),
        ("darwin", (), OllamaStart.UNKNOWN),
    ],
)
def test_how_it_was_started_is_seen_by_its_processes(system, watched, start):
    assert started_by(of(system, *watched)) is start


def advice(start, kind=AdviceKind.NUM_PARALLEL, now=""):
    return Advice(kind=kind, model="m", reason=Reason.SLOTS_RESERVE_MEMORY, start=start, now=now)


@pytest.mark.parametrize(
    ("start", "system", "copies", "said"),
    [
        (OllamaStart.APP, "darwin", ["launchctl setenv OLLAMA_NUM_PARALLEL 1"], "Quit Ollama from its menu"),
        (OllamaStart.APP, "win32", ["OLLAMA_NUM_PARALLEL", "1"], "Environment variables"),
        (OllamaStart.SHELL, "linux", ["OLLAMA_NUM_PARALLEL=1 ollama serve"], "with Ctrl-C"),
        (OllamaStart.SHELL, "win32", ["set OLLAMA_NUM_PARALLEL=1"], "Then: ollama serve"),
        (OllamaStart.DOCKER, "linux", ["-e OLLAMA_NUM_PARALLEL=1"], "docker compose up -d"),
        (OllamaStart.DOCKER, "darwin", ["-e OLLAMA_NUM_PARALLEL=1"], "-e OLLAMA_NUM_PARALLEL=1"),
        (OllamaStart.UNKNOWN, "darwin", ["launchctl setenv OLLAMA_NUM_PARALLEL 1"], "launchctl"),
        (
            OllamaStart.SYSTEMD,
            "linux",
            ["sudo systemctl edit ollama", 'Environment="OLLAMA_NUM_PARALLEL=1"', "sudo systemctl restart ollama"],
            "Under [Service]",
        ),
    ],
)
def test_the_steps_are_those_of_how_it_was_started(start, system, copies, said):
    assert advice_copies(advice(start), system) == copies
    assert said in "\n".join(advice_steps(advice(start), system, TR))


def test_every_advice_has_its_variable_and_steps():
    assert set(ADVISED) == set(AdviceKind)
    for kind in AdviceKind:
        steps = "\n".join(advice_steps(advice(OllamaStart.SHELL, kind), "linux", TR))
        assert "{} ollama serve".format("=".join(ADVISED[kind])) in steps


@pytest.mark.parametrize(
    ("kind", "config", "state", "value"),
    [
        (AdviceKind.NUM_PARALLEL, ServerConfig(num_parallel=1, told=True), InEffect.YES, "1"),
        (AdviceKind.NUM_PARALLEL, ServerConfig(num_parallel=4, told=True), InEffect.NO, "4"),
        (AdviceKind.NUM_PARALLEL, ServerConfig(told=True), InEffect.NO, ""),
        (AdviceKind.NUM_PARALLEL, ServerConfig(num_parallel=1), InEffect.UNSEEN, ""),
        (AdviceKind.MAX_LOADED_MODELS, ServerConfig(max_loaded_models=2, told=True), InEffect.YES, "2"),
        (AdviceKind.MAX_LOADED_MODELS, ServerConfig(max_loaded_models=1, told=True), InEffect.NO, "1"),
        (AdviceKind.CONTEXT_LENGTH, ServerConfig(context_length=4096, told=True), InEffect.YES, "4096"),
        (AdviceKind.CONTEXT_LENGTH, ServerConfig(context_length=8192, told=True), InEffect.NO, "8192"),
        (AdviceKind.KV_CACHE_TYPE, ServerConfig(kv_cache_type="q8_0", told=True), InEffect.YES, "q8_0"),
        (AdviceKind.KV_CACHE_TYPE, ServerConfig(kv_cache_type="f16", told=True), InEffect.NO, "f16"),
        (AdviceKind.KEEP_ALIVE, ServerConfig(keep_alive_s=60, told=True), InEffect.YES, "1m"),
        (AdviceKind.KEEP_ALIVE, ServerConfig(keep_alive_s=300, told=True), InEffect.NO, "5m"),
        (AdviceKind.KEEP_ALIVE, ServerConfig(keep_alive_s=math.inf, told=True), InEffect.NO, "-1"),
        (AdviceKind.KEEP_ALIVE, ServerConfig(told=True), InEffect.NO, ""),
        (AdviceKind.CACHE_RAM, ServerConfig(told=True), InEffect.UNSEEN, ""),
    ],
)
def test_whether_it_took_effect_is_seen_or_said_to_be_unseen(kind, config, state, value):
    seen = of("linux", config=config)
    assert in_effect(kind, seen) is state
    assert setting_now(kind, seen) == value


@pytest.mark.parametrize(
    ("left_s", "state"),
    [(60, InEffect.UNSEEN), (62, InEffect.UNSEEN), (63, InEffect.NO), (290, InEffect.NO), (None, InEffect.NO)],
)
def test_where_settings_are_hidden_a_model_that_stays_for_longer_shows_them(left_s, state):
    """`expires_at` of /api/ps; one that goes sooner may have been idle for long, so it shows nothing."""
    model = replace(loaded("a", 10), expires_at=None if left_s is None else NOW + left_s)
    assert in_effect(AdviceKind.KEEP_ALIVE, facts(machine(model, system="linux"))) is state


def test_what_it_is_now_is_told():
    assert now(advice(OllamaStart.SHELL, now="4"), TR) == "Now it is OLLAMA_NUM_PARALLEL=4."
    assert now(advice(OllamaStart.SHELL), TR) == ""
