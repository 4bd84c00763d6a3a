"""The lease: a permit ends when it is not renewed, and none of it allocates in the interrupt."""

import sys

from firmware.evse.kernel import Kernel
from firmware.evse.lease import Lease
from firmware.evse.limit import Limit
from hal.remote_frame import Order
from tests.skip import Skip
from tests.unit.evse_rig import Hardware
from tests.unit.remote_rig import World


def leased(bound_ms=3000):
    lease = Lease(Kernel(Hardware(), Limit()), bound_ms)
    order = Order()
    order.armed = order.held = True
    order.permit_ma = 16000
    order.current_ma, order.voltage_dv, order.reading_ms = 9000, 2305, 400
    return lease, lease._kernel.facts, order


def test_before_the_first_order_nothing_is_granted():
    lease, facts, _ = leased()
    facts.armed, facts.permit_ma = True, 6000  # whatever stands there
    lease.tick(1)
    assert not facts.armed and not facts.held and facts.permit_ma == 0


def test_an_order_grants_until_the_bound_counted_from_its_proof():
    lease, facts, order = leased()
    lease.take(order, 1000)
    lease.take(order, 1000)
    lease.tick(1999)
    assert (facts.armed, facts.held, facts.permit_ma) == (True, True, 16000)
    lease.tick(1)
    assert (facts.armed, facts.held, facts.permit_ma) == (True, True, 0)
    lease.tick(56999)
    assert facts.armed and facts.held
    lease.tick(1)
    assert not facts.armed and not facts.held


def test_it_takes_two_orders_in_a_row_to_grant_and_one_to_take():
    lease, facts, order = leased()
    lease.take(order, 0)
    lease.tick(1)
    assert not facts.armed and facts.permit_ma == 0
    lease.take(order, 0)
    lease.tick(1)
    assert facts.armed and facts.permit_ma == 16000
    order.permit_ma = 32000
    lease.take(order, 0)
    lease.tick(1)
    assert facts.permit_ma == 16000
    order.permit_ma = 0
    lease.take(order, 0)
    lease.tick(1)
    assert facts.permit_ma == 0 and facts.armed


def test_two_orders_with_a_silence_between_are_not_in_a_row():
    lease, facts, order = leased()
    lease.take(order, 0)
    lease.tick(3000)
    lease.take(order, 0)
    lease.tick(1)
    assert facts.permit_ma == 0


def test_a_renewed_lease_is_never_interrupted():
    lease, facts, order = leased()
    lease.take(order, 0)
    for _ in range(100):
        lease.take(order, 200)
        for _ in range(10):
            lease.tick(100)
            assert facts.permit_ma == 16000


def test_an_old_lease_half_overwritten_grants_nothing():
    """The interrupt comes before the age is written: the new permit is not yet one."""
    lease, facts, _ = leased()
    lease._permit_ma = 16000
    lease.tick(1)
    assert facts.permit_ma == 0


def test_the_reading_keeps_its_age():
    lease, facts, order = leased()
    lease.take(order, 250)
    lease.tick(1)
    assert facts.current_ma == 9000 and lease._kernel.meter_age_ms == 650
    lease._kernel.meter_age_ms = 700
    lease.tick(1)
    assert lease._kernel.meter_age_ms == 700  # handed on once


def locked(act, ms, news=False):
    import micropython

    micropython.heap_lock()
    try:
        if news is None:
            act(ms)
        else:
            act(ms, news)
    finally:
        micropython.heap_unlock()


def test_the_interrupt_of_a_satellite_allocates_nothing():
    """A whole session, a silence and a return: every beat with the heap locked, the frames
    handled between them."""
    if sys.implementation.name != "micropython":
        raise Skip("CPython has no heap_lock")
    world = World()
    bare = world.port.tick
    world.port.tick = lambda ms, news: locked(bare, ms, news)
    world.charge()
    world.run(1000)
    world.cut()
    world.run(12000)
    world.mend()
    world.run(12000)
    assert world.satellite.faulted is None and world.coil
    world.unplug()
    world.run(5000)
    assert world.satellite.faulted is None and world.kernel.unplugged == 1
    world.run(65000)
    world.cut()
    world.run(65000)
    assert world.satellite.faulted is None


def test_the_greatest_order_that_can_be_allocates_nothing():
    """On a chip a number above 2**30 would be an object."""
    lease, facts, order = leased()
    order.permit_ma, order.current_ma = 80000, 1000000
    order.voltage_dv, order.reading_ms = 65535, 86400000
    lease.take(order, 3000)
    if sys.implementation.name == "micropython":
        locked(lease.tick, 25, None)
    lease.tick(25)
    assert max(lease._kernel.meter_age_ms, facts.current_ma, lease.age_ms) < 1 << 30
