"""What `status` and `status --json` answer at the end of every phase of every story, as it was last agreed on.

python -m tests.scenarios.golden     writes tests/golden/status again; look at the difference before you keep it
"""

import argparse
import json
from pathlib import Path

from tests.english import TR
from tests.scenarios.traces import STORIES, trace
from tray_app.app import trace as record
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.ranked import remedies
from tray_app.core.report.status import status
from tray_app.core.text.status import status_lines

FOLDER = Path(__file__).parents[1] / "golden" / "status"


def last_polls(name):
    """Phase -> its last poll with the remedies that were offered then."""
    pairs = trace(name)
    lines = (json.dumps(line) for _phase, line in pairs)
    polls = zip(pairs, record.replay(lines), strict=True)
    found = {phase: poll for (phase, _line), poll in polls}
    return {phase: (poll, remedies(Case(poll.facts, poll.diagnosis))) for phase, poll in found.items()}


def answers(polls):
    """The JSON of each phase, with the alerts as `watch` and `replay` add them."""
    return {
        phase: status(
            poll.snapshot,
            poll.diagnosis,
            offered,
            poll.facts.budget,
            {key: one.state.value for key, one in poll.alerts.alerts.items()},
        )
        for phase, (poll, offered) in polls.items()
    }


def pages(polls):
    """What a person reads in English."""
    tr = TR
    made = []
    for phase, (poll, offered) in polls.items():
        rows = status_lines(poll.facts.overview, poll.diagnosis, offered, tr)
        made += [f"== {phase}", *("".join(span.text for span in row).rstrip() for row in rows), ""]
    return "\n".join(made)


def files(name):
    """File name -> content, for one story."""
    polls = last_polls(name)
    return {f"{name}.json": json.dumps(answers(polls), indent=1) + "\n", f"{name}.txt": pages(polls)}


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    FOLDER.mkdir(exist_ok=True)
    for story in STORIES:
        for file, content in files(story).items():
            (FOLDER / file).write_text(content, encoding="utf-8", newline="\n")
