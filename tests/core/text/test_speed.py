"""What `speed` concludes, and where the runs do not tell."""

import pytest

from tests.english import TR
from tray_app.core.text.speed import lines

SAME, SMALL = ("", "qwen3:32b"), ("gemma3:1b", "gemma3:1b")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ((*SAME, 3.0, 0.60), (*SMALL, 1.0, 0.20), "The chat starts soonest with gemma3:1b as task model."),
        ((*SAME, 3.0, 0.20), (*SMALL, 1.0, 0.60), "The chat starts soonest when the chat model does the tasks itself."),
        ((*SAME, 3.0, 0.06), (*SMALL, 1.0, 0.065), "How soon the chat starts makes no clear difference here."),
    ],
)
def test_a_tenth_is_no_difference(first, second, said):
    told = ["".join(span.text for span in line) for line in lines([first, second], 1, TR)]
    assert said in told
