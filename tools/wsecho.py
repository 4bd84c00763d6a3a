"""The firmware's WebSocket client as an echo, for Autobahn's fuzzingserver. Unix port; ws:// only.

    micropython tools/wsecho.py URL [--limit BYTES]                echo until the server closes
    micropython -X heapsize=128M tools/wsecho.py URL --agent NAME   every case of a fuzzingserver

Autobahn: write fuzzingserver.json with {"url": "ws://127.0.0.1:9001", "outdir": "reports",
"cases": ["*"], "exclude-cases": ["12.*", "13.*"]} (12 and 13 are compression, which we do not
offer), run `wstest -m fuzzingserver -s fuzzingserver.json`, then this file with
ws://127.0.0.1:9001 and --agent. The server writes reports/index.html at the end.
"""

import os
import socket
import sys

sys.path.insert(0, __file__.rpartition("tools/")[0] or ".")

from firmware.wire import url as urls
from firmware.wire.websocket import (
    BINARY,
    CLOSED,
    REFUSED,
    REPLY,
    TEXT,
    Client,
)

_LIMIT = 16 * 1024 * 1024


def events(url, limit):
    """Connect; yield (client, write, event) until CLOSED or REFUSED, the last."""
    secure, host, port, path = urls.parse(url)
    if secure:
        raise ValueError("ws:// only")
    client = Client(
        urls.authority(secure, host, port), path, os.urandom(16), entropy=os.urandom, limit=limit
    )
    link = socket.socket()
    try:
        link.connect(socket.getaddrinfo(host, port)[0][-1])
        link.write(client.request())
        event = None
        while not event or event[0] not in (CLOSED, REFUSED):
            event = client.next()
            if event is None:
                client.feed(receive(link))
                continue
            if event[0] == REPLY:
                write(link, event[1])
            yield client, link, event
    finally:
        link.close()


def receive(link):
    try:
        return link.recv(4096)
    except OSError as error:
        print("receive:", error)
        return b""  # a reset connection has ended too


def write(link, data):
    try:
        link.write(data)
    except OSError as error:
        print("write:", error)  # the end of the stream follows


def echo(url, limit):
    for client, link, event in events(url, limit):
        if event[0] == TEXT:
            write(link, client.text(event[1]))
        elif event[0] == BINARY:
            write(link, client.binary(event[1]))
    return event


def run_cases(url, agent, limit):
    base = url.rstrip("/")
    count = 0
    for _, _, event in events(base + "/getCaseCount", limit):
        if event[0] == TEXT:
            count = int(event[1])
    agent = urls.percent_encode(agent)
    for case in range(1, count + 1):
        end = echo("%s/runCase?case=%d&agent=%s" % (base, case, agent), limit)
        print("case %d of %d:" % (case, count), *end[1:])
    echo("%s/updateReports?agent=%s" % (base, agent), limit)


def main(arguments):
    options = {"--agent": None, "--limit": str(_LIMIT)}
    rest = []
    while arguments:
        word = arguments.pop(0)
        if word in options and arguments:
            options[word] = arguments.pop(0)
        else:
            rest.append(word)
    if len(rest) != 1:
        print("usage: wsecho.py URL [--agent NAME] [--limit BYTES]")
        sys.exit(2)
    limit = int(options["--limit"])
    if options["--agent"]:
        run_cases(rest[0], options["--agent"], limit)
    else:
        print(*echo(rest[0], limit)[1:])


main(sys.argv[1:])
