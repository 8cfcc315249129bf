"""The same question gets the same answer: from the real server as it was recorded, and from the stand-in.

`python tests/contract/record.py VERSION` records again.
"""

import json

import pytest

from tests.contract.probes import PROBES
from tests.contract.record import recorded


@pytest.mark.parametrize("name", [probe.__name__ for probe in PROBES])
def test_answers_as_the_real_server(server, probed, name):
    assert json.loads(json.dumps(probed[name])) == recorded(server.version_text)[name]
