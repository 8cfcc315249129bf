"""What the relay tells survives the private channel exactly."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.report.codec import decode, encode
from tray_app.core.values.relay import Asking, Lane, RelayState

states = st.from_type(RelayState)


@given(states)
def test_a_relays_state_survives_json_exactly(state):
    body = json.loads(json.dumps(encode(state), allow_nan=False))
    # Compared as JSON: a NaN is not equal to itself.
    assert json.dumps(encode(decode(RelayState, body))) == json.dumps(body)


def test_a_state_of_an_older_relay_is_read():
    body = {"pid": 1, "port": 11435, "upstream": "http://127.0.0.1:11434", "started_at": 1.0, "taken_at": 2.0}
    assert decode(RelayState, body) == RelayState(1, 11435, "http://127.0.0.1:11434", 1.0, 2.0)


def test_who_asked_stays_in_the_relay():
    """Neither a user nor a conversation is part of what is told."""
    told = json.dumps(encode(RelayState(1, 2, "", 0.0, 0.0))) + repr(RelayState.__annotations__)
    assert "user" in Asking.__struct_fields__
    assert "user" not in told
    assert [lane.value for lane in Lane] == ["chat", "task", "typing", "other"]
