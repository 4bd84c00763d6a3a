"""A board at a serial port, stopped at MicroPython's raw REPL: what is on it, and files onto it.

Boundary: mpremote's transport speaks; what to copy is decided by tools/deploy.py.
"""

import contextlib
import io
import time

import serial
from mpremote.transport import TransportError  # type: ignore[import-untyped]
from mpremote.transport_serial import SerialTransport  # type: ignore[import-untyped]

from tools.image_key import NotHere

TRIES = 3
CHUNK_BYTES = 1024
ANSWER_S = 5
SILENT = (
    "no prompt; a provisioned image keeps its console shut until its storage is erased,"
    " see docs/flashing.md"
)

# The firmware feeds a watchdog that nobody feeds now. RP2040: CTRL.ENABLE cleared (data sheet
# 4.7.6). An ESP32's cannot be taken off, only be given time (machine_wdt.c, not verified).
CALM = """
import sys, machine
if sys.platform == "rp2": machine.mem32[0x4005b000] = 1 << 30
elif sys.platform == "esp32": machine.WDT(timeout=900000)
"""
FACTS = """
import gc, os, sys
gc.collect()
one = sys.implementation
print(repr((sys.platform, one[1][:3], one._machine, one._mpy, gc.mem_alloc() + gc.mem_free())))
"""
SPACE = "import os; print(repr(os.statvfs('/')))"
# Of each file of these folders and each of these files: size, SHA-256, path. A folder: 0 - path/
SURVEY = """
import os, hashlib, binascii
def _file(name, buf):
    sum_, size = hashlib.sha256(), 0
    with open(name, "rb") as file:
        while True:
            count = file.readinto(buf)
            if not count: break
            sum_.update(memoryview(buf)[:count])
            size += count
    print(size, binascii.hexlify(sum_.digest()).decode(), name)
def _look(folder, buf):
    print(0, "-", folder + "/")
    for entry in os.ilistdir(folder):
        name = folder + "/" + entry[0]
        if entry[1] & 0x4000: _look(name, buf)
        else: _file(name, buf)
def _all(rooms, files):
    buf = bytearray(512)
    there = os.listdir("/")
    for name in rooms:
        if name in there: _look("/" + name, buf)
    for name in files:
        if name in there: _file("/" + name, buf)
_all(%r, %r)
"""


class Device:
    def __init__(self, port, wait_s=0, connect=SerialTransport):
        self.port = port
        self._transport = self._enter(wait_s, connect)
        self._folders: set = set()
        platform, version, self.machine, self.mpy, self.heap = self.ask(FACTS)
        self.platform, self.version = platform, tuple(version)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._transport.close()

    def _enter(self, wait_s, connect):
        """Whatever runs is stopped. A board that resets meanwhile is asked again."""
        until, tries = time.monotonic() + wait_s, 0
        while True:
            transport = None
            try:
                transport = connect(self.port, timeout=ANSWER_S)
                with contextlib.redirect_stdout(io.StringIO()):  # it prints what is no prompt
                    transport.enter_raw_repl(timeout_overall=ANSWER_S)
                transport.exec(CALM)
                return transport
            except (TransportError, serial.SerialException, OSError) as error:
                if transport is not None:
                    transport.close()
                    tries += 1
                if tries >= TRIES or (transport is None and time.monotonic() >= until):
                    what = SILENT if transport else "no board there"
                    raise NotHere(f"{self.port}: {what} ({error})") from None
            time.sleep(0.5)

    def run(self, script):
        return self._transport.exec(script).decode()

    def ask(self, script):
        """What a script prints, as a value."""
        import ast

        return ast.literal_eval(self.run(script).strip())

    def space(self):
        """(bytes of a block, free blocks) of what is mounted at /"""
        said = self.ask(SPACE)
        return said[0], said[3]

    def survey(self, rooms, files):
        """{path: (size, SHA-256)}"""
        rows = [row.split(" ", 2) for row in self.run(SURVEY % (rooms, files)).splitlines()]
        self._folders = {name.rstrip("/") for _, digest, name in rows if digest == "-"}
        return {name: (int(size), digest) for size, digest, name in rows if digest != "-"}

    def remove(self, names):
        for name in names:
            self._transport.fs_rmfile(name)

    def prune(self, rooms, wanted):
        """Folders in which nothing is wanted any more."""
        needed = {"/".join(name.split("/")[:n]) for name in wanted for n in range(2, 9)}
        for folder in sorted(self._folders - needed, reverse=True):
            self._transport.fs_rmdir(folder)
            self._folders.discard(folder)

    def write(self, name, data):
        """Its folder is made where it is missing."""
        parts = name.split("/")[1:-1]
        for n in range(1, len(parts) + 1):
            folder = "/" + "/".join(parts[:n])
            if folder not in self._folders:
                if not self._transport.fs_exists(folder):
                    self._transport.fs_mkdir(folder)
                self._folders.add(folder)
        self._transport.fs_writefile(name, data, chunk_size=CHUNK_BYTES)

    def rename(self, old, new):
        self.run("import os; os.rename(%r, %r)" % (old, new))

    def reset(self):
        """As after power on: pins let go, the watchdog not armed."""
        self._transport.exec_raw_no_follow("import machine; machine.reset()")
