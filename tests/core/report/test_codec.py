"""The codec is exact both ways for everything a snapshot can hold."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from tray_app.core.report.codec import BadValue, decode, encode
from tray_app.core.values import snapshot as values
from tray_app.core.values.reading import Known, Reading, Unknown, Why
from tray_app.core.values.requests import Requests, RunningRequest
from tray_app.core.values.snapshot import Host, LoadedModel, Memory, Ollama, Presence, Pressure, Snapshot

texts = st.text(max_size=12)
numbers = st.floats(allow_nan=False)
wholes = st.integers(-(10**30), 10**30)


def readings(inner):
    known = st.builds(Known, inner, numbers)
    return known | st.builds(Unknown, st.sampled_from(Why), texts)


snapshots = st.builds(
    Snapshot,
    taken_at=numbers,
    uptime_s=numbers,
    host=st.from_type(Host),
    memory=readings(st.from_type(Memory)),
    gpu=readings(st.from_type(values.Gpu)),
    processes=readings(
        st.builds(
            values.Processes,
            containers=readings(st.lists(st.from_type(values.Container), max_size=2).map(tuple)),
        )
    ),
    ollama=readings(st.from_type(Ollama)),
    requests=readings(
        st.builds(
            Requests,
            readings(wholes),
            readings(wholes),
            active=st.lists(st.from_type(RunningRequest), max_size=2).map(tuple),
        )
    ),
    ollama_log=readings(st.from_type(values.OllamaLog)),
    open_webui=readings(st.builds(values.OpenWebUI, texts, texts, models=readings(st.just(())))),
)


@settings(max_examples=20)
@given(snapshots)
def test_a_snapshot_survives_json_exactly(snapshot):
    body = json.loads(json.dumps(encode(snapshot), allow_nan=False))
    # Compared as JSON: a NaN is not equal to itself.
    assert json.dumps(encode(decode(Snapshot, body))) == json.dumps(body)


def small(**changed):
    body = encode(Snapshot(1.0, 2.0, Host("linux"), memory=Known(Memory(8, 4, Pressure.NORMAL), 1.0)))
    body.update(changed)
    return body


def test_a_field_of_a_later_version_is_ignored_at_every_depth():
    body = small(mood="fine")
    body["memory"]["value"]["colour"] = 3
    body["memory"]["source"] = "later"
    assert decode(Snapshot, body) == decode(Snapshot, small())


def test_a_missing_field_takes_its_default():
    assert decode(LoadedModel, {"name": "a", "digest": "b", "size_bytes": 1, "size_vram_bytes": 1}).expires_at is None


def test_numbers_that_json_cannot_hold_survive():
    endless = Memory(1, 1, Pressure.NORMAL, swap_out_bytes_per_s=float("inf"))
    assert decode(Memory, json.loads(json.dumps(encode(endless), allow_nan=False))) == endless


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (small(taken_at="soon"), "taken_at"),
        (small(taken_at=True), "taken_at"),
        (small(taken_at=10**400), "taken_at"),
        (small(host=None), "host"),
        (small(host={}), "host.system"),
        (small(written={}), "written"),
        (small(memory={"unknown": "bored"}), "memory.unknown"),
        (small(memory={"value": {}}), "memory"),
        (small(memory=[]), "memory"),
        (small(memory={"value": {"total_bytes": 1.5}, "taken_at": 1}), "memory.value.total_bytes"),
        (
            small(
                processes={
                    "value": {"watched": [{"pid": 1, "started_at": 1, "role": "cook", "name": ""}]},
                    "taken_at": 1,
                }
            ),
            "processes.value.watched[0].role",
        ),
        ([], ""),
    ],
)
def test_a_bad_value_is_named_by_its_path(body, path):
    with pytest.raises(BadValue) as caught:
        decode(Snapshot, body)
    assert caught.value.path == path


def test_a_type_without_a_rule_is_refused_when_it_is_made():
    class Odd(Struct, frozen=True):
        both: int | str

    with pytest.raises(TypeError):
        decode(Odd, {"both": 1})
    with pytest.raises(TypeError):
        encode(object())


def test_a_reading_inside_a_reading():
    value: Reading[Requests] = Known(Requests(Known(1, 2.0), Unknown(Why.NOT_YET, "x")), 3.0)
    body = encode(Snapshot(1.0, 2.0, Host("darwin"), requests=value))
    assert decode(Snapshot, body).requests == value
    assert Presence("running") is Presence.RUNNING
