"""A charger with two slots of flash, the guard that starts it, and a server with a bundle.

Power can go in the middle of any write of slot, switch or file: the charger is thrown away, and a
new one is built on what is left.
"""

import binascii
import hashlib
import struct

from firmware.ocpp.v16 import rooms
from firmware.store.slots import Slots
from firmware.store.switch import Switch
from firmware.store.volatile import Volatile
from tests.unit.disk_rig import Files
from tests.unit.station_rig import NOON, Charger

BLOCK = 1024
BLOCKS = 5
BOARD = "RIG"
MPY = 6
HOME = "http://u:secret@192.0.2.1/fw.bin"
GOOD = ["Downloading", "Downloaded", "Installing", "Installed"]
ENDS = ("Installed", "InstallationFailed", "DownloadFailed")
FILE = "/flash/update.json"


class Cut(Exception):
    """The power is gone."""


def bundle(version="0.2.0", pages=10, board=BOARD, mpy=MPY):
    """Whatever a ROMFS would be; docs/update.md has the header."""
    payload = b"\xd2\xcd\x31" + bytes((i * 7 + 1) & 0xFF for i in range(pages * 256 - 3))
    facts = struct.pack(
        "<8sBB2xI32s50s24s2x",
        b"EVSEBNDL",
        1,
        mpy,
        len(payload),
        hashlib.sha256(payload).digest(),
        version.encode(),
        board.encode(),
    )
    head = facts + struct.pack("<I", binascii.crc32(facts))
    return head + b"\xff" * (256 - len(head)) + payload


