"""Another program that asks an Ollama: `asks.py URL MODEL COUNT [kept]`; runs until it is ended.

Each of COUNT clients asks again and again for a streamed answer; `kept`: over connections that it keeps, and asks only
once, so that they lie idle.
"""

import http.client
import json
import sys
import threading
import time
from urllib.parse import urlsplit


def ask(address, model, kept):
    connection = http.client.HTTPConnection(address.hostname, address.port)
    while True:  # until this process is ended
        body = json.dumps({"model": model, "prompt": "w1 w2 w3"})
        connection.request("POST", "/api/generate", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        if kept:
            print("idle", flush=True)
            time.sleep(3600)
        connection.close()


def main():
    url, model, count, *kept = sys.argv[1:]
    for _ in range(int(count)):
        threading.Thread(target=ask, args=(urlsplit(url), model, bool(kept)), daemon=True).start()
    time.sleep(3600)


main()
