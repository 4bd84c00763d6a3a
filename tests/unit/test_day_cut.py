# heap: chip + 688k, a flash and its twin in RAM, a day's frames
"""A day of charging, cut at every operation of flash and files: whatever was accepted is billed,
once, in order, to the watt-hour.

Sessions on two connectors, offline before the clock was ever known, over power cuts, online,
resumed; a local list, the cache, settings. Before each change of flash or of a file the power goes
in a copy of the world: with nothing done, or half; the copy boots, drains, and is judged.
"""

import gc
import json
import random
import sys

from firmware.ocpp.timestamp import parse_time
from tests.unit.day_rig import BILLABLE, Box, World, boot
from tests.unit.flash_rig import Flash

MICROPYTHON = sys.implementation.name == "micropython"
HALVES = {"program": 6, "erase": 16, "write": 4, "rename": 1, "remove": 1}
SESSIONS = 40
LATE_S = 900  # how much too late a boot without a clock may be placed: by its power cuts


class Sweep:
    """Cuts the day that runs at every operation."""

    def __init__(self, world):
        self.world = world
        self.flash = Flash(world.flash.blocks, world.flash.block_bytes)
        self.operations = self.points = self.again = self.resumed = self.silent = 0
        self.kinds = {}
        self.box = None
        world.flash.before = self.cut

    def boot(self, online=False):
        """The next boot of the day, cut as well."""
        self.box = None
        self.box = Box(self.world, online, self.cut)
        return self.box

    def cut(self, operation):
        self.operations += 1
        kind = operation[0]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        for half in range(1 if MICROPYTHON else HALVES[kind]):
            if MICROPYTHON:
                gc.collect()  # large pieces are hard to find in a full heap
            world = self.world.clone(self.flash)
            world.utc_ms += self.box.now if self.box else 0
            if half or MICROPYTHON:
                tear(world, operation)
            self.points += 1
            self.go_on(world)

    def go_on(self, world):
        mute = self.points % 4 == 1
        cut_in = self.points % 12 if self.points % 3 == 2 else None
        self.silent += mute
        self.again += cut_in is not None
        configured = [world.configured]
        if self.box is not None:
            configured.append(dict(self.box.settings._values))
        if world.configured is not None:  # not while the very first file is being written
            assert json.loads(world.names["settings"].decode()) in configured
        box = boot(world, cut_in)
        judge_files(box, configured[0] is not None)
        box.meters = not mute
        box.link(True)
        box.run(1.5, 100)
        self.resumed += any([c.session.transaction and c.kernel.plugged for c in box.connectors])
        for k in range(len(world.cars)):
            box.unplug(k + 1)
        box.until(box.idle, 60, 100)
        judge(world, mute)


def tear(world, operation):
    """What the power leaves in the middle of it."""
    kind, path, data = operation
    if kind in ("program", "erase"):
        world.flash.half(operation)
    elif kind == "write":
        world.names[path] = data[: random.randrange(len(data) + 1)]


def judge_files(box, configured):
    """Settings and list: old or new. Nothing was found broken."""
    if configured:
        assert not box.settings.corrupt and not box.fresh
        assert box.settings.text("MeterValueSampleInterval") == "30"
    table, cache = box.station.local_list, box.station.cache
    assert table.corrupt is None and cache.corrupt is None
    assert not box.clock.epochs.corrupt
    assert table.version in box.world.listed, (table.version, box.world.listed)
    if table.version:
        assert table.get("LISTED")[0] == "Accepted"
        assert (table.get("SECOND") is not None) == (table.version == 2)
    if cache.count:
        assert "Accepted" in [(cache.get(tag, None) or "?")[0] for tag in ("TAG", "OTHER")]


def judge(world, mute):
    """The invariants of billing."""
    rows = world.accepted()
    ids = [message_id for message_id, _, _ in world.said]
    # None lost, none invented, none twice, in the order they were accepted.
    assert ids == [row[0] for row in rows], (ids, rows)
    running, high = {}, {}
    starts = {}
    for (message_id, action, payload), row in zip(world.said, rows):
        judge_time(payload if action != "MeterValues" else payload["meterValue"][0], row)
        if action == "StartTransaction":
            transaction = world.heard[message_id]["transactionId"]
            assert transaction not in starts
            assert payload["connectorId"] not in running.values(), "two on one connector"
            starts[transaction] = payload["timestamp"]
            running[transaction] = payload["connectorId"]
            high[transaction] = payload["meterStart"]
            assert payload["meterStart"] == row[2]
            continue
        transaction = payload["transactionId"]
        assert transaction in running, "of no running transaction"
        if action == "MeterValues":
            wh = int(payload["meterValue"][0]["sampledValue"][0]["value"])
            assert wh >= high[transaction]
            high[transaction] = wh
        else:
            judge_stop(payload, row, high[transaction], mute)
            assert payload["timestamp"] >= starts[transaction], (payload, starts, world.names)
            del running[transaction]
    assert not running, "a Start without its Stop"


