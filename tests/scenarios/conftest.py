"""A charge point with a car, a card and a backend, for one test.

    @charger(keys={"MeterValueSampleInterval": "10"})
    def test_plug_first(car, card, csms, bench): ...

`charger` names what differs from the default: connectors, keys, board, identity, speed, tags,
boots, password, booted (False: the test sees the boot itself), server (the CSMS's
ssl.SSLContext), tls ({"ca": PEM, ...}: what is provisioned). Each test has its own ports, folder
and processes.
"""

import os
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.scenarios import backend
from tests.scenarios.bench import ROOT, Bench, Refused
from tools import compile as bytecode

SPEED = 20
EPOCH = datetime(2026, 11, 22, 6, 0, 0, tzinfo=timezone.utc)  # the backend's time at the bench's 0
CPID = "CP001"
TAG = "04A2B3C4D5E6F7"
KEYS = {"HeartbeatInterval": "300", "WebSocketPingInterval": "0"}
LAST_FRAMES = 60
BENCHS_OWN = {"board.py", "rig.json", "factory.romfs"}  # what it lays down for the firmware


charger = pytest.mark.charger


class Car:
    """The car of one connector."""

    def __init__(self, bench, number):
        self._bench, self._number = bench, number

    def plug(self, **how):
        return self._bench.plug(self._number, **how)

    def unplug(self, force=False):
        return self._bench.unplug(self._number, force)

    def wants(self, state):
        return self._bench.ev(state, self._number)


class Card:
    def __init__(self, bench, number):
        self._bench, self._number = bench, number

    def swipe(self, token):
        return self._bench.swipe(token, self._number)


class Net:
    def __init__(self, bench):
        self._bench = bench

    def cut(self, how="drop"):
        return self._bench.link(False, how)

    def mend(self):
        return self._bench.link(True)


class Power:
    def __init__(self, bench):
        self._bench = bench

    def cut(self):
        return self._bench.power(False)

    def restore(self):
        return self._bench.power(True)


