"""What changed since the value before it, written and read back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.report.delta import WHOLE, changed, patched

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.sampled_from(["", "a", WHOLE]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", WHOLE]), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES, VALUES)
def test_any_value_comes_back_from_what_changed(now, before):
    back = patched(before, json.loads(json.dumps(changed(now, before))))
    # As text: for Python 1, 1.0 and True are equal. The order of keys says nothing.
    assert json.dumps(back, sort_keys=True) == json.dumps(now, sort_keys=True)


@given(VALUES)
def test_nothing_is_written_where_nothing_changed(value):
    if isinstance(value, dict) and WHOLE not in value:
        assert changed(value, value) == {}


def test_only_the_changed_member_is_written():
    before = {"a": {"x": 1, "y": [1, 2]}, "b": 2}
    assert changed({"a": {"x": 1, "y": [1, 3]}, "b": 2}, before) == {"a": {"y": [1, 3]}}


@pytest.mark.parametrize("before", [None, 1, [], {"b": 1}])
def test_a_change_of_another_value_is_refused(before):
    with pytest.raises(KeyError):
        patched(before, {"a": {"x": 1}})
