"""What a test needs and this machine lacks: skipped with the reason, or failed where the run says it must be there.

`ELBOWROOM_TESTS_REQUIRE` is a comma list of parts (those of `Part`): a continuous-integration run installs the
tools and names them, so that a missing tool cannot hide a part of the suite.
"""

import os
from typing import Literal, NoReturn, get_args

import pytest

Part = Literal[
    "real",
    "tray",
    "wine",
    "browser",
    "layouts",
    "shells",
    "llama",
    "haproxy",
    "prometheus",
    "pictures",
    "bundle",
    "terminal",
]
VARIABLE = "ELBOWROOM_TESTS_REQUIRE"


def required(part: Part) -> bool:
    """Whether this run must not skip the part. ValueError where the variable names a part that does not exist."""
    named = {word.strip() for word in os.environ.get(VARIABLE, "").split(",")} - {""}
    unknown = named - set(get_args(Part))
    if unknown:
        raise ValueError(f"{VARIABLE} names no such part: {', '.join(sorted(unknown))}")
    return part in named


def require(part: Part, reason: str) -> NoReturn:
    """Ends the test: the part cannot run here for `reason`."""
    if required(part):
        pytest.fail(f"{part} is required by {VARIABLE}, but: {reason}", pytrace=False)
    pytest.skip(f"{part}: {reason}")


def terminal() -> tuple[int, int]:
    """Both ends of one. The test ends here where this system gives none, as in a root whose /dev/pts is not mounted."""
    try:
        return os.openpty()
    except OSError as error:
        require("terminal", f"no terminal can be opened: {error}")