class Nor:
    """A program clears bits, an erase sets them."""

    def __init__(self, power, blocks):
        self.power = power
        self.data = bytearray(b"\xff" * (blocks * BLOCK))
        self.erases = 0

    def readblocks(self, block, buf, offset=0):
        at = block * BLOCK + offset
        buf[:] = self.data[at : at + len(buf)]

    def writeblocks(self, block, buf, offset):
        at = block * BLOCK + offset
        half = self.power.goes("program")
        for i in range(len(buf) // 2 if half else len(buf)):
            self.data[at + i] &= buf[i]
        if half:
            raise Cut

    def ioctl(self, op, argument):
        if op == 4:
            return len(self.data) // BLOCK
        if op == 5:
            return BLOCK
        half = self.power.goes("erase")
        self.erases += 1
        at = argument * BLOCK
        size = BLOCK // 2 if half else BLOCK
        self.data[at : at + size] = b"\xff" * size
        if half:
            raise Cut
        return 0


class Power:
    """Counts writes; `cut_in` so many of them is the last one, and only half done."""

    def __init__(self):
        self.writes = 0
        self.cut_in = None
        self.seen = []

    def goes(self, kind):
        self.writes += 1
        self.seen.append(kind)
        if self.cut_in is None:
            return False
        self.cut_in -= 1
        return self.cut_in < 0

    def file(self, change):
        if self.goes("file " + change[0]):
            self.cut_in = None
            raise Cut  # LittleFS: the file is as it was before


class Server:
    """One file; `length`: what it says of it. `faults`: what goes wrong with each attempt in turn:
    a text, the error at once; a number, the link breaks behind so many bytes."""

    def __init__(self, body):
        self.body = body
        self.tag = '"1"'
        self.length = len(body)
        self.faults = []
        self.jobs = []  # (now, location, offset)
        self.got = []  # files that were uploaded
        self.resumes = True
        self.rude = False  # it goes on in the middle of another file
        self.job = None

    def beat(self, room, now):
        """What the transfers task does, a piece at a time."""
        job = self.job
        if job is None:
            job = self.job = room.job(now)
            if job is None:
                return
            self.jobs.append((now, job.location, 0 if job.upload else job.sink.offset))
            self.fault = self.faults.pop(0) if self.faults else None
            self.begun = False
            self.sent = b""
        if job.cancelled:
            self.job = None
            return
        try:
            ended, error = self.send(job, now) if job.upload else self.bring(job, now)
        except (OSError, ValueError) as failure:
            ended, error = True, str(failure)
        if ended:
            self.job = None
            job.finished(error, now)

    def bring(self, job, now):
        if isinstance(self.fault, str):
            return True, self.fault
        sink = job.sink
        if not self.begun:
            if not self.rude and sink.offset and not (self.resumes and sink.tag == self.tag):
                sink.restart()
            if not sink.ready():
                return False, None
            self.begun = True
            job.started(now)
            sink.begin(self.length, self.tag)
        at = sink.offset
        end = min(at + 700, len(self.body))
        if self.fault is not None and at >= self.fault:
            return True, "closed by the peer"
        if sink.ready():
            sink.write(memoryview(self.body)[at:end])
        if end < len(self.body):
            return False, None
        return True, None if self.length in (None, end) else "closed early"

    def send(self, job, now):
        if isinstance(self.fault, str):
            return True, self.fault
        if not self.begun:
            self.begun = True
            job.started(now)
        if self.fault is not None and len(self.sent) >= self.fault:
            return True, "closed by the peer"
        piece = job.source.read(100)
        self.sent += piece
        if piece:
            return False, None
        self.got.append((job.source.name, self.sent))
        return True, None


class Box:
    """What outlives a reboot, and the charger of this boot."""

    def __init__(self, connectors=1, body=None, keys=None):
        self.power = Power()
        self.devices = (Nor(self.power, BLOCKS), Nor(self.power, BLOCKS))
        self.switch = Nor(self.power, 2)
        self.names = {}
        self.server = Server(bundle() if body is None else body)
        self.store = Volatile(200000)
        self.frames = []  # of earlier boots
        self.boots = 0
        self.connectors = connectors
        self.keys = keys
        self.imports = True  # whether what is in a slot can be started
        self.status = "Accepted"  # of BootNotification, in a slot
        self.archive = None
        self.linked = True  # from the boot on
        self.history = None  # a list: what is noted in the event history
        self.asked = []  # where in calls() each request came
        self.on = False
        self.boot()

    def slots(self, where=""):
        return Slots(self.devices, Switch(self.switch), BOARD, MPY, where)

    def boot(self):
        """As firmware/start.py does it, then the composition root."""
        self.boots += 1
        for _ in range(8):
            guard = self.slots()
            tree = guard.boot()
            if tree == "factory" or self.imports:
                break
            guard.fall_back("ImportError")
        self.tree = tree
        files = Files(self.names, self.power.file)
        slots = self.slots("/%s/firmware/main.mpy" % tree)
        plant = rooms.Plant(files, slots, events=self if self.history is not None else None)
        c = self.charger = Charger(
            connectors=self.connectors,
            store=self.store,
            files=files,
            plant=plant,
            keys=self.keys,
            online=False,
        )
        c.backend.at = NOON + self.boots * 3600
        if tree != "factory":
            c.backend.status = self.status
        c.station.archive = self.archive
        self.room = c.station.firmware_management
        self.server.job = None
        if self.linked:
            c.link(True)
        self.on = True

    def add(self, kind, text, now):
        """store/events.py, as the room sees it."""
        self.history.append((kind, text))

    def gone(self):
        self.power.cut_in = None
        if self.on:
            self.off()

    def off(self):
        self.frames += self.charger.frames
        self.on = False

    def step(self, step_ms=100):
        """One beat; a cut or a reset starts the next boot."""
        c = self.charger
        try:
            if not self.on:
                self.boot()
                return
            c.tick(step_ms)
            self.server.beat(self.room, c.now)
            if c.reboots:
                self.off()
        except Cut:
            self.gone()

    def run(self, seconds, step_ms=100):
        for _ in range(int(seconds * 1000) // step_ms):
            self.step(step_ms)
        return self

    def until(self, done, seconds=120, step_ms=100):
        for _ in range(int(seconds * 1000) // step_ms):
            if self.on and done():
                return self
            self.step(step_ms)
        raise AssertionError("not within %d s: %s" % (seconds, self.told()))

    def ask(self, **fields):
        """UpdateFirmware; the answer, None if the power goes."""
        request = {"location": HOME, "retrieveDate": "2020-01-01T00:00:00Z"}
        request.update(fields)
        self.asked.append(len(self.calls()))
        try:
            return self.charger.ask("UpdateFirmware", request)
        except Cut:
            self.gone()
            return None

    def diagnose(self, **fields):
        request = {"location": "ftp://192.0.2.1/in"}
        request.update(fields)
        return self.charger.ask("GetDiagnostics", request)

    def calls(self):
        """(action, payload) of all boots."""
        frames = self.frames + (self.charger.frames if self.on else [])
        return [(frame.action, frame.payload) for frame in frames if frame.kind == 2]

    def told(self, action="FirmwareStatusNotification"):
        return [payload["status"] for name, payload in self.calls() if name == action]

    def finals(self):
        return [status for status in self.told() if status in ENDS]

    def ends(self):
        """The last statuses of each request; the same one told again counts once: the power went
        before its answer was kept."""
        calls = self.calls()
        found = []
        for i, start in enumerate(self.asked):
            end = self.asked[i + 1] if i + 1 < len(self.asked) else len(calls)
            ends = []
            for _, payload in calls[start:end]:
                status = payload.get("status")
                if status in ENDS and status not in ends:
                    ends.append(status)
            found.append(ends)
        return found

    def finished(self):
        """Told how it ended, and nothing is left of it."""
        return self.finals() and FILE not in self.names


def ready(**how):
    return Box(**how).run(3)


def held(**how):
    """A charger with a bundle that waits for the end of a transaction."""
    box = ready(**how)
    box.server.faults = ["404 Not Found"]
    box.ask(retryInterval=40)
    box.until(lambda: box.server.jobs)
    box.charger.charge()
    box.until(lambda: "Downloaded" in box.told(), 60, 20)
    return box.run(10, 20)
