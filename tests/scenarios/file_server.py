"""The servers of a backend's files: HTTP that resumes and errs when told, and FTP.

Promise: real sockets and whole protocols; what was asked and what was brought can be read.
Boundary: it knows nothing of OCPP.
"""

import threading
import warnings
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

with warnings.catch_warnings():  # of asyncore, which pyftpdlib stands on
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        files = self.server.files
        files.asked.append(self.headers.get("Range"))
        fault = files.faults.pop(0) if files.faults else None
        body = files.body.get(self.path)
        if body is None or fault == 404:
            self.send_error(404)
            return
        start = self._start(len(body))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.send_header("ETag", '"%x"' % hash(body))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        end = len(body) if fault is None else min(len(body), start + fault)
        for at in range(start, end, 1024):
            if not files.flows.wait(60):
                return
            self.wfile.write(body[at : min(at + 1024, end)])
            files.sent = min(at + 1024, end)
            if files.stop_at is not None and files.sent >= files.stop_at:
                files.flows.clear()
        self.close_connection = end < len(body)

    def _start(self, size):
        wanted = self.headers.get("Range", "")
        start = int(wanted[6:].rstrip("-") or 0) if wanted.startswith("bytes=") else 0
        return start if start < size else 0

    def do_PUT(self):
        files = self.server.files
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = files.faults.pop(0) if files.faults else 201
        if status == 201:
            files.brought[self.path] = body
            files.credentials.append(self.headers.get("Authorization"))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def handle(self):
        with suppress(ConnectionError):  # the power of the charger went
            super().handle()

    def log_message(self, *_):
        pass


class Files:
    """`body`: {path: bytes} to be fetched. `faults`, one for each request: 404, so many bytes and
    then the end, None; of an upload a status. `stop_at`: behind so many bytes it is silent until
    `flows` is set."""

    def __init__(self):
        self.body = {}
        self.brought = {}
        self.credentials = []
        self.faults = []
        self.asked = []  # the Range of each request
        self.sent = 0
        self.stop_at = None
        self.flows = threading.Event()
        self.flows.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.files = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def url(self, path, user=""):
        return "http://%s127.0.0.1:%d%s" % (user, self._server.server_address[1], path)

    def close(self):
        self.flows.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class FTP:
    """One user, whose home is `folder`."""

    def __init__(self, folder, user, password):
        authorizer = DummyAuthorizer()
        authorizer.add_user(user, password, str(folder), perm="elrw")

        class Handler(FTPHandler):
            pass

        Handler.authorizer = authorizer
        self._server = ThreadedFTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"timeout": 0.05, "handle_exit": False}
        )
        self._thread.start()

    def close(self):
        self._server.close_all()
        self._thread.join(10)
