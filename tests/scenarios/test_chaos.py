"""Everything goes wrong at random, for many sessions; then the books are compared with the meter.

Power cuts, a killed firmware, links dropped and reset, answers late, lost, doubled, refused: the
seed decides. Afterwards the ledger has one line for each session, as its meter counted.
"""

import os
import random
import signal

import pytest

from tests.scenarios.bench import Refused
from tests.scenarios.conftest import charger
from tools import csms_script as script

KEYS = {
    "AllowOfflineTxForUnknownId": "true",
    "MessageTimeout": "10",
    "MeterValueSampleInterval": "10",
    "ResumeWindow": "60",
    "TransactionMessageAttempts": "100",
    "TransactionMessageRetryInterval": "1",
    "WebSocketPingInterval": "10",
}
ROUNDS = 3
BILLABLE = ("StartTransaction", "MeterValues", "StopTransaction")


def twice():
    """The answer comes two times."""

    async def act(tap, message_id, text):
        await tap.write(text)
        await tap.write(text)

    return script.Bend(act)


BENDS = {
    "lost": script.lost,
    "deaf": script.deaf,
    "late": lambda: script.late(0.8),  # of the wall: longer than MessageTimeout
    "twice": twice,
    "error": script.error,
    "closes": script.closes,
}


class Chaos:
    def __init__(self, seed, rig, bench, csms, power, net):
        self.random = random.Random(seed)
        self.bench, self.csms, self.power, self.net = bench, csms, power, net
        self.meter = []  # (connector, Wh before, Wh after) of each session
        self.done = dict.fromkeys(("power", "kill", "drop", "reset", "answer"), 0)

    def round(self):
        """A session on each connector, and trouble of every kind during and after it."""
        before = [self.bench.connector(k)["meter_wh"] for k in (1, 2)]
        self.spoil()
        for k in (1, 2):
            self.begin(k)
        for _ in range(self.random.randrange(1, 4)):
            self.trouble()
            self.bench.run(self.random.randrange(2, 15))
        for k in (1, 2):
            self.bench.unplug(k, force=True)
            if self.random.random() < 0.3:
                self.trouble()
        for k in (1, 2):
            # A transaction that waits for its car after a power cut ends by ResumeWindow.
            self.bench.until(k, contactor=False, timeout=30)
            self.bench.until(k, timeout=200, transaction=None)
            self.meter.append((k, before[k - 1], self.bench.connector(k)["meter_wh"]))
        if self.random.random() < 0.5:
            self.trouble()

    def begin(self, k):
        self.bench.plug(k)
        for _ in range(6):
            self.bench.swipe("04A2B3C4D5E6F%d" % k, k)
            try:
                return self.bench.until(k, contactor=True, timeout=30)
            except Refused as e:
                assert e.error == "timeout", e
        raise AssertionError("no session on connector %d" % k)

    def spoil(self):
        for _ in range(self.random.randrange(1, 6)):
            how = self.random.choice(list(BENDS))
            self.csms.bend(self.random.choice(BILLABLE), BENDS[how](), 1)
            self.done["answer"] += 1

    def trouble(self):
        what = self.random.choice(("power", "kill", "drop", "reset"))
        self.done[what] += 1
        if what == "power":
            self.power.cut()
            self.bench.run(self.random.randrange(1, 5))
            self.power.restore()
        elif what == "kill":
            os.kill(self.bench.firmware_pid(), signal.SIGKILL)
        else:
            self.net.cut(what)
            self.bench.run(self.random.randrange(1, 12))
        self.bench.run(self.random.randrange(1, 30) / 10)
        self.net.mend()


@pytest.mark.parametrize("seed", [1, 2, 3])
@charger(keys=KEYS, connectors=2)
def test_chaos(rig, csms, bench, power, net, seed):
    chaos = Chaos(seed, rig, bench, csms, power, net)
    for _ in range(ROUNDS):
        chaos.round()
    bench.until(queue=0, timeout=200)
    ledger = csms.ledger.transactions.values()
    booked = sorted((line.connector, line.meter_start, line.meter_stop) for line in ledger)
    assert booked == sorted(chaos.meter), chaos.done
    assert sum(after - before for _, before, after in chaos.meter) > 100
    print("%d sessions, trouble: %s" % (len(booked), chaos.done))
