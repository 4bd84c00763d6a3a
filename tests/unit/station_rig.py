"""A whole charge point without a socket: kernels on the metal of evse_rig, the real session,
station, outbox and RPC, and a backend that answers text with text.

Everything the station says is kept in `frames` and held against the field table, strictly.
`backend` is asked for each of its calls: a dict is the CALLRESULT, a text the code of a CALLERROR,
None silence.
"""

import json

from firmware.evse.connector import Connector
from firmware.ocpp import rpc
from firmware.ocpp.clock import Clock
from firmware.ocpp.outbox import Outbox
from firmware.ocpp.rpc import RPC
from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import billable, configuration, messages, rooms
from firmware.ocpp.v16.station import CallError, Station
from firmware.store.credentials import Access, Credentials
from firmware.store.id_cache import IdCache
from firmware.store.id_table import IdTable
from firmware.store.settings import Settings
from firmware.store.volatile import Volatile
from firmware.wire import url
from hal.meter.reading import Reading
from tests.unit.evse_rig import Rig

MIDNIGHT = 1767225600  # 2026-01-01T00:00:00Z
NOON = MIDNIGHT + 43200
IDENTITY = {"chargePointVendor": "V", "chargePointModel": "M"}


class Frame:
    """One message on the wire. `ours`: the station said it."""

    def __init__(self, ours, message, now):
        self.ours = ours
        self.kind = message[0]
        self.id = message[1]
        self.action = message[2] if message[0] == rpc.CALL else None
        self.payload = message[3] if message[0] == rpc.CALL else message[2]
        self.now = now


