"""A local OCPP 1.6J backend: the other end of the charge point's wire, by other people's
libraries.

    python tools/csms.py [--port 9000] [--password PASSWORD] [--tag TAG=STATUS ...]

Promise: `ocpp` (mobilityhouse) judges both directions by the official schemas, `websockets`
speaks RFC 6455. Prints every frame and what it breaks; on a terminal a line typed is a question
to the charge point. Boundary: the command line; the backend itself is csms_backend.py.
"""

import argparse
import json
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools.csms_backend import Backend  # noqa: E402
from tools.csms_frame import FROM  # noqa: E402
from tools.csms_server import NoAnswer  # noqa: E402


def _arguments(arguments):
    parser = argparse.ArgumentParser(prog="csms", description="A local OCPP 1.6J backend")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--password", help="require Basic auth with this password")
    parser.add_argument("--interval", type=int, default=300, help="heartbeat interval, s")
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="TAG=STATUS",
        help="answer for one idTag; others are Accepted",
    )
    return parser.parse_args(arguments)


def _print(frame):
    moment = datetime.now(timezone.utc)
    shown = frame.text if isinstance(frame.text, str) else repr(frame.text)
    print(
        "%s %s %s"
        % (moment.strftime("%H:%M:%S.%f")[:-3], "->" if frame.direction == FROM else "<-", shown)
    )
    if frame.violation:
        print("             !! %s" % frame.violation)
    sys.stdout.flush()


def _type(backend, line):
    """`Action {"json": "payload"}` from the keyboard becomes a question."""
    action, _, text = line.strip().partition(" ")
    if not action:
        return
    try:
        payload = json.loads(text or "{}")
        backend.ask(action, payload)
    except (ValueError, NoAnswer) as e:
        print("csms: %s" % e, file=sys.stderr)


def main(arguments=None):
    options = _arguments(arguments)
    backend = Backend(
        options.host, options.port, interval_s=options.interval, password=options.password
    )
    backend.tags = dict(tag.split("=", 1) for tag in options.tag)
    backend.record.listeners.append(_print)
    try:
        backend.start()
    except OSError as e:
        print("csms: %s" % e, file=sys.stderr)
        return 2
    print(
        'csms: %s  (Ctrl-C ends; type: RemoteStopTransaction {"transactionId": 1})' % backend.url,
        flush=True,
    )
    try:
        if sys.stdin.isatty():
            for line in sys.stdin:
                _type(backend, line)
        else:
            threading.Event().wait()
    except KeyboardInterrupt:
        print()
    finally:
        backend.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
