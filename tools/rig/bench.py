"""The bench as a whole: one clock, one step of everything per quantum.

Promise: per quantum: car and circuit step, wires, clock, the firmware runs until it has nothing
left to do, its lines are read, waiting requests are looked at. The clock goes at most `speed`
times as fast as the wall; a busy machine slows it down and changes nothing else.
Boundary: composition; every part has a file of its own.
"""

import asyncio
import json
import os
import time

from . import firmware, wires
from .connector import Connector
from .console import Console
from .meter import Meter, Slave
from .net import Network
from .reader import PN532, Field
from .serial_bus import Port
from .store import Store

QUANTUM_MS = 10  # the kernel's tick; 5 works as well
FIRST_MS = 100_000  # where the bench's clock begins: a charge point cannot know either
COUNTED = (
    wires.FLASH_ERASES,
    wires.FILES_ERASES,
    wires.JOURNAL_ERASES,
    wires.OTHER_ERASES,
)
CATCH_UP_S = 0.02  # the most that is made up for a late wake-up of this process


class Bench:
    def __init__(self, rig, provisioning, board, folder, speed, say):
        self.rig = rig
        self.speed = speed
        self.say = say
        self.now = FIRST_MS
        self.store = Store(folder)
        count = board["connectors"]
        self.wires = wires.Wires(count)
        self.wires.set_clock(self.now)
        self._load_counters()
        self.meters = [Meter(self.store, i, board["phases"]) for i in range(count)]
        self.connectors = [
            Connector(i, self.wires.connector(i), board, meter, rig.own_interlock)
            for i, meter in enumerate(self.meters)
        ]
        self.fields = [Field(lambda token, i=i: self.wires.inject(i, token)) for i in range(count)]
        self.port = Port([Slave(self.meters)] + [PN532(field) for field in self.fields])
        self.network = Network()
        self.console = Console(os.path.join(self.store.folder, "console.log"))
        self._run_dir = os.path.join(self.store.folder, "run")
        os.makedirs(self._run_dir, exist_ok=True)
        self._provisioning, self._board = provisioning, board
        self.firmware = None
        self.after_turn = []  # called every quantum; the control port's waiters
        self._due = time.monotonic()

    def _load_counters(self):
        for k, first in enumerate(COUNTED):
            for i in range(3):
                self.wires.slot[first + i] = self.store.counters[3 * k + i]

    async def start(self):
        """Everything but power."""
        await self.network.start()
        rig_json = os.path.join(self._run_dir, "rig.json")
        rig = self._rig()
        launch = self.rig.launch(rig, rig_json, self._board)
        with open(rig_json, "w", encoding="utf-8") as file:
            json.dump(rig, file)
        self.firmware = firmware.Firmware(
            self.wires, launch, self._run_dir, self.console, self._at_rest, self.say
        )
        self.console.on_input = self.firmware.type

    def _rig(self):
        paths = [line.path for line in self.port.lines]
        return {
            "wires": self.wires.path,
            "connectors": self._board["connectors"],
            "net": self.network.address,
            "uart": {"meter": paths[0], "readers": paths[1:]},
            "flash": self.store.flash,
            "unique_id": self.store.unique_id,
            "provisioning": self._provisioning,
            "board": self._board,
        }

    def _at_rest(self):
        """The computer is in reset: outputs fall back, half a frame on a UART is lost."""
        for connector in self.connectors:
            connector.rest()
        self.port.restart()

    def power(self, on):
        self.firmware.power(on, self.now)
        if not on:
            self._step_plant(0)  # the coil falls with the supply, not a quantum later

    async def run(self):
        while True:
            await self.turn()
            await self._pace()

    async def turn(self):
        """One quantum."""
        slot = self.wires.slot
        self.port.receive(slot[wires.TTY_BYTES], self.now)
        self._step_plant(QUANTUM_MS)
        self.now += QUANTUM_MS
        for field in self.fields:
            field.step(self.now)
        self.wires.set_clock(self.now)
        self.port.deliver(self.now)
        await self.firmware.turn(self.now)
        self.firmware.step(self.now)
        self.store.counters = self.flash_counters()
        for look in list(self.after_turn):
            look()

    def _step_plant(self, dt_ms):
        age = self.firmware.heartbeat_age_ms(self.now)
        for connector in self.connectors:
            connector.step(self.firmware.powered, age, dt_ms)

    def flash_counters(self):
        """(erases, programs, bytes): the whole, then of the files, the journal and the others."""
        slot = self.wires.slot
        return tuple(slot[first + i] for first in COUNTED for i in range(3))

    async def _pace(self):
        """At most `speed` times the wall. What hangs is watched in real time: the wall is all it
        lives in.
        """
        speed = min(self.speed, 1.0) if self.firmware.hung else self.speed
        self._due += QUANTUM_MS / 1000 / speed
        ahead = self._due - time.monotonic()
        if ahead < -CATCH_UP_S:
            self._due = time.monotonic() - CATCH_UP_S
        await asyncio.sleep(ahead if ahead > 0.001 else 0)

    def close(self):
        """In this order: who uses the wires goes before the wires."""
        if self.firmware is not None:
            self.firmware.end()
        self.port.close()
        self.console.close()
        self.store.counters = self.flash_counters()
        self.store.close()
        for connector in self.connectors:
            connector.view.release()
        self.wires.close()