class Backend:
    """Accepts everything. `status` answers BootNotification, `tags` cards; `silent`: nothing."""

    def __init__(self):
        self.at = NOON
        self.status = "Accepted"
        self.interval = 300
        self.tags = {}  # idTag: IdTagInfo
        self.start_info = None  # IdTagInfo of StartTransaction.conf
        self.override = {}  # action: answer, or a function of the payload
        self.silent = False
        self.last_id = 40

    def answer(self, action, payload, now):
        if self.silent:
            return None
        if action in self.override:
            answer = self.override[action]
            return answer(payload) if callable(answer) else answer
        time = format_time(self.at + now // 1000)
        if action == "BootNotification":
            return {"status": self.status, "currentTime": time, "interval": self.interval}
        if action == "Heartbeat":
            return {"currentTime": time}
        if action == "Authorize":
            return {"idTagInfo": self.tags.get(payload["idTag"], {"status": "Accepted"})}
        if action == "StartTransaction":
            self.last_id += 1
            info = self.start_info or self.tags.get(payload["idTag"], {"status": "Accepted"})
            return {"transactionId": self.last_id, "idTagInfo": info}
        return {}


class Charger:
    """Several connectors, a station and its link. Time moves only in run() and skip()."""

    def __init__(
        self,
        connectors=1,
        keys=None,
        online=True,
        settings=None,
        files=None,
        store=None,
        clock=None,
        plant=None,
        **limits
    ):
        self.rigs = [Rig(**limits) for _ in range(connectors)]
        self.connectors = [Connector(k + 1, rig.kernel) for k, rig in enumerate(self.rigs)]
        self.readings = [Reading() for _ in self.rigs]
        self.now = 0
        self.backend = Backend()
        self.store = store or Volatile(200000)
        self.clock = clock or Clock()
        self.files = files
        known = (None, None)
        built = rooms.built()
        if files is not None:
            known = IdTable("list", files, 1000), IdCache("cache", files, 200)
        self.settings = settings or Settings(
            configuration.ROWS + rooms.rows(built),
            {"NumberOfConnectors": str(connectors)},
        )
        if keys or settings is None:
            assert self.settings.factory(keys or {}) == []
        boot = self.clock.epochs.boot if self.clock.epochs else 0
        self.outbox = Outbox(self.store, self._new_id, billable, self._retry, self._stamp, boot)
        self.reboots = 0
        self.station = Station(
            self.connectors,
            self.settings,
            self.outbox,
            IDENTITY,
            self._reboot,
            known,
            self.clock,
            built,
            plant or self._plant(),
        )
        self.frames = []
        self._ids = 0
        self._rpc = RPC(self._new_id)
        self._entry = None
        self._deferred = []
        self._mail = []  # texts on their way to the station
        self._metered_ms = 0
        self.energy_mwh = [1000000] * connectors
        self.meters = True
        self.linked = False
        if online:
            self.link(True)

    def _plant(self):
        """Reachable by ws://, nothing provisioned that a higher security profile needs."""
        self.credentials = Credentials("", None, Access(url="ws://csms.example/ocpp"))
        return rooms.Plant(
            self.files, credentials=self.credentials, trusted=lambda: False, parse_url=url.parse
        )

    def _new_id(self):
        self._ids += 1
        return "m%d" % self._ids

    def _retry(self):
        return (
            self.settings.number("TransactionMessageAttempts"),
            self.settings.number("TransactionMessageRetryInterval"),
        )

    def _stamp(self, boot, ms):
        clock = self.clock
        return format_time(clock.resolve(boot, ms) if clock.epochs else clock.at(ms))

    def _reboot(self):
        self.reboots += 1

    # --- time -------------------------------------------------------------------------------

    def run(self, seconds, step_ms=20):
        end = self.now + int(seconds * 1000)
        while self.now < end:
            self.tick(step_ms)
        return self

    def skip(self, seconds):
        """Long and coarse: nothing electrical happens meanwhile."""
        return self.run(seconds, 1000)

    def until(self, done, seconds=60, step_ms=20):
        end = self.now + seconds * 1000
        while not done():
            assert self.now < end, "not within %d s: %s" % (seconds, self.words())
            self.tick(step_ms)
        return self

    def tick(self, step_ms):
        self.now += step_ms
        for rig in self.rigs:
            rig.metered = False  # the connector reads the meter here
            rig.tick(step_ms)
        self._meter(step_ms)
        if self.linked:
            mail, self._mail = self._mail, []
            for text in mail:
                self._receive(text)
        self.station.tick(self.now)
        if self.linked:
            self._speak()

    def _meter(self, step_ms):
        for k, rig in enumerate(self.rigs):
            self.energy_mwh[k] += rig.car.current_ma * 690 * step_ms // 3600000
        self._metered_ms += step_ms
        if self._metered_ms < 500 or not self.meters:
            return
        self._metered_ms = 0
        for k, rig in enumerate(self.rigs):
            reading, ma = self.readings[k], rig.car.current_ma
            reading.energy_wh = self.energy_mwh[k] // 1000
            reading.current_ma = [ma, ma, ma]
            reading.voltage_dv = [2301, 2302, 2303]
            reading.power_phase_w = [ma * 230 // 1000] * 3
            reading.power_w = ma * 690 // 1000
            reading.frequency_chz = 4998
            self.connectors[k].metered(reading, self.now)

    # --- the link ---------------------------------------------------------------------------

    def link(self, up):
        self.linked = up
        if up:
            self.station.connected(self.now)
        else:
            self.station.disconnected(self.now)
            self._rpc.drop()
            self._give_up()
            self._deferred = []
            self._mail = []

    def _speak(self):
        if self._rpc.tick(self.now) is not None:
            self._give_up()
        for deferred in list(self._deferred):
            answer = deferred[2](self.now)
            if answer is not None:
                self._deferred.remove(deferred)
                assert messages.check_response(deferred[1], answer, True) is None, answer
                self._say(self._rpc.result(deferred[0], answer))
        if self._rpc.in_flight is not None:
            return
        entry = self.outbox.next(self.now, self.station.registration.accepted, True)
        if entry is not None:
            self._entry = entry
            wrong = messages.check_request(entry.action, entry.payload, True)
            assert wrong is None, (entry.action, wrong, entry.payload)
            timeout = self.settings.number("MessageTimeout") * 1000
            text = self._rpc.call(
                entry.action, entry.payload, self.now, timeout, entry.message_id
            )
            self._say(text)
            self._asked(entry)

    def _asked(self, entry):
        payload = json.loads(json.dumps(entry.payload))
        answer = self.backend.answer(entry.action, payload, self.now)
        if isinstance(answer, str):
            self._mail.append(json.dumps([4, entry.message_id, answer, "", {}]))
        elif answer is not None:
            self._mail.append(json.dumps([3, entry.message_id, answer]))

    def _give_up(self):
        entry, self._entry = self._entry, None
        if entry is not None:
            self.outbox.unanswered(entry, self.now)
            self.station.unanswered(entry, self.now)

    def _say(self, text):
        self.frames.append(Frame(True, json.loads(text), self.now))

    def _receive(self, text):
        event = self._rpc.receive(text, self.now)
        kind, entry = event[0], self._entry
        assert kind in (rpc.CALL, rpc.RESULT, rpc.ERROR, rpc.STRAY), event
        if kind == rpc.CALL:
            self._call(event[1], event[2], event[3])
        elif kind != rpc.STRAY:
            self._entry = None
            if kind == rpc.ERROR:
                self.outbox.refused(entry, event[3], event[4], self.now)
                self.station.unanswered(entry, self.now)
            elif self.station.sensible(entry, event[3]):
                self.outbox.confirmed(entry, event[3], self.now)
                self.station.answered(entry, event[3], self.now)
            else:
                self.outbox.unanswered(entry, self.now)
                self.station.unanswered(entry, self.now)

    def _call(self, message_id, action, payload):
        if self.station.registration.state == "Rejected":
            return
        try:
            answer = self.station.call(action, payload, self.now)
        except CallError as error:
            self._say(self._rpc.error(message_id, error.code, error.description))
            return
        if isinstance(answer, dict):
            assert messages.check_response(action, answer, True) is None, (action, answer)
            self._say(self._rpc.result(message_id, answer))
        else:
            self._deferred.append((message_id, action, answer))

    # --- what the CSMS does -----------------------------------------------------------------

    def send(self, action, payload=None):
        """A CALL of the CSMS; its id."""
        message_id = self._new_id()
        self._mail.append(json.dumps([2, message_id, action, payload or {}]))
        return message_id

    def reply(self, message_id):
        """The payload of the CALLRESULT to it, or the code of the CALLERROR; None for silence."""
        for frame in self.frames:
            if frame.ours and frame.id == message_id and frame.kind != rpc.CALL:
                return frame.payload
        return None

    def ask(self, action, payload=None, seconds=0.1):
        message_id = self.send(action, payload)
        self.run(seconds)
        return self.reply(message_id)

    def status_of(self, action, payload=None, seconds=0.1):
        return self.ask(action, payload, seconds)["status"]

    def configure(self, key, value):
        return self.status_of("ChangeConfiguration", {"key": key, "value": value})

    # --- what people do ---------------------------------------------------------------------

    def swipe(self, id_tag="TAG", connector=1):
        c = self.connectors[connector - 1]
        self.station.authorization.presented(c, id_tag, self.now)

    def plug(self, connector=1, auto=True):
        rig = self.rigs[connector - 1]
        rig.car.auto = auto
        rig.plug()

    def unplug(self, connector=1):
        self.rigs[connector - 1].unplug()

    def charge(self, connector=1, id_tag="TAG"):
        """Plugged, authorised, charging, the Start confirmed."""
        self.run(1)
        self.plug(connector)
        self.run(1)
        self.swipe(id_tag, connector)
        c = self.connectors[connector - 1]
        self.until(lambda: c.word == "Charging" and not self.outbox.pending)
        return self.run(1)

    # --- what was said ----------------------------------------------------------------------

    def calls(self, action=None, since=0):
        """The payloads of the station's calls, in order."""
        found = []
        for frame in self.frames[since:]:
            if frame.kind == rpc.CALL and action in (None, frame.action):
                found.append(frame.payload)
        return found

    def sent(self, action):
        return [frame for frame in self.frames if frame.action == action]

    def late(self, frame, answer):
        """The backend answers this call of ours now."""
        self._mail.append(json.dumps([3, frame.id, answer]))

    def actions(self, since=0):
        return [frame.action for frame in self.frames[since:] if frame.kind == rpc.CALL]

    def statuses(self, connector=1, since=0):
        return [
            payload["status"]
            for payload in self.calls("StatusNotification", since)
            if payload["connectorId"] == connector
        ]

    def words(self):
        return [c.word for c in self.connectors]

    def mark(self):
        return len(self.frames)


def ready(**how):
    """A charger that is registered and has told its first statuses."""
    charger = Charger(**how)
    return charger.run(1.5)
