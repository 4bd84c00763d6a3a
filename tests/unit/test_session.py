"""Transactions: when they begin, how they end, what they bill. Driven through a whole kernel."""

import random

from firmware.evse.session import EXPIRED, STARTED, STOPPED, Session
from tests.unit.evse_rig import Rig

TIMEOUT_MS = 60000


class Stand:
    """A rig, its session and a meter whose register grows with the car's current."""

    def __init__(self, **limits):
        self.rig = Rig(20, **limits)
        self.session = Session(self.rig.kernel)
        self.metered = True
        self.energy_wh = 5000
        self.read_at = 0
        self.events = []
        self._uwh = 0

    def tick(self):
        rig = self.rig
        rig.tick()
        self._uwh += rig.car.current_ma * 230 * rig.step_ms // 3600
        self.energy_wh += self._uwh // 1000000
        self._uwh %= 1000000
        if rig.now % 1000 < rig.step_ms and self.metered:
            self.read_at = rig.now
            self.register_wh = self.energy_wh
        if rig.now % 100 < rig.step_ms:
            event = self.session.tick(rig.now, getattr(self, "register_wh", None), self.read_at)
            if event is not None:
                self.events.append(event)

    def run(self, ms):
        end = self.rig.now + ms
        while self.rig.now < end:
            self.tick()

    def until(self, done, bound_ms):
        start = self.rig.now
        while not done():
            assert self.rig.now - start < bound_ms, "not within %d ms" % bound_ms
            self.tick()
        return self.rig.now - start

    def present(self, tag="TAG", timeout_ms=TIMEOUT_MS):
        self.session.authorise(tag, None, self.rig.now, timeout_ms)

    def charge(self):
        self.run(1200)
        self.rig.car.auto = True
        self.rig.plug()
        self.present()
        self.until(lambda: self.rig.car.current_ma > 0, 9000)
        self.run(10000)
        return self

    def stopped(self, bound_ms=20000):
        self.until(lambda: STOPPED in self.events, bound_ms)
        return self.session.ended


def test_transaction_begins_when_authorised_plugged_locked_tested_sound_and_metered():
    """A transaction begins with all six and with none of them missing."""

    def untagged(s):
        s.session.deauthorise()

    def unplugged(s):
        s.rig.unplug()

    def unlocked(s):
        s.rig.hw.lock.jammed = True

    def untested(s):
        s.rig.hw.residual_current.answers = False

    def unsound(s):
        s.rig.hw.ground.sound = False

    def unmetered(s):
        s.metered = False

    for missing in (None, untagged, unplugged, unlocked, untested, unsound, unmetered):
        s = Stand()
        s.metered = missing is not unmetered
        s.rig.plug()
        s.run(500)
        s.present()
        if missing is not None:
            missing(s)
        s.run(4000)
        begun = s.session.transaction is not None
        assert begun == (missing is None) and s.events == ([] if missing else [STARTED])


def test_order_of_card_and_plug_does_not_matter():
    """Plug first or card first: one transaction either way, with its tag and its start."""
    for card_first in (False, True):
        s = Stand()
        s.run(1200)
        if card_first:
            s.present("ONE")
            s.run(5000)
            assert not s.events
            s.rig.plug()
        else:
            s.rig.plug()
            s.run(5000)
            s.present("ONE")
        s.until(lambda s=s: s.session.transaction is not None, 3000)
        assert s.session.transaction.id_tag == "ONE" and s.session.id_tag is None
        assert s.session.transaction.meter_start_wh == 5000 and s.events == [STARTED]


def test_stop_reads_the_meter_once_more_after_the_contact_has_opened():
    """The bill is the meter's: the last energy flows before the opening and is on it."""
    s = Stand().charge()
    s.session.stop("Local", s.rig.now, "TAG")
    s.run(100)
    assert s.rig.duty == 10000 and s.rig.coil and s.events == [STARTED]
    ended = s.stopped(4000)
    assert not s.rig.hw.contactor.contact
    assert ended.meter_wh == s.energy_wh > ended.meter_start_wh
    assert ended.reason == "Local" and ended.stop_tag == "TAG"
    assert s.session.transaction is None and s.session.finishing


