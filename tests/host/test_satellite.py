"""A satellite behind a line that drops, repeats, delays, reorders and invents: what its coil does.

The witness knows what the charge point has really said and when, and what the car really shows;
it looks at the coil and at the pilot, never into the satellite.
"""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.evse.lease import Lease
from hal.remote import Line
from hal.remote_frame import FrameReader, Order, Report, frame
from tests.unit.remote_rig import Uart, World

BOUND_MS = 3000
C1_MS = 6000  # A.6 seq. 10.2
ROUND_MS = 30  # the lease is looked at once a round


class Channel:
    """What one direction does to a frame, with these chances of a hundred."""

    def __init__(self, chance, world):
        self.chance = chance
        self.world = world
        self.kind = "clean"
        self.tape = []
        self.late = []  # (when, frame)

    def __call__(self, data):
        self.tape = self.tape[-200:] + [data]
        pieces = getattr(self, self.kind)(data)
        due = [item for item in self.late if item[0] <= self.world.now]
        self.late = [item for item in self.late if item[0] > self.world.now]
        self.chance.shuffle(due)
        return pieces + [item[1] for item in due]

    def clean(self, data):
        return [data]

    def cut(self, data):
        return []

    def lossy(self, data):
        return [data] if self.chance.random() < 0.5 else []

    def twice(self, data):
        return [data, self.chance.choice(self.tape), data]

    def delayed(self, data):
        self.late.append((self.world.now + self.chance.randrange(5000), data))
        return []

    def broken(self, data):
        """Bits turned, bytes lost, the rest of another frame behind it."""
        data = bytearray(data)
        for _ in range(self.chance.randrange(1, 6)):
            data[self.chance.randrange(len(data))] ^= 1 << self.chance.randrange(8)
        return [bytes(data[: self.chance.randrange(1, len(data) + 1)]), data[-7:]]

    def noise(self, data):
        return [self.chance.randbytes(self.chance.randrange(60)), data]


KINDS = "clean clean clean cut lossy twice delayed broken noise".split()


class Witness:
    def __init__(self, world):
        self.world = world
        self.granted_at = -100000  # when a permit was last really said
        self.coil = False
        self.closings = self.ends = 0
        self.wrong_ms = self.trip_ms = 0
        write = world.down.write

        def said(data):
            reader = FrameReader()
            reader.feed(data)
            order = Order()
            order.unpack(reader.next()[3])
            if order.armed and order.permit_ma >= 6000:
                self.granted_at = world.now
            write(data)

        world.down.write = said

    def look(self):
        world, hw = self.world, self.world.hw
        age_ms = world.now - self.granted_at
        self.wrong_ms = 0 if world.car.letter == "C" else self.wrong_ms + 1
        self.trip_ms = self.trip_ms + 1 if hw.residual_current.trip else 0
        if 0 < hw.pilot.duty < 10000:
            assert age_ms <= BOUND_MS + ROUND_MS, "an offer without a permit"
        if world.coil:
            assert age_ms <= BOUND_MS + C1_MS + ROUND_MS, "closed without a permit"
            assert self.wrong_ms <= 30, "closed and the car is not in C"
            assert self.trip_ms <= 5, "closed on a residual current"
            assert hw.lock.position, "closed and not locked"
            if not self.coil:
                self.closings += 1
                assert age_ms <= BOUND_MS + ROUND_MS, "closed by nobody's word"
                assert 0 < hw.pilot.duty < 10000
                assert hw.residual_current.pulses, "closed and not tested"
        elif self.coil:
            self.ends += 1
        self.coil = world.coil


def wire(world, chance):
    chance.choice((world.down, world.up)).channel.kind = chance.choice(KINDS)


def clean(world, chance):
    world.down.channel.kind = world.up.channel.kind = "clean"


def sleeps(world, chance):
    world.awake = not world.awake


def boots(world, chance):
    chance.choice((world.boot_master, world.boot_satellite))()


def leaves(world, chance):
    world.unplug()


def comes(world, chance):
    world.awake = True
    world.hw.residual_current.trip = False
    if world.car.letter == "A":
        world.plug(chance.choice("BC"))
    if world.session.transaction is None:
        world.session.authorise("TAG", None, world.now, 60000)


def trips(world, chance):
    world.hw.residual_current.trip = True


def stops(world, chance):
    world.session.stop("Remote", world.now)


EVENTS = (wire, wire, wire, wire, clean, clean, sleeps, boots, leaves, trips, stops, comes, comes,
          comes, comes)


def walk(seed, turns, beats):
    chance = random.Random(seed)
    world = World(beats=beats, retries=1000, retry_ms=2000)
    world.car.auto = True
    for uart in (world.down, world.up):
        uart.channel = Channel(chance, world)
    witness = Witness(world)
    for _ in range(turns):
        chance.choice(EVENTS)(world, chance)
        for _ in range(chance.randrange(50, 2500)):
            world.tick()
            witness.look()
    return witness