class Rig:
    """Backend and bench of one test, and what must be true of every test at its end."""

    def __init__(self, folder, code, options):
        options = dict(options)
        speed = options.pop("speed", SPEED)
        booted = options.pop("booted", True)
        self.csms = backend.CSMS(
            speed,
            clock=self.utc,
            password=options.pop("password", None),
            tls=options.pop("server", None),
            interval_s=options.pop("interval_s", 300),
        )
        self.csms.tags = options.pop("tags", {})
        self.csms.boots = list(options.pop("boots", ()))
        self._epoch = options.pop("epoch", EPOCH)
        self.identity = options.pop("identity", {})
        self.bench = None
        self._clock_ms = 0
        self._up = threading.Event()
        self.register = {}  # connector -> the meter's Wh when its session began
        config = {
            "url": "",
            "cpid": options.pop("cpid", CPID),
            "connectors": options.pop("connectors", 1),
            "identity": self.identity,
            "keys": dict(KEYS, **options.pop("keys", {})),
            "board": options.pop("board", {}),
            "tls": {},
        }
        for name, pem in options.pop("tls", {}).items():
            Path(folder, name + ".pem").write_bytes(pem)
            config["tls"][name] = name + ".pem"
        assert not options, "charger: unknown options %s" % sorted(options)
        self.csms.start()
        config["url"] = self.csms.url
        self.connectors = config["connectors"]
        try:
            self.bench = Bench(config, folder, speed, code)
            self.bench.start()
            self._up.set()
            if booted:
                self.boot()
        except BaseException:
            self.close()
            raise

    def utc(self):
        """The backend's clock is the bench's: no speed and no busy machine makes them differ."""
        if self._up.wait(5) and self.bench.alive:
            self._clock_ms = self.bench.watch.ask({"cmd": "state"})[0]["clock_ms"]
        return self._epoch + timedelta(milliseconds=self._clock_ms)

    def boot(self):
        """Waits until the charge point is accepted and has told all its connectors."""
        self.csms.expect("BootNotification", 60)
        for number in range(self.connectors + 1):
            self.csms.expect("StatusNotification", connectorId=number)
        self.bench.until(queue=0)
        self.csms.mark()

    def begin(self, connector=1, tag=TAG, **how):
        """A session up to Charging, plug first. -> the StartTransaction"""
        self.register[connector] = self.bench.connector(connector)["meter_wh"]
        self.bench.plug(connector, **how)
        self.csms.status("Preparing", connector)
        self.bench.swipe(tag, connector)
        start = self.csms.expect("StartTransaction", connectorId=connector, idTag=tag)
        self.charging(connector)
        return start

    def charging(self, connector=1, timeout=60):
        """Until energy flows and the backend has been told."""
        self.csms.status("Charging", connector, timeout)
        self.bench.until(connector, contactor=True, ocpp_status="Charging")
        return self.bench.state()["connectors"][connector - 1]

    def finish(self, connector=1, tag=TAG):
        """The same card stops it; -> the bill, which is right to the watt-hour."""
        self.bench.swipe(tag, connector)
        stop = self.csms.expect("StopTransaction", reason="Local")
        return self.right(connector, stop.payload["transactionId"])

    def right(self, connector=1, transaction_id=None):
        """The bill of the (only) transaction, held against the meter itself; the contactor is
        open."""
        bill = self.csms.bill(transaction_id)
        now = self.bench.connector(connector)
        assert not now["contactor"] and not now["coil"]
        assert (bill.connector, bill.meter_start) == (connector, self.register[connector])
        assert bill.meter_stop == now["meter_wh"], "billed %s, the meter says %s" % (
            bill,
            now["meter_wh"],
        )
        assert bill.started <= bill.stopped
        return bill

    def leave(self, connector=1):
        """The plug is pulled as soon as the lock lets go: its bolt may still be on the way."""
        if self.bench.connector(connector)["locked"] is not None:
            self.bench.until(connector, locked=False)
        for _ in range(10):
            try:
                return self.bench.unplug(connector)
            except Refused as e:
                assert e.error == "locked", e
                self.bench.run(1)
        raise AssertionError("the plug is held for ever: %s" % self.bench.connector(connector))

    def close(self):
        if self.bench is not None:
            self.bench.stop()
        self.csms.stop()

    def judge(self):
        """What every scenario proves beside its own sentence."""
        frames = self.csms.frames
        said = []
        said += [
            "not by the schema: %s: %s" % (frame.violation, frame)
            for frame in self.csms.record.violations()
        ]
        said += ["status outside the table: " + line for line in backend.wrong_words(frames)]
        said += ["message id used twice: " + line for line in backend.double_ids(frames)]
        said += ["two calls at once: " + line for line in backend.two_at_once(frames)]
        said += ["stop of no transaction: %s" % (stray,) for stray in self.csms.ledger.strays]
        # A file beside the flash image would survive every power cut here and none on a board.
        beside = {path.name for path in (self.bench.state_dir / "run").iterdir()} - BENCHS_OWN
        said += ["written beside the flash: " + name for name in sorted(beside)]
        for line in self.bench.console.splitlines():
            if line.startswith("Traceback"):
                said.append("the firmware raised, see the console")
                break
        return said


@pytest.fixture(scope="session")
def device_code():
    """firmware/ and hal/ compiled once per run: nobody's edit changes a test half way."""
    into = Path(ROOT, "build/scenarios", os.environ.get("PYTEST_XDIST_WORKER", "alone"))
    bytecode.compile_tree(None, ROOT, into)
    return into


@pytest.fixture
def rig(request, tmp_path, device_code):
    marks = [mark.kwargs for mark in request.node.iter_markers("charger")]
    options = {}
    for kwargs in reversed(marks):
        options.update(kwargs)
    made = Rig(tmp_path, device_code, options)
    request.node.rig = made
    try:
        yield made
    finally:
        made.close()
    problems = made.judge()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    made = getattr(item, "rig", None)
    if made is not None and report.failed:
        report.sections.append(("wire", backend.told(made.csms.frames[-LAST_FRAMES:])))
        if made.bench is not None:
            console = [
                line for line in made.bench.console.splitlines() if line[:2] not in ("> ", "< ")
            ]
            report.sections.append(("console", "\n".join(console[-40:])))
            report.sections.append(("bench", made.bench.log[-4000:]))
    return report


@pytest.fixture
def bench(rig):
    return rig.bench


@pytest.fixture
def csms(rig):
    return rig.csms


@pytest.fixture
def car(rig):
    return Car(rig.bench, 1)


@pytest.fixture
def car2(rig):
    return Car(rig.bench, 2)


@pytest.fixture
def card(rig):
    return Card(rig.bench, 1)


@pytest.fixture
def card2(rig):
    return Card(rig.bench, 2)


@pytest.fixture
def net(rig):
    return Net(rig.bench)


@pytest.fixture
def power(rig):
    return Power(rig.bench)