def test_silent_meter_delays_the_end_by_10_s_at_most():
    """Bound: after 10 s with the contact open the last known register is the bill."""
    s = Stand().charge()
    s.run(1000)
    known_wh = s.register_wh
    s.metered = False
    s.run(3000)
    s.session.stop("Remote", s.rig.now)
    ms = s.until(lambda: STOPPED in s.events, 12000)
    assert 10000 <= ms <= 11500
    assert s.session.ended.meter_wh == known_wh


def test_welded_contact_delays_the_end_by_20_s_at_most():
    """Bound: a contact that never opens does not keep the bill open for ever."""
    s = Stand().charge()
    s.rig.hw.contactor.stuck = "closed"
    s.rig.car.auto = False
    s.session.stop("Local", s.rig.now)
    ms = s.until(lambda: STOPPED in s.events, 21000)
    assert 20000 <= ms <= 20200 and s.rig.hw.lock.position
    s.present()
    s.run(10000)
    assert s.events == [STARTED, STOPPED], "welded: no other transaction"


def test_unplugged_car_ends_the_transaction():
    """StopTransactionOnEVSideDisconnect: reason EVDisconnected, once."""
    s = Stand(socket=False).charge()
    s.rig.unplug()
    ended = s.stopped(3000)
    assert ended.reason == "EVDisconnected" and s.events == [STARTED, STOPPED]
    s.run(2000)
    assert not s.session.finishing and not s.session.occupied


def test_car_swapped_between_two_looks_ends_the_transaction():
    """The session may look away for a second (TLS); a plug pulled meanwhile is not missed."""
    s = Stand(socket=False).charge()
    s.rig.unplug()
    s.rig.run(200)
    s.rig.plug("B")
    s.rig.run(200)
    assert s.rig.kernel.plugged
    assert s.stopped(3000).reason == "EVDisconnected"


def test_transaction_survives_the_unplugging_where_it_must():
    """StopTransactionOnEVSideDisconnect = false: it waits, the cable stays locked, goes on."""
    s = Stand()
    s.session.stop_on_disconnect = False
    s.charge()
    s.rig.car.letter = "A"
    s.run(30000)
    assert s.session.transaction is not None and s.rig.hw.lock.position and not s.rig.coil
    s.rig.car.letter = "B"
    s.until(lambda: s.rig.car.current_ma > 0, 9000)
    assert s.events == [STARTED]


def test_cable_is_held_for_its_owner():
    """UnlockConnectorOnEVSideDisconnect = false: over and billed, but the cable stays locked until
    somebody lets go or the next transaction is over."""
    for reason in ("EVDisconnected", "Local"):
        s = Stand()
        s.session.unlock_on_disconnect = False
        s.charge()
        if reason == "Local":
            s.session.stop("Local", s.rig.now)
        else:
            s.rig.car.letter = "A"
        assert s.stopped().reason == reason
        s.run(10000)
        assert s.rig.hw.lock.position is (reason == "EVDisconnected")
        assert s.session.finishing and not s.rig.coil
    s = Stand()
    s.session.unlock_on_disconnect = False
    s.charge()
    s.rig.car.letter = "A"
    s.stopped()
    s.run(5000)
    s.session.let_go(s.rig.now)
    s.until(lambda: not s.rig.hw.lock.position, 3000)
    assert s.session.held is None


def test_a_held_cable_serves_the_next_session():
    """The car is back at a held cable: authorised, tested and charged anew, then let go."""
    s = Stand()
    s.session.unlock_on_disconnect = False
    s.charge()
    s.rig.car.letter = "A"
    s.stopped()
    s.run(5000)
    assert not s.rig.kernel.facts.tested, "each session has its own self-test"
    s.rig.car.letter = "B"
    s.present("OTHER")
    s.until(lambda: s.rig.car.current_ma > 0, 9000)
    s.session.stop("Local", s.rig.now)
    s.until(lambda: s.events == [STARTED, STOPPED] * 2, 20000)
    s.until(lambda: not s.rig.hw.lock.position, 5000)


