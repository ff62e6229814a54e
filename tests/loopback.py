"""A server on this machine, for the tests of downloads."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def sha(data):
    return hashlib.sha256(data).hexdigest()


class Server:
    """A loopback HTTP server, as a context manager.

    routes: path -> bytes, or a function of the handler. `.asked`: the GETs it got.
    """

    def __init__(self, routes=()):
        self.routes = dict(routes)
        self.asked = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                answer = outer.routes.get(self.path.split("?")[0])
                if callable(answer):
                    return answer(self)
                self.send_response(404 if answer is None else 200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(answer or b"")))
                self.end_headers()
                self.wfile.write(answer or b"")

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.http.shutdown()
        self.http.server_close()


def status(code):
    "A route that answers with this status and nothing else."

    def answer(handler):
        handler.send_response(code)
        handler.end_headers()

    return answer