@pytest.mark.parametrize("beats", [True, False])
def test_whatever_the_line_does_the_coil_keeps_the_rules(beats):
    """Closed: a permit really said within the bound and the grace of C1, the car in C, tested,
    locked, no residual current. Over cuts, loss, repeats, delays of 5 s, wrong bits, noise,
    sleeps and boots of both ends."""
    closings = ends = 0
    for seed in range(30):
        witness = walk(seed, 60, beats)
        closings += witness.closings
        ends += witness.ends
    assert closings > 60 and ends > 60, (closings, ends)


TRIED = 100000


class Place:
    """Of a kernel what a lease touches."""

    class facts:
        armed = held = False
        permit_ma = 0

    def meter_read(self, current_ma, voltage_dv):
        pass


class Target:
    """A satellite's end that has met its charge point, which says every 100 ms: no permit."""

    def __init__(self):
        near, self.far = Uart(), Uart()
        near.peer, self.far.peer = self.far, near
        self.master = Line(near, Order(), Report(), 11)
        self.line = Line(self.far, Report(), Order(), 22)
        self.lease = Lease(Place(), BOUND_MS)
        self.passed = self.tried = 0
        for _ in range(4):
            self.talk(100)
        assert not self.line.lost

    def talk(self, ms):
        self.master.poll(ms)
        self.look(ms)
        self.master.send()
        self.line.send()

    def look(self, ms):
        news = self.line.poll(ms)
        if news:
            self.lease.take(self.line.heard, self.line.age_ms)
        self.lease.tick(ms)
        return news

    def shoot(self, data):
        """A frame that nobody sent; ten of them between two that somebody did."""
        self.tried += 1
        self.far.inbox = data
        self.passed += self.look(0)
        granted_ma = self.lease._kernel.facts.permit_ma
        if self.tried % 10 == 0:
            self.far.inbox = b""
            self.talk(100)
        return granted_ma

    def order(self):
        """16 A, as the charge point would say it next."""
        order = Order()
        order.armed, order.permit_ma = True, 16000
        stamp = (11, self.master._sequence + 1, 22, self.line._sequence)
        return frame(Order.KIND, stamp, order.pack())


def test_no_corrupted_order_grants_anything():
    """A hundred thousand times a true order of 16 A with one to five bytes wrong. One or two pass
    the check, as they must with 16 bits; none is followed by another."""
    chance, target = random.Random(1), Target()
    for _ in range(TRIED):
        data = bytearray(target.order())
        for at in chance.sample(range(len(data)), chance.randrange(1, 6)):
            data[at] ^= chance.randrange(1, 256)
        assert not target.shoot(bytes(data))
    assert target.passed <= 8
    assert not target.shoot(target.order())
    target.master._sequence += 1
    assert target.shoot(target.order()) == 16000  # it was worth trying


def test_no_order_with_a_right_check_and_any_stamp_grants_anything():
    """The check does not protect here: only who answers our last seconds is believed."""
    chance, target = random.Random(2), Target()
    payload = target.order()[11:-2]
    for _ in range(TRIED):
        stamp = struct.unpack("<HHHH", chance.randbytes(8))
        assert not target.shoot(frame(Order.KIND, stamp, payload))
    assert target.passed == 0


def test_no_random_bytes_grant_anything():
    chance, target = random.Random(3), Target()
    for _ in range(TRIED):
        # the head of an order, and anything
        assert not target.shoot(b"\xa5\x11\x11" + chance.randbytes(27))
    assert target.passed == 0


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_split_gives_the_same_frames(data):
    order = Order()
    order.permit_ma = data.draw(st.integers(0, 80000))
    stamps = data.draw(st.lists(st.tuples(*[st.integers(0, 65535)] * 4), max_size=4))
    stream = data.draw(st.binary(max_size=30))
    stream = stream.replace(b"\xa5", b"")
    for stamp in stamps:
        stream += frame(Order.KIND, stamp, order.pack())
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    reader, seen = FrameReader(), []
    for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        reader.feed(stream[a:b])
        item = reader.next()
        while item is not None:
            seen.append(item)
            item = reader.next()
    assert [item[2] for item in seen] == stamps
    assert all(item[3] == order.pack() for item in seen)


def test_the_time_from_c_to_b_is_that_of_the_kernel():
    """With the charge point asleep, rebooting or gone: 10 beats, as without a line."""
    for happens in (lambda w: None, lambda w: w.boot_master(), lambda w: w.cut()):
        world = World().charge()
        world.car.auto = False
        happens(world)
        world.awake = False
        world.car.letter = "B"
        assert world.until(lambda world=world: not world.coil, 50) <= 10
