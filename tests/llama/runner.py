"""The runner of Ollama 0.5 to 0.24: `ollama runner --model BLOB --port N`, which tells no slots. It answers by counting.

Its process has Ollama's name and command line, keeps the server's connections open as theirs did, and uses its
processor while it answers, at about the rate of a large model.
"""

import http.server
import json
import sys
import time

TOKEN_S = 0.03


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Quiet."""

    def do_GET(self):
        status = 200 if self.path == "/health" else 404
        self._head(status, "Content-Length: 15")
        self.wfile.write(b'{"status": 0}  ')

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._head(200, "Transfer-Encoding: chunked")
        left = body["n_predict"]
        while left:
            left -= 1
            until = time.monotonic() + TOKEN_S
            while time.monotonic() < until:
                sum(range(1000))
                time.sleep(TOKEN_S / 20)
            data = b'data: {"content": " w"}\n\n'
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _head(self, status, line):
        self.send_response(status)
        self.send_header(*line.split(": "))
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """The server hung up: that is how an answer ends."""


Server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
