# heap: chip + 16k, seeded walks, all frames kept
"""Seeded random walks: drivers, cars, cards, faults, a moody backend, a link that comes and goes.

Held against every frame: the field table (the rig does), Start and Stop in turn on each connector,
one message id for one message, and every bill under the id the CSMS gave.
"""

import random

from tests.unit.station_rig import Charger

CARDS = ("ONE", "one", "TWO", "BAD", "KIN")
KEYS = (
    ("StopTransactionOnInvalidId", ("true", "false")),
    ("StopTransactionOnEVSideDisconnect", ("true", "false")),
    ("AllowOfflineTxForUnknownId", ("true", "false")),
    ("AuthorizeRemoteTxRequests", ("true", "false")),
    ("MinimumStatusDuration", ("0", "2")),
    ("MeterValueSampleInterval", ("0", "10", "60")),
    ("ClockAlignedDataInterval", ("0", "30")),
    ("StopTxnSampledData", ("", "Energy.Active.Import.Register")),
    ("StopTxnAlignedData", ("", "Voltage.L1")),
    ("ConnectionTimeOut", ("5", "60")),
)


def pick(choices):
    return choices[random.getrandbits(16) % len(choices)]


class Walk:
    def __init__(self, seed, connectors, socket):
        random.seed(seed)
        self.charger = Charger(connectors=connectors, socket=socket)
        family = {"status": "Accepted", "parentIdTag": "FAM"}
        self.charger.backend.tags = {"BAD": {"status": "Blocked"}, "ONE": family, "KIN": family}
        self.charger.backend.override["StatusNotification"] = self.moody({})
        self.charger.backend.override["MeterValues"] = self.moody({})
        self.ids = {}  # message id: its CALL
        self.started = 0
        self.open = {}  # connector: transaction id, None while unknown
        self.sold = 0

    def moody(self, answer):
        return lambda payload: None if random.getrandbits(5) == 0 else answer

    def step(self):
        connector = 1 + random.getrandbits(8) % len(self.charger.connectors)
        if random.getrandbits(2):
            self.people(connector)
        else:
            self.csms(connector)
        self.charger.run(pick((0.02, 0.5, 3, 12)), 25)

    def people(self, connector):
        """And what befalls the charge point."""
        charger = self.charger
        kind = random.getrandbits(5)
        if kind < 9:
            charger.plug(connector)
        elif kind < 13:
            charger.unplug(connector)
        elif kind < 28:
            charger.swipe(pick(CARDS), connector)
        elif kind < 30:
            charger.link(not charger.linked)
        elif kind == 30:
            charger.rigs[connector - 1].hw.ground.sound = random.getrandbits(1) == 1
        else:
            charger.meters = random.getrandbits(2) != 0

    def csms(self, connector):
        key, values = pick(KEYS)
        word = pick(("Operative", "Operative", "Operative", "Inoperative"))
        wanted = pick(("StatusNotification", "MeterValues", "Heartbeat", "BootNotification"))
        last = self.charger.backend.last_id
        action, payload = pick(
            (
                ("ChangeConfiguration", {"key": key, "value": pick(values)}),
                ("RemoteStartTransaction", {"idTag": pick(CARDS), "connectorId": connector}),
                ("RemoteStopTransaction", {"transactionId": last}),
                ("ChangeAvailability", {"connectorId": pick((0, connector)), "type": word}),
                ("UnlockConnector", {"connectorId": connector}),
                ("TriggerMessage", {"requestedMessage": wanted}),
            )
        )
        self.call(action, payload)

    def call(self, action, payload):
        if self.charger.linked:
            self.charger.send(action, payload)

    def judge(self):
        charger = self.charger
        for frame in charger.frames:
            if frame.kind != 2:
                continue
            if frame.action == "StartTransaction":
                self.started += 1  # the backend gives a new id to each, repeated or not
            before = self.ids.get(frame.id)
            if before is not None:
                assert before == (frame.action, frame.payload), "one id for two messages"
                if frame.action == "StartTransaction":
                    self.open[frame.payload["connectorId"]] = 40 + self.started
                continue
            self.ids[frame.id] = (frame.action, frame.payload)
            if frame.action == "StartTransaction":
                number = frame.payload["connectorId"]
                assert number not in self.open, "a second Start"
                self.open[number] = 40 + self.started
                self.sold += 1
            elif frame.action == "StopTransaction":
                numbers = [n for n in self.open if self.open[n] == frame.payload["transactionId"]]
                assert len(numbers) == 1, (self.open, frame.payload)
                del self.open[numbers[0]]
            elif frame.action == "MeterValues":
                of = frame.payload.get("transactionId")
                assert of is None or self.open.get(frame.payload["connectorId"]) == of
        charger.frames = []

    def end(self):
        """Everybody goes home; every transaction is closed and the queue empties."""
        charger = self.charger
        charger.meters = True
        for rig in charger.rigs:
            rig.hw.ground.sound = True
        if not charger.linked:
            charger.link(True)
        charger.run(70, 25)
        key = "StopTransactionOnEVSideDisconnect"
        self.call("ChangeConfiguration", {"key": key, "value": "true"})
        self.call("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
        for number in range(len(charger.connectors)):
            charger.unplug(number + 1)
        charger.run(200, 25)
        self.judge()
        assert self.open == {}
        assert charger.outbox.pending == charger.outbox.parked == 0
        assert charger.words() == ["Available"] * len(charger.connectors)
        assert charger.reboots == 0


def walk(seed, connectors=2, socket=True, steps=110):
    one = Walk(seed, connectors, socket)
    for _ in range(steps):
        one.step()
        one.judge()
    one.end()
    return one.sold


def test_walks_with_a_socket():
    assert sum([walk(seed) for seed in range(3)]) >= 3


def test_walks_with_a_fixed_cable():
    assert sum([walk(seed, 1, False) for seed in range(100, 103)]) >= 3
