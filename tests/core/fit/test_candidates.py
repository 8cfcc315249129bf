"""The table of small models: its numbers agree with the real shapes that were recorded."""

import pytest

from tests.core.machines import TAGS, shape_of
from tray_app.core.fit.candidates import CANDIDATES
from tray_app.core.fit.need import need


def test_every_candidate_is_small_named_once_and_dated():
    assert len({one.name for one in CANDIDATES}) == len(CANDIDATES)
    for one in CANDIDATES:
        assert 3e8 < one.download_bytes < 4e9
        assert one.checked[:2] == "20"
        assert need(one.shape, context=4096).total < 1.5 * one.download_bytes + 3e8


@pytest.mark.parametrize("name", [one.name for one in CANDIDATES if one.name in TAGS])
def test_architecture_numbers_are_the_recorded_ones(name):
    mine, real = next(one.shape for one in CANDIDATES if one.name == name), shape_of(name)
    assert (mine.block_count, mine.embedding_length, mine.kv_heads) == (
        real.block_count,
        real.embedding_length,
        real.kv_heads,
    )
    for context in (4096, 32768):
        assert need(mine, context=context).kv_cache_bytes == need(real, context=context).kv_cache_bytes
        assert need(mine, context=context).compute_bytes == need(real, context=context).compute_bytes
