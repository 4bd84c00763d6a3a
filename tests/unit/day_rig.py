"""A whole charge point on flash that may lose its power at any operation, and a backend that keeps
the books: `World` outlives a power cut, `Box` (kernels, station, outbox, journal) does not.

The backend knows a message by its id: one it has heard before gets the answer of then. What the
station kept durably, the world keeps beside it, with the meter's register and the true time.
"""

import json

from firmware.ocpp.clock import Clock
from firmware.ocpp.epoch import Epochs
from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import configuration, rooms, vocabulary
from firmware.store.journal import Journal
from firmware.store.settings import Settings
from tests.unit.disk_rig import Files
from tests.unit.flash_rig import Cut, Flash
from tests.unit.station_rig import NOON, Charger

BILLABLE = ("StartTransaction", "MeterValues", "StopTransaction")
DARK_MS = 60000  # how long a power cut lasts
KEYS = {
    "AllowOfflineTxForUnknownId": "true",
    "LocalPreAuthorize": "true",
    "MeterValueSampleInterval": "30",
    "StopTxnSampledData": "Energy.Active.Import.Register",
}


class World:
    """What a power cut leaves as it is: flash, files, cars, meters, the backend and the time."""

    def __init__(self, connectors=2, blocks=6, block_bytes=1024):
        self.flash = Flash(blocks, block_bytes)
        self.names = {}
        self.energy_mwh = [1000000] * connectors
        self.cars = ["A"] * connectors
        self.utc_ms = NOON * 1000  # of the present boot's beginning
        self.kept = []  # (message id, action, register, true UTC, clock known): accepted
        self.trying = None  # the same, while it is being kept
        self.tried = []  # (place in `kept`, the same) of those the power went in: kept or not
        self.heard = {}  # message id: answer
        self.override = {}  # action: another answer, a text is the code of a CALLERROR
        self.said = []  # (message id, action, payload), each id once
        self.last_ids = [0, 40]  # of messages, of transactions
        self.configured = None  # the settings that were kept last
        self.listed = (0,)  # the version of the list that was kept last, and the one tried

    def clone(self, flash):
        other = World(len(self.cars), 1)
        other.flash = flash
        flash.copy(self.flash)
        other.names = dict(self.names)
        for name in ("energy_mwh", "cars", "kept", "said", "last_ids"):
            setattr(other, name, list(getattr(self, name)))
        other.heard = dict(self.heard)
        other.utc_ms, other.trying = self.utc_ms, self.trying
        other.cut()
        other.configured, other.listed = self.configured, self.listed
        return other

    def cut(self):
        """The power goes."""
        self.utc_ms += DARK_MS
        if self.trying is not None:
            self.tried.append((len(self.kept), self.trying))
            self.trying = None

    def accepted(self):
        """The rows of all that was kept, in order; of what the power went in, if it was heard."""
        rows, heard = list(self.kept), [message_id for message_id, _, _ in self.said]
        for place, row in reversed(self.tried):
            if row[0] in heard:
                rows.insert(place, row)
        return rows

    def hear(self, message_id, action, payload, now):
        """The backend's answer."""
        if action in self.override:
            return self.override[action]
        if message_id in self.heard:
            return self.heard[message_id]
        time = format_time((self.utc_ms + now) // 1000)
        answer = {}
        if action == "BootNotification":
            answer = {"status": "Accepted", "currentTime": time, "interval": 300}
        elif action == "Heartbeat":
            answer = {"currentTime": time}
        elif action == "Authorize":
            answer = {"idTagInfo": {"status": "Accepted"}}
        elif action == "StartTransaction":
            self.last_ids[1] += 1
            answer = {"transactionId": self.last_ids[1], "idTagInfo": {"status": "Accepted"}}
        self.heard[message_id] = answer
        if action in BILLABLE and "transactionId" in (answer if "Start" in action else payload):
            self.said.append((message_id, action, payload))
        return answer


class Box(Charger):
    """The electronics, from power on to power off."""

    def __init__(self, world, online=False, before=None):
        self.world = world
        self.disk = files = Files(world.names, before)
        settings = Settings(
            configuration.ROWS + rooms.rows(rooms.built()),
            {"NumberOfConnectors": str(len(world.cars))},
            "settings",
            files,
        )
        self.fresh = settings.fresh
        super().__init__(
            len(world.cars),
            KEYS if settings.fresh else None,
            False,
            settings,
            files,
            Journal(world.flash, vocabulary.WORDS, vocabulary.SHAPES),
            Clock(Epochs("boots", files)),
        )
        world.configured = dict(settings._values)
        self.energy_mwh = world.energy_mwh
        for k, letter in enumerate(world.cars):
            if letter != "A":
                self.plug(k + 1)
                self.rigs[k].car.letter = letter
        self._witness()
        self._upkeep_at = 0
        if online:
            self.link(True)

    def _witness(self):
        """Whatever is accepted is noted outside of it."""
        put, world = self.outbox.put_billable, self.world

        def kept(action, payload, transaction, now):
            connector = payload.get("connectorId") or self._of.pop(transaction, 0)
            if action == "StartTransaction":
                self._of[transaction] = connector
            wh = self.energy_mwh[connector - 1] // 1000 if connector else None
            at = (world.utc_ms + now) // 1000
            row = ["m%d" % (world.last_ids[0] + 1), action, wh, at, self.clock.known]
            world.trying = row
            put(action, payload, transaction, now)
            world.trying = None
            world.kept.append(row)

        change = self.settings.change

        def changed(key, text):
            done = change(key, text)
            if done:
                world.configured = dict(self.settings._values)
            return done

        self.outbox.put_billable, self.settings.change = kept, changed
        self._of = {}
        for connector in self.connectors:
            transaction = connector.session.transaction
            if transaction is not None:
                self._of[transaction.number] = connector.number

    def _new_id(self):
        self.world.last_ids[0] += 1
        return "m%d" % self.world.last_ids[0]

    def _asked(self, entry):
        payload = json.loads(json.dumps(entry.payload))
        answer = self.world.hear(entry.message_id, entry.action, payload, self.now)
        if isinstance(answer, str):
            self._mail.append(json.dumps([4, entry.message_id, answer, "", {}]))
        else:
            self._mail.append(json.dumps([3, entry.message_id, answer]))

    def tick(self, step_ms):
        super().tick(step_ms)
        self.world.cars = [rig.car.letter for rig in self.rigs]
        if self.now < self._upkeep_at or any([rig.facts.closed for rig in self.rigs]):
            return
        self._upkeep_at = self.now + 200
        self.store.prepare()
        self.station.cache.flush(self.now, self.clock.at(self.now))

    def power_off(self):
        """The time goes on without it; another Box is the next boot."""
        self.world.utc_ms += self.now + DARK_MS
        return self.world

    def idle(self):
        """Nobody charges and everything is said."""
        busy = [c for c in self.connectors if c.session.transaction is not None]
        return not busy and not self.outbox.pending and self.station.registration.accepted


def boot(world, cut_in=None):
    """Power on. The flash fails after `cut_in` operations: power on again, until it stays."""
    world.flash.cut_in = cut_in
    while True:
        try:
            box = Box(world)
            if cut_in is not None:
                box.run(4, 100)
            return box
        except Cut:
            world.cut()
            cut_in = None
        finally:
            world.flash.cut_in = None