def test_energy_after_a_refusal_is_bounded():
    """MaxEnergyOnInvalidId: so many Wh more, to the next reading; 0: none at once. The bound
    goes with its transaction."""
    for granted_wh in (0, 20):
        refused(granted_wh)


def refused(granted_wh):
    s = Stand().charge()
    at_wh = s.session.transaction.meter_wh
    s.session.grant(granted_wh)
    s.until(lambda: s.session.suspended, 60000)
    over_wh = s.session.transaction.meter_wh - at_wh - granted_wh
    assert 0 <= over_wh <= 3, over_wh
    s.until(lambda: not s.rig.coil, 10000)
    s.run(5000)
    assert s.session.transaction is not None and not s.rig.coil
    s.session.stop("Local", s.rig.now)
    s.stopped()
    s.present()
    s.until(lambda: s.rig.coil, 20000)
    s.run(10000)
    assert not s.session.suspended


def test_authorisation_lapses_without_a_plug():
    """ConnectionTimeOut: EXPIRED once, and the plug that comes later starts nothing."""
    s = Stand()
    s.run(1200)
    s.present()
    ms = s.until(lambda: s.events, TIMEOUT_MS + 200)
    assert ms >= TIMEOUT_MS and s.events == [EXPIRED]
    s.rig.plug()
    s.run(10000)
    assert s.events == [EXPIRED] and not s.session.finishing and not s.rig.facts.armed


def test_plug_in_the_last_moment_still_starts():
    """ConnectionTimeOut bounds the plugging in; lock and self-test after it have their own."""
    s = Stand()
    s.run(1200)
    s.present()
    s.run(TIMEOUT_MS - 500)
    s.rig.plug()
    s.run(4000)
    assert s.events == [STARTED]


def test_plug_that_never_becomes_ready_lapses_too():
    """Plugged, and the lock sticks for ever: the authorisation does not wait for ever."""
    s = Stand()
    s.run(1200)
    s.rig.hw.lock.jammed = True
    s.rig.plug()
    s.present()
    s.run(TIMEOUT_MS + 1000)
    assert s.events == [EXPIRED] and s.session.finishing and not s.rig.facts.armed


def test_same_plug_again_gives_a_new_transaction():
    """F2: the user restarts; a new transaction, tested anew, that begins where the last ended."""
    s = Stand().charge()
    s.session.stop("Local", s.rig.now)
    first = s.stopped(4000)
    pulses = s.rig.hw.residual_current.pulses
    s.present("OTHER")
    s.until(lambda: s.session.transaction is not None, 9000)
    second = s.session.transaction
    assert second is not first and second.id_tag == "OTHER"
    assert second.meter_start_wh == first.meter_wh
    assert s.rig.hw.residual_current.pulses == pulses + 1
    assert not s.session.finishing
    s.until(lambda: s.rig.car.current_ma > 0, 9000)


def test_card_during_the_end_of_another_is_tested_anew():
    """RCD self-test before every session, also when the next one is already waiting."""
    s = Stand().charge()
    pulses = s.rig.hw.residual_current.pulses
    s.session.stop("Local", s.rig.now)
    s.present("NEXT")
    s.until(lambda: s.events == [STARTED, STOPPED, STARTED], 15000)
    assert s.session.transaction.id_tag == "NEXT"
    assert s.rig.hw.residual_current.pulses == pulses + 1


def test_card_shown_while_the_plug_is_being_released_is_served():
    """The three seconds of unlocking belong to the old session only."""
    s = Stand().charge()
    s.session.stop("Local", s.rig.now)
    s.stopped(4000)
    assert s.session.releasing
    s.present("NEXT")
    assert not s.session.releasing
    s.run(9000)
    assert s.session.transaction is not None and not s.session.releasing


