"""Attacks on our loopback pages and the doorbell, with the standard library alone, so that another user can run it.

`attack(plan)` tries what the plan allows and returns what it won. As a program it reads the plan from its input and
prints the result; tests/page/attacks.py starts it.
"""

import contextlib
import json
import random
import socket
import sys

WAIT_S = 5.0
MOST_OPEN = 40
ANY_HOST = (
    "evil.example",
    "localhost:{port}",
    "127.0.0.1",
    "127.0.0.1:{port}.",
    "[::1]:{port}",
    "127.0.0.1:{port}, x",
    "",
    None,
)
OTHER_ORIGIN = (
    "http://evil.example",
    "null",
    "http://127.0.0.1:{other}",
    "http://localhost:{port}",
    "https://127.0.0.1:{port}",
    "",
    None,
)
OTHER_SITE = ("cross-site", "same-site", "x", "same-origin, cross-site")
SIMPLE_TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
    "",
    None,
)
PATHS = (
    "/",
    "/connect",
    "/connect.js",
    "/texts.json",
    "/details.js",
    "/state?seen=",
    "/state?seen=x&seen=",
    "/here",
    "/act",
    "/setting",
    "/open/",
    "/open/{guess}",
    "/open/{nonce}x",
    "//connect",
    "/connect?x",
    "/../connect_page.py",
)
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "X", "get", "POST ")
RUBBISH = (
    b"\x16\x03\x01\x02\x00\x01",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\r\n" * 500,
    b"POST /connect\r\n\r\n",
    b"A" * 70000,
    b"GET /" + b"a" * 70000,
    b"\x00" * 9,
)


class Stranger:
    """`role`: "user" is another user who has all secrets, "site" a page in the owner's own browser, which sends the
    cookie but not what a page of another origin cannot set, "program" one of the owner's programs without the cookie."""

    def __init__(self, plan):
        self.plan = plan
        self.chance = random.Random(plan["seed"])
        self.won = []
        self.statuses = {}
        self.open = []

    def run(self):
        for _ in range(self.plan["requests"]):
            if self.plan.get("door") and self.chance.random() < 0.3:
                self.knock()
            else:
                self.ask()
            while len(self.open) > MOST_OPEN:
                self.open.pop(0).close()
        for call in self.open:
            call.close()
        for path in self.plan["files"]:
            try:
                with open(path, "rb") as file:  # noqa: PTH123 - as plain as can be
                    self.won.append(f"read {path}: {len(file.read())}")
            except OSError:
                continue
        return {"won": self.won, "statuses": self.statuses}

    def pick(self, choices):
        made = self.chance.choice(choices)
        return made.format(**self.plan, other=self.plan["port"] ^ 1, guess="x" * 43) if isinstance(made, str) else made

    def headers(self):
        """Those of the page's own script, but for what this role cannot send."""
        plan, role = self.plan, self.plan["role"]
        own = f"http://127.0.0.1:{plan['port']}"
        right = {
            "Host": f"127.0.0.1:{plan['port']}",
            "Cookie": plan["cookie"],
            "Origin": own,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/json",
            "X-Elbowroom": "1",
        }
        if role == "site":  # a browser says where a page is from, and asks before it sends more than a form could
            right |= {"Origin": self.pick(OTHER_ORIGIN), "Sec-Fetch-Site": self.pick(OTHER_SITE)}
            if self.chance.random() < 0.5:
                del right["X-Elbowroom"]
                right["Content-Type"] = self.pick(SIMPLE_TYPES)
        if role == "program":
            name = plan["cookie"].partition("=")[0]
            right["Cookie"] = self.pick(
                (
                    "",
                    f"{name}=",
                    f"{name}={'x' * 43}",
                    f"{plan['cookie'][:-1]}",
                    f"x{plan['cookie']}",
                    f"{plan['cookie']}x",
                )
            )
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            wrong = {
                "Host": ANY_HOST,
                "Origin": OTHER_ORIGIN,
                "Sec-Fetch-Site": OTHER_SITE,
                "Content-Type": SIMPLE_TYPES,
            }
            name = self.chance.choice(tuple(wrong))
            right[name] = self.pick(wrong[name])
        return right

    def request(self):
        role = self.plan["role"]
        method, path = ("POST", "/connect") if self.chance.random() < 0.5 else (self.pick(METHODS), self.pick(PATHS))
        if role == "user" and self.chance.random() < 0.3:
            method, path = "GET", f"/open/{self.plan['nonce']}"
        body = self.chance.choice(
            (
                b"{}",
                b'{"act": "x"}',
                b'{"values": {"poll_s": "1"}, "seal": ""}',
                b'{"url": "http://evil.example", "api_key": "k"}',
                b"",
                b"[" * 5000,
                b"\xff" * 99,
            )
        )
        lines = [f"{method} {path} HTTP/1.{self.chance.choice('01')}"]
        lines += [f"{name}: {value}" for name, value in self.headers().items() if value is not None]
        lines.append(
            self.chance.choice(
                (
                    f"Content-Length: {len(body)}",
                    f"Content-Length: {len(body)}",
                    "Content-Length: -1",
                    "Content-Length: 99999999",
                    "Transfer-Encoding: chunked",
                    "Content-Length: 0\r\nContent-Length: 2",
                )
            )
        )
        return method, path, "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def ask(self):
        if self.chance.random() < 0.1:
            method, path, data = "", "", self.chance.choice(RUBBISH)
        else:
            method, path, data = self.request()
        if self.chance.random() < 0.1:
            data = data[: self.chance.randrange(len(data) + 1)]
        answer = self.sent(self.plan["port"], data)
        status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/") else "none"
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if b"Set-Cookie" in answer or self.plan["cookie"].partition("=")[2].encode() in answer:
            self.won.append(f"the cookie by {method} {path}")
        if b"Access-Control-Allow" in answer:
            self.won.append(f"another origin may read {method} {path}")
        if status == "200" and (self.plan["role"] != "site" or method != "GET"):
            self.won.append(f"an answer to {method} {path}")

    def sent(self, port, data):
        """All of the answer; nothing where it hangs up, and who is left waiting may stay so."""
        try:
            call = socket.create_connection(("127.0.0.1", port), WAIT_S)
        except OSError:
            return b""
        if self.chance.random() < 0.1:
            self.open.append(call)  # a slow one: it says a part and no more
            with contextlib.suppress(OSError):
                call.sendall(data[: len(data) // 2])
            return b""
        with call:
            answer = b""
            with contextlib.suppress(OSError):
                call.sendall(data)
                call.shutdown(socket.SHUT_WR)
                while part := call.recv(65536):
                    answer += part
            return answer

    def knock(self):
        token = self.plan["guess_of_token"]
        lines = (
            b"",
            b"\n",
            b"x\n",
            token[:9].encode(),
            b"x" * 5000,
            b"\x00\n",
            token[:-1].encode() + b"\n",
            token[::-1].encode() + b"\n",
            b"GET / HTTP/1.1\r\n\r\n",
        )
        if self.sent(self.plan["door"], self.chance.choice(lines)).strip() == b"ok":
            self.won.append("the doorbell")


def attack(plan):
    return Stranger(plan).run()


if __name__ == "__main__":
    print(json.dumps(attack(json.loads(sys.stdin.readline()))), flush=True)