def judge_stop(payload, row, least, mute):
    assert payload["meterStop"] >= least
    if row[2] is not None:
        exact = payload["meterStop"] == row[2]
        assert exact or (mute and payload["meterStop"] < row[2]), (payload, row)


def judge_time(payload, row):
    """The event's time: never 1970, never the sending's."""
    early = row[3] - parse_time(payload["timestamp"])
    asked = "reason" in payload and payload["reason"] != "PowerLoss"
    # A stop that was asked for before the power went has the time of then.
    most = 200 if asked else 25
    assert -(2 if row[4] else LATE_S) <= early <= most, (payload["timestamp"], row)


# --- the day ------------------------------------------------------------------------------------


def charge(box, connector, id_tag="TAG", seconds=35):
    box.plug(connector)
    box.run(1, 50)
    box.swipe(id_tag, connector)
    c = box.connectors[connector - 1]
    box.until(lambda: c.kernel.facts.closed, 60, 50)
    return box.run(seconds, 250)


def finish(box, connector, id_tag="TAG"):
    box.swipe(id_tag, connector)
    box.until(lambda: box.connectors[connector - 1].session.transaction is None, 30, 50)
    box.unplug(connector)
    return box.run(2, 100)


def send(box, update):
    world = box.world
    world.listed = world.listed[-1:] + (update["listVersion"],)
    assert box.status_of("SendLocalList", update) == "Accepted"
    world.listed = (update["listVersion"],)


def morning(sweep):
    """Offline, the clock never set, two power cuts."""
    box = sweep.boot()
    finish(charge(box, 1), 1)
    charge(box, 2, "OTHER", 10)
    charge(box, 1, seconds=3)
    box.power_off()
    box = sweep.boot()
    for k in (1, 2):
        box.unplug(k)
    box.run(15, 100)
    finish(charge(box, 1, seconds=5), 1)
    box.power_off()


def noon(sweep):
    """Online: what waited is said; a list, settings, two sessions at once, the link lost."""
    box = sweep.boot(True)
    box.until(box.idle, 60, 50)
    entry = {"idTag": "LISTED", "idTagInfo": {"status": "Accepted"}}
    update = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    send(box, update)
    assert box.configure("ResumeWindow", "60") == "Accepted"
    charge(box, 1, "LISTED", 5)
    charge(box, 2, "OTHER", 10)
    box.link(False)
    finish(box, 1, "LISTED")
    box.run(30, 250)
    box.link(True)
    box.run(3, 100)
    update["listVersion"], entry["idTag"] = 2, "SECOND"
    update["updateType"] = "Differential"
    send(box, update)
    finish(box, 2, "OTHER")
    box.until(box.idle, 60, 50)
    box.station.cache.save()
    return box


def evening(sweep, box):
    """Resumed after a power cut, stopped by the CSMS; the cache cleared; out of use."""
    charge(box, 1, seconds=10)
    box.power_off()
    box = sweep.boot(True)
    first = box.connectors[0]
    box.until(lambda: first.kernel.facts.closed, 30, 50)
    box.run(35, 250)
    wanted = {"transactionId": first.session.transaction.csms_id}
    assert box.status_of("RemoteStopTransaction", wanted) == "Accepted"
    box.until(box.idle, 60, 50)
    assert box.status_of("ClearCache") == "Accepted"
    wanted = {"connectorId": 2, "type": "Inoperative"}
    assert box.status_of("ChangeAvailability", wanted) == "Accepted"
    box.unplug(1)
    box.run(5, 100)
    box.until(box.idle, 60, 50)
    return box


def night(box):
    """Many short sessions, some said at once, some later: the journal goes round."""
    for k in range(SESSIONS):
        box.link(k % 4 > 1)
        finish(charge(box, 1, "LISTED", 33 * (k % 2)), 1, "LISTED")
    box.link(True)
    box.until(box.idle, 60, 50)
    return box


def test_a_day_cut_at_every_operation():
    random.seed(3)
    sweep = Sweep(World(blocks=4, block_bytes=1024))
    morning(sweep)
    box = night(evening(sweep, noon(sweep)))
    sweep.world.flash.before = box.disk.before = None
    judge(sweep.world, False)
    erases = sweep.kinds["erase"]
    assert erases > 10 and sweep.resumed and sweep.again and sweep.silent
    assert sweep.points > (400 if MICROPYTHON else 2500), sweep.points
    assert len([row for row in sweep.world.kept if row[1] == BILLABLE[2]]) == 7 + SESSIONS
    print(
        "cut points: %d (%d operations: %s), %d cut again, %d with a mute meter, %d resumed"
        % (sweep.points, sweep.operations, sweep.kinds, sweep.again, sweep.silent, sweep.resumed)
    )