def test_stop_is_taken_once():
    """The first reason counts; a stop without a transaction is nothing."""
    s = Stand()
    s.session.stop("Local", 0)
    assert not s.session.stopping
    s.charge()
    s.session.stop("Remote", s.rig.now)
    at = s.rig.now
    s.run(200)
    s.session.stop("Local", s.rig.now, "X")
    ended = s.stopped(5000)
    assert ended.reason == "Remote" and ended.stopped == at and ended.stop_tag is None


def test_withheld_energy_is_a_pause_not_an_end():
    """4.8: a refused idTag without StopTransactionOnInvalidId: no power until it is stopped."""
    s = Stand().charge()
    s.session.suspended = True
    s.run(3000)
    assert not s.rig.coil and s.rig.duty == 10000 and s.session.transaction is not None
    s.session.stop("Local", s.rig.now)
    s.stopped(5000)
    s.present()
    s.until(lambda: s.rig.coil, 9000)


def test_smart_charging_limit_is_the_permit():
    """What the profiles grant is what the kernel may offer, from the next look on."""
    s = Stand().charge()
    s.run(6000)
    s.session.limit_ma = 10000
    s.run(6000)
    assert s.rig.duty == 1667
    s.session.limit_ma = 0
    s.run(200)
    assert s.rig.duty == 10000


def test_register_that_falls_bills_nothing_negative():
    """meterStop is never below meterStart nor below the last reading, whatever the meter says."""
    s = Stand().charge()
    s.run(60000)
    seen = s.session.transaction.meter_wh
    assert seen > 5000
    s.energy_wh = 0
    s.run(3000)
    assert s.session.transaction.meter_wh == seen
    s.session.stop("Local", s.rig.now)
    assert s.stopped(5000).meter_wh == seen


def jolt(s):
    """One thing happens: people do something, or the metal does."""
    k = random.randrange(16)
    if k < 3:
        s.present(random.choice(("A", "B")), random.choice((3000, 20000)))
    elif k < 6:
        s.rig.plug(random.choice("BBC"))
    elif k == 6:
        s.rig.unplug()
    elif k == 7:
        s.session.stop(random.choice(("Local", "Remote")), s.rig.now)
    elif k == 8:
        s.session.deauthorise()
    else:
        shake(s, k)


def shake(s, k):
    if k == 9:
        s.metered = random.getrandbits(1) == 1
    elif k == 10:
        s.rig.hw.ground.sound = random.getrandbits(1) == 1
    elif k == 11:
        s.energy_wh = random.choice((0, s.energy_wh + 10, s.energy_wh))
    elif k == 12:
        s.rig.hw.lock.jammed = random.getrandbits(2) == 0
    elif k == 13:
        s.session.limit_ma = random.choice((0, 6000, 32000))
    else:
        s.rig.hw.ground.sound = s.metered = True
        s.rig.hw.lock.jammed = False
        s.session.limit_ma = 32000


def test_events_alternate_and_bills_never_shrink_on_random_walks():
    """STARTED and STOPPED exactly once and in turn; meterStop >= meterStart and >= any reading."""
    total = 0
    for seed in range(12):
        random.seed(seed)
        s = Stand(retry_ms=1000, retries=1000, socket=seed % 2 == 0)
        s.rig.car.auto = True
        s.session.stop_on_disconnect = seed % 3 > 0
        running = None
        seen_wh = 0
        for _ in range(80):
            jolt(s)
            for _ in range(random.choice((5, 50, 150, 300))):
                s.tick()
                for event in s.events:
                    if event == STARTED:
                        assert running is None
                        running = s.session.transaction
                        seen_wh = running.meter_start_wh
                        total += 1
                    elif event == STOPPED:
                        assert s.session.ended is running and running is not None
                        assert running.meter_wh >= seen_wh and running.reason
                        assert s.session.transaction is None
                        running = None
                s.events.clear()
                assert s.session.transaction is running
                if running is not None:
                    assert running.meter_wh >= seen_wh >= running.meter_start_wh
                    seen_wh = running.meter_wh
    assert total > 40, total
