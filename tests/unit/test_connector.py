"""One connector: what a reading tells its kernel, when a session may use it, and its words."""

from firmware.evse.connector import Connector
from firmware.evse.session import STARTED
from tests.unit.evse_rig import Rig


class Reading:
    def __init__(self, energy_wh=1000, current_ma=(0, None, None), voltage_dv=(2300, 2310, None)):
        self.energy_wh = energy_wh
        self.current_ma = list(current_ma)
        self.voltage_dv = list(voltage_dv)


def place():
    rig = Rig(20)
    rig.metered = False
    return rig, Connector(1, rig.kernel)


def ready(reading_age_ms):
    rig, connector = place()
    rig.plug()
    connector.session.authorise("TAG", None, 0, 60000)
    connector.metered(Reading(), -reading_age_ms)
    events = []
    while rig.now < 3000 and not events:
        rig.tick()
        event = connector.tick(rig.now - rig.now % 3000)  # the clock of the session stands still
        if event is not None:
            events.append(event)
    return events


def test_reading_older_than_10_s_starts_no_transaction():
    """meterStart is the meter's now: a stale reading does not begin a bill."""
    assert ready(0) == ready(9999) == [STARTED]
    assert ready(10000) == ready(60000) == []


def test_no_reading_starts_no_transaction():
    """Meter known: without any reading, or one without a register, nothing is begun."""
    for reading in (None, Reading(energy_wh=None)):
        rig, connector = place()
        rig.plug()
        connector.session.authorise("TAG", None, 0, 60000)
        for _ in range(200):
            rig.tick()
            if reading is not None:
                connector.metered(reading, rig.now)
            assert connector.tick(rig.now) is None
        assert rig.facts.tested and rig.facts.locked


def test_highest_phase_current_and_lowest_live_voltage_reach_the_kernel():
    """Over-current is judged by the worst phase; an unconnected phase is no low voltage."""
    for current, voltage, ma, trips in (
        ((6000, 16000, 3000), (2300, 2310, 2290), 16000, False),
        ((6000, None, None), (2300, 0, None), 6000, False),
        ((None, None, None), (None, None, None), 0, False),
        ((6000, 6000, 6000), (2300, 1900, 2300), 6000, True),
    ):
        rig, connector = place()
        for _ in range(400):
            connector.metered(Reading(1000, current, voltage), rig.now)
            rig.tick()
        assert rig.facts.current_ma == ma
        assert (rig.facts.faults != 0) == trips, voltage


def test_reading_makes_the_meter_fresh():
    """A silent meter ages in the kernel; a reading ends that, whoever asked for it."""
    rig, connector = place()
    rig.run(15000)
    assert rig.kernel.warnings and rig.kernel.meter_age_ms >= 15000
    connector.metered(Reading(), rig.now)
    rig.tick()
    assert not rig.kernel.warnings and rig.kernel.meter_age_ms == 20


def test_scheduled_availability_is_taken_when_no_transaction_runs():
    """5.2: Scheduled becomes true after the transaction, not during it."""
    rig, connector = place()
    connector.scheduled = False
    connector.tick(0)
    assert not connector.operative and connector.scheduled is None
    connector.operative = True
    rig.plug()
    connector.session.authorise("TAG", None, rig.now, 60000)
    while connector.session.transaction is None:
        rig.tick()
        connector.metered(Reading(), rig.now)
        connector.tick(rig.now)
        assert rig.now < 5000
    connector.scheduled = False
    connector.tick(rig.now)
    assert connector.operative and connector.scheduled is False


def test_nothing_is_said_twice():
    """speak() is silent until word or error has changed; both are kept for who asks later."""
    rig, connector = place()
    rig.run(200)
    assert connector.speak() is None
    rig.plug()
    rig.run(500)
    assert connector.speak() == ("Preparing", "NoError") == (connector.word, connector.error)
    assert connector.speak() is None
    rig.hw.ground.sound = False
    rig.tick()
    assert connector.speak() == ("Faulted", "GroundFailure")
    assert connector.speak() is None
