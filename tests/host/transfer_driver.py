"""Run by MicroPython: firmware.tasks.transfers over real sockets, without the rest of a charger.

Reads from stdin one JSON object: `jobs`, a list of what to fetch or to send, and `speed`, how much
faster its clock runs. Every name is this machine. Prints one JSON line with what became of it.
"""

import asyncio
import errno
import gc
import json
import os
import socket
import sys
import time
from hashlib import sha256

sys.path[:] = [sys.argv[0].rpartition("tests/")[0] or ".", ".frozen"]

from firmware.ocpp.job import Job  # noqa: E402
# The protocols too: what is measured is a transfer, not its code.
from firmware.tasks import transfer_ftp, transfer_http, transfers  # noqa: E402, F401
from firmware.tasks.quiet import Quiet  # noqa: E402
from hal import link  # noqa: E402

PLAN = json.loads(sys.stdin.read())


class Port:
    """As hal/unix.py has it, without the bench's proxy."""

    stalls_ms = 0

    async def connect(self, host, port, context=None, name=None):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            try:
                sock.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
            except OSError as error:
                if error.errno != errno.EINPROGRESS:
                    raise
            stream = asyncio.StreamWriter(sock)
            stream.write(b"")
            await stream.drain()
            if context is None:
                return link.Link(stream, sock)
            tls = context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)
            tls.setblocking(False)
            return link.Link(asyncio.StreamWriter(tls), tls, sock)
        except BaseException:
            sock.close()
            raise


class Uptime:
    def ms(self):
        return time.ticks_ms() * PLAN.get("speed", 1)


class Sink:
    """Keeps the digest only, so that the heap shows the transfer and not the file.

    Like a flash it is busy for a while after a restart, and takes nothing then.
    """

    def __init__(self, plan):
        self.tag = plan.get("tag", "")
        self.begun = []
        self.restarts = 0
        self.pieces = 0
        self.largest = 0
        self.plan = plan
        self.hash = sha256()
        self.offset = 0
        self.busy_until = 0
        if plan.get("kept"):
            self.write(plan["kept"].encode())

    def restart(self):
        self.restarts += 1
        self.offset = 0
        self.tag = ""
        self.hash = sha256()
        self.busy_until = time.ticks_ms() + 50

    def begin(self, size, tag):
        self.check()
        self.begun.append((self.offset, size, tag))
        self.tag = tag

    def ready(self):
        return time.ticks_ms() >= self.busy_until

    def check(self):
        if not self.ready():
            raise OSError(errno.EBUSY)

    def write(self, data):
        self.check()
        self.offset += len(data)
        self.hash.update(data)
        self.pieces += 1
        self.largest = max(self.largest, len(data))
        Heap.look()
        Turns.look()
        if self.pieces == self.plan.get("busy_at"):
            self.busy_until = time.ticks_ms() + self.plan["busy_ms"]
        if self.pieces == self.plan.get("flash_fails_at"):
            raise OSError(errno.EIO)
        if self.pieces == self.plan.get("refuses_at"):
            raise ValueError("no bundle")


class Source:
    def __init__(self, plan):
        self.name = plan["name"]
        self.size = plan["size"]
        self.short = plan.get("short", 0)
        self.restarts = -1
        self.restart()

    def restart(self):
        self.at = 0
        self.restarts += 1

    def read(self, n):
        n = min(n, self.size - self.short - self.at)
        at = self.at % 251
        self.at += n
        Heap.look()
        return (PATTERN * 6)[at : at + n]


PATTERN = bytes(range(251))


class Heap:
    base = peak = 0

    @classmethod
    def look(cls):
        cls.peak = max(cls.peak, gc.mem_alloc() - cls.base)


