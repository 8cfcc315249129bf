"""Strangers against the connect page, the details page and the doorbell: another user, a web page, a program without the cookie.

    python -m tests.page.attacks [--requests 3000] [--seed 0]

Each of the three sends that many requests (tests/page/stranger.py). Nobody may get an answer that is not theirs, a
cookie, a sign-in or the doorbell, or read one of our files; afterwards the owner gets in as before, by a way in that
another user knew and could not spend. The other user is real where we are root on Linux. Some of it runs with the
other tests (tests/page/test_attacks.py).
"""

import argparse
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from tests.page.stranger import attack
from tray_app.app.instance import Doorbell, ring
from tray_app.page.connect_page import ConnectPage, Reply
from tray_app.page.details_page import DetailsPage
from tray_app.readers.callers import whose_connection
from tray_app.storage.lock import SingleInstance

NOBODY = 65534
READ_TIMEOUT_S = 0.5
SCRIPT = Path(__file__).with_name("stranger.py")


def other_user() -> list[str] | None:
    """A Python that another user may run, where we can start one as another user."""
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin")
    possible = sys.platform.startswith("linux") and os.getuid() == 0 and python is not None
    return [python, "-I", "-c", SCRIPT.read_text("utf-8")] if possible else None


class House:
    """A page and a door as the tray opens them, and the files with the secrets."""

    def __init__(self, home: Path) -> None:
        self.filled, self.rung = [], threading.Event()
        self.page = self._page()
        self.lock = SingleInstance(home / "instance.lock", home / "instance.json")
        assert self.lock.acquire()
        self.bell = Doorbell(lambda _asked: self.rung.set())
        self.instance = self.lock.publish(self.bell.port)
        self.bell.open(self.instance)
        self.files = [str(home / "instance.json")]
        self.cookie = self._enter()
        self.page.gate.let_in()

    def _page(self) -> ConnectPage | DetailsPage:
        return ConnectPage(
            self._check,
            {"title": "Connect"},
            "en",
            clock=lambda: 0.0,  # the way in stays open and the page, too, however long the strangers try
            read_timeout_s=READ_TIMEOUT_S,
            whose=whose_connection,
        )

    def _check(self, filled) -> Reply:
        self.filled.append(filled)
        return Reply(ok=False, message="No.")

    def close(self) -> None:
        self.bell.close()
        self.lock.release()
        self.page.close()

    def plan(self, role: str, requests: int, seed: int) -> dict:
        return {
            "role": role,
            "requests": requests,
            "seed": seed,
            "port": self.page.gate.port,
            "cookie": self.cookie,
            "nonce": self.page.gate.bootstrap_url.rpartition("/")[2] if role == "user" else "x" * 43,
            "door": self.bell.port,
            "guess_of_token": "x" + self.instance.token[1:],
            "files": self.files if role == "user" else [],
        }

    def _get(self, path: str, cookie: str = "") -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.page.gate.port, timeout=30)
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        return connection.getresponse()

    def _enter(self) -> str:
        answer = self._get("/open/" + self.page.gate.bootstrap_url.rpartition("/")[2])
        return (answer.headers["Set-Cookie"] or "").partition(";")[0]

    def owners(self) -> list[str]:
        """What the owner cannot do any more."""
        lost = [] if self._enter() else ["the way in is spent"]
        if self._get("/", self.cookie).status != http.client.OK:
            lost.append("the page")
        if not any(ring(self.instance) for _ in range(5)) or not self.rung.wait(10):
            lost.append("the doorbell")
        return lost


class DetailsHouse(House):
    """The same with the details page, whose buttons would change something."""

    def _page(self) -> DetailsPage:
        made = DetailsPage(
            self._do, lambda: None, "over", lambda: 0.0, read_timeout_s=READ_TIMEOUT_S, whose=whose_connection
        )
        made.publish(b'{"secret": "document"}')
        return made

    def _do(self, path, sent):
        self.filled.append((path, sent))
        return {"ok": True}


def by_another_user(program: list[str], plan: dict) -> dict:
    done = subprocess.run(
        program,
        input=json.dumps(plan) + "\n",
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


ROLES = ("program", "site", "user")


def attacked(
    requests: int, seed: int, roles: tuple[str, ...] = ROLES, kind: type[House] = House
) -> tuple[list[str], dict[str, dict[str, int]]]:
    """What went wrong, and the answers that each stranger got."""
    statuses, wrong = {}, []
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="open-")))
        home.chmod(0o755)  # only the rights of our own files keep others out
        house = kind(home)
        stack.callback(house.close)
        program = other_user()
        for role in roles:
            plan = house.plan(role, requests, seed)
            if role != "user":
                result = attack(plan)
            elif program is not None:
                result = by_another_user(program, plan)
            else:
                continue
            statuses[role] = result["statuses"]
            wrong += [f"{role} won {one}" for one in result["won"]]
            wrong += [f"{role} was let through: {one}" for one in house.filled]
            wrong += [f"{role} rang"] * house.rung.is_set()
            house.filled.clear()
        wrong += [f"the owner lost {one}" for one in house.owners()]
    return wrong, statuses


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    wrong: list[str] = []
    for kind in (House, DetailsHouse):
        found, statuses = attacked(options.requests, options.seed, kind=kind)
        wrong += found
        for role, count in statuses.items():
            print(f"{kind.__name__:14}{role:8} {dict(sorted(count.items()))}")
    print(*dict.fromkeys(wrong), f"{len(wrong)} faults", sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
