"""Another user of the machine: reads every command line there is and tries to win one of our pages with what it finds.

Runs on its own, with the standard library alone, until its input ends; prints what it saw, could read and won.
"""

import http.client
import json
import pathlib
import re
import sys
import threading
import urllib.request

SECRET = re.compile(rb"http://127\.0\.0\.1:[0-9]+/open/[^\s\"'<>]+")
FILE = re.compile(rb"file://(/[^\s\0]*elbowroom-(?:connect|details)-[^\s\0]*)")
seen, read, won = set(), set(), set()


def attempt(url):
    with urllib.request.urlopen(url.decode(), timeout=5) as answer:
        if answer.headers["Set-Cookie"]:
            won.add(url.decode())


def look():
    for place in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes()
        except OSError:
            continue
        found = set(SECRET.findall(words))
        for path in FILE.findall(words):
            seen.add(path.decode())
            try:
                found |= set(SECRET.findall(pathlib.Path(path.decode()).read_bytes()))
            except OSError:
                continue
            read.add(path.decode())
        for url in found:
            try:
                attempt(url)
            except (OSError, http.client.HTTPException):
                continue


over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
print("ready", flush=True)
while not over.is_set():
    look()
print(json.dumps({"seen": len(seen), "read": len(read), "won": len(won)}), flush=True)