class Order(Job):
    def __init__(self, plan, sink, source):
        super().__init__(plan["url"], sink, source, plan.get("limit", 1 << 22))
        self.plan = plan
        self.starts = 0
        self.ended = []
        self.taken = time.ticks_ms()

    def started(self, now):
        self.starts += 1
        if self.plan.get("fault") == "started":
            raise RuntimeError("the room is broken")

    def finished(self, error, now):
        self.ended.append(error)
        if self.plan.get("fault") == "finished":
            raise RuntimeError("the room is broken")


class Room:
    """Hands out each job of the plan; again, with the same sink, as often as it says."""

    def __init__(self):
        self.orders = []
        self.results = []
        self.queue = list(PLAN["jobs"])
        self.left = 0
        self.faults = PLAN.get("room_faults", 0)

    def job(self, now):
        if self.faults:
            self.faults -= 1
            raise RuntimeError("the room is broken")
        if self.orders:
            last = self.orders[-1]
            if last.ended and last.ended[0] is not None and self.left:
                self.left -= 1
                self.orders.append(Order(last.plan, last.sink, last.source))
                return self.orders[-1]
        if not self.queue:
            return None
        plan = self.queue.pop(0)
        self.left = plan.get("again", 0)
        upload = "name" in plan
        self.orders.append(
            Order(plan, None if upload else Sink(plan), Source(plan) if upload else None)
        )
        gc.collect()
        Heap.base = gc.mem_alloc()
        return self.orders[-1]

    def done(self):
        if self.queue or not self.orders:
            return False
        last = self.orders[-1]
        if last.plan.get("fault") == "started" or last.cancelled:
            return time.ticks_ms() - last.taken > 1000
        return bool(last.ended) and (last.ended[0] is None or not self.left)


class Station:
    firmware_management: "Room | None" = None
    security_events = None


class Turns:
    """Another task of the charger, which wants its turn."""

    count = 0
    seen = 0
    fewest = 1 << 20  # between two pieces of content

    @classmethod
    def look(cls):
        cls.fewest = min(cls.fewest, cls.count - cls.seen)
        cls.seen = cls.count

    @classmethod
    async def run(cls):
        while True:
            cls.count += 1
            await asyncio.sleep_ms(0)


async def main():
    station = Station()
    room = Room()
    tls = PLAN.get("tls") or {}
    port = Port()
    quiet = Quiet(port, [], Uptime())
    task = asyncio.create_task(
        transfers.transfers(port, station, Uptime(), lambda: link.tls(tls), quiet)
    )
    await asyncio.sleep_ms(1)
    before = len(os.listdir("/proc/self/fd"))
    station.firmware_management = room
    if PLAN.get("turns"):
        asyncio.create_task(Turns.run())
    began = time.ticks_ms()
    while not room.done() and time.ticks_ms() - began < 40000:
        await asyncio.sleep_ms(10)
        for order in room.orders:
            after = order.plan.get("cancel_ms")
            if after is not None and time.ticks_ms() - order.taken >= after:
                order.cancelled = True
    await asyncio.sleep_ms(150)
    after = len(os.listdir("/proc/self/fd"))
    print(
        "@"
        + json.dumps(
            {
                "leaked": after - before,
                "alive": not task.done(),
                "peak": Heap.peak,
                "fewest_turns": Turns.fewest,
                "digests": digests(room),
                "jobs": [told(order) for order in room.orders],
            }
        )
    )


def told(order):
    said = {"started": order.starts, "ended": order.ended}
    if order.upload:
        said["restarts"] = order.source.restarts
        return said
    sink = order.sink
    said["offset"] = sink.offset
    said["begun"] = sink.begun
    said["restarts"] = sink.restarts
    said["pieces"] = sink.pieces
    said["largest"] = sink.largest
    return said


def digests(room):
    """One for each sink: MicroPython takes a digest only once."""
    sinks = []
    for order in room.orders:
        if not order.upload and order.sink not in sinks:
            sinks.append(order.sink)
    return [sink.hash.digest().hex() for sink in sinks]


gc.threshold(16384)
asyncio.run(main())
