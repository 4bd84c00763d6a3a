"""A charge point and its satellite: sessions over the wire, silence, reboots, and who decides."""

from firmware.evse import fault, status
from firmware.evse.remote import fill
from firmware.evse.session import STARTED, STOPPED
from firmware.version import VERSION
from tests.unit.remote_rig import World, release

BOUND_MS = 3000  # of the permit
C1_MS = 6000  # A.6 seq. 10.2


def again(world):
    """The line is back, and the car charges."""
    world.until(lambda: not world.kernel.lost, 2000)
    world.run(300)
    world.until(lambda: world.facts.closed, 15000)
    assert world.hw.contactor.contact


def energy_wh(world):
    return world.energy_wms // 3600000


def test_a_session_over_the_wire_is_billed_to_the_watt_hour():
    """Plug, authorise, charge, unplug: one transaction, and it says what went through."""
    world = World().charge()
    assert world.events == [STARTED]
    world.run(60000)
    assert world.connector.word == "Available"  # nobody has spoken yet
    assert status.derive(world.session, True, False, "Charging") == "Charging"
    world.unplug()
    world.until(lambda: STOPPED in world.events, 5000)
    ended = world.session.ended
    assert ended.reason == "EVDisconnected"
    assert ended.meter_wh - ended.meter_start_wh == energy_wh(world) > 40
    world.run(5000)
    assert not world.hw.lock.position and not world.coil


def test_every_fact_of_the_kernel_is_told():
    world = World().charge()
    world.run(300)
    theirs, ours = world.satellite.kernel, world.kernel
    for name in ("letter", "diode_seen", "closed", "locked", "tested", "waking", "ceiling_ma",
                 "armed", "held", "permit_ma", "faults"):
        assert getattr(ours.facts, name) == getattr(theirs.facts, name), name
    for name in ("offered_ma", "pilot_off", "close", "lock"):
        assert getattr(ours.wishes, name) == getattr(theirs.wishes, name), name
    for name in ("plugged", "unplugged", "temperature_dc", "welded", "cable_ma", "warnings"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert ours.facts.letter == "C" and ours.temperature_dc == 250 and ours.cable_ma == 32000


def test_c_to_b_opens_at_the_satellite_and_asks_nobody():
    """IEC 61851-1 A.6 seq. 8.1 with a charge point that is dead: 10 beats."""
    for letter in "BAEF":
        world = World().charge()
        world.run(200)
        world.car.auto = False
        world.awake = False
        world.car.letter = letter
        assert world.until(lambda world=world: not world.coil, 100) <= 10, letter


def test_c_to_b_without_an_interrupt():
    world = World(beats=False).charge()
    world.car.auto = False
    world.car.letter = "B"
    assert world.until(lambda: not world.coil, 100) <= 30


def test_silence_ends_the_permit_and_then_the_contact_without_tearing():
    """3 s after the newest proof no offer; the car lets go, and the contact opens unloaded."""
    world = World().charge()
    world.run(2000)
    world.cut()
    assert BOUND_MS - 200 <= world.until(lambda: world.hw.pilot.duty == 10000, 3100) <= BOUND_MS
    assert world.coil and world.satellite.kernel.facts.permit_ma == 0
    world.until(lambda: not world.coil, 1000)
    assert world.car.current_ma == 0 or world.car.letter == "B"


def test_silence_and_a_car_that_will_not_let_go():
    world = World().charge()
    world.car.follows = False
    world.run(2000)
    world.cut()
    assert world.until(lambda: not world.coil, 9500) <= BOUND_MS + C1_MS + 20


def test_one_way_silence_is_silence_at_both_ends():
    """Who is not heard cannot be answered: no order without a report, and the other way."""
    for broken in ("down", "up"):
        world = World().charge()
        world.run(1000)
        getattr(world, broken).channel = lambda data: ()
        world.until(lambda world=world: world.hw.pilot.duty == 10000, 3300)
        assert world.until(lambda world=world: world.kernel.lost, 500) < 500
        assert world.facts.faults & fault.LINK


def test_lost_is_faulted_and_the_transaction_waits():
    """Communication lost: Faulted with a code, the plug as last seen, and the bill goes on."""
    world = World().charge()
    world.run(60000)
    world.cut()
    world.run(4000)
    assert status.derive(world.session, True, False, "Charging") == "Faulted"
    assert status.error_code(world.kernel, "Faulted") == "InternalError"
    assert world.kernel.plugged and world.session.transaction is not None
    assert world.kernel.wishes.offered_ma == 0
    world.run(30000)
    assert not world.hw.contactor.contact
    at_the_cut = energy_wh(world)
    world.mend()
    again(world)
    assert world.facts.faults == 0 and world.events == [STARTED]
    world.run(30000)
    world.session.stop("Remote", world.now)
    world.until(lambda: STOPPED in world.events, 12000)
    ended = world.session.ended
    assert ended.meter_wh - ended.meter_start_wh == energy_wh(world) > at_the_cut


def test_a_stall_of_the_charge_point_shorter_than_its_watchdog_pauses_nothing():
    """A TLS handshake of 1.9 s: no click, no duty change."""
    world = World().charge()
    world.run(2000)
    duty, pulses = world.hw.pilot.duty, []
    for _ in range(5):
        world.sleep(1900)
        pulses.append((world.hw.pilot.duty, world.coil, world.kernel.lost))
        world.run(500)
    assert pulses == [(duty, True, False)] * 5


def test_a_car_that_left_in_the_silence_has_left():
    """Unplugged, another plugged in, all of it unseen: the transaction is over."""
    world = World().charge()
    world.run(2000)
    world.cut()
    world.run(5000)
    world.unplug()
    world.run(500)
    world.plug()
    world.run(500)
    world.mend()
    world.until(lambda: STOPPED in world.events, 15000)
    assert world.session.ended.reason == "EVDisconnected"
    assert world.kernel.unplugged == 1 and not world.coil


def test_the_satellite_boots_under_a_session_and_it_goes_on():
    """A watchdog of the satellite: open at once; the same car is still there."""
    world = World().charge()
    world.run(5000)
    world.alive = False
    world.hw.contactor.drive(False)
    world.hw.pilot.drive(10000)
    world.run(3500)
    assert world.kernel.lost
    world.boot_satellite()
    again(world)
    assert world.line.reboots == 1 and world.events == [STARTED]
    assert world.kernel.unplugged == 0


def test_a_quick_boot_of_the_satellite_is_seen_and_unplugs_nobody():
    """Within the bound nothing is lost, and its first second tells no half-made facts."""
    world = World().charge()
    world.run(5000)
    world.boot_satellite()
    world.until(lambda: world.line.reboots == 1, 3000)
    world.until(lambda: world.facts.closed, 15000)
    assert world.events == [STARTED] and world.kernel.unplugged == 0


def test_a_car_that_left_during_a_boot_of_the_satellite_has_left():
    world = World().charge()
    world.run(5000)
    world.alive = False
    world.unplug()
    world.run(1000)
    world.boot_satellite()
    world.until(lambda: STOPPED in world.events, 15000)
    assert world.kernel.unplugged == 1


def test_a_car_that_left_in_the_first_second_of_a_boot_has_left():
    """Before the first report another plug was put in: its count began anew, and says one."""
    world = World().charge()
    world.run(5000)
    world.boot_satellite()
    world.run(600)
    assert world.satellite.kernel.plugged
    world.unplug()
    world.run(150)
    world.plug()
    world.until(lambda: STOPPED in world.events, 15000)
    assert world.kernel.unplugged == 1 and world.line.reboots == 1


def test_the_charge_point_boots_and_finds_the_car():
    """Its first facts are the satellite's; no car has left because nobody listened."""
    world = World().charge()
    world.satellite.kernel.unplugged = 65535
    world.run(2000)
    world.awake = False
    world.run(5000)
    assert not world.coil
    world.boot_master()
    world.awake = True
    assert world.kernel.lost and world.facts.faults & fault.LINK
    world.until(lambda: world.kernel.plugged, 1000)
    world.run(300)
    assert world.kernel.unplugged == 0 and world.satellite.line.reboots == 1
    assert not world.kernel.lost and not world.facts.faults
    world.unplug()
    world.until(lambda: not world.kernel.plugged, 500)
    assert world.kernel.unplugged == 1  # over the wrap of its count


def test_fail_ends_the_permit_at_once_and_then_is_silent():
    world = World().charge()
    world.run(2000)
    world.kernel.fail()
    world.until(lambda: world.hw.pilot.duty == 10000, 60)
    sent = len(world.down.frames)
    last = world.down.frames[-1]
    world.run(9000)
    assert world.down.frames[-1] == last and len(world.down.frames) == sent
    assert not world.coil and world.facts.faults & fault.SOFTWARE
    world.run(60000)
    assert not world.hw.lock.position  # the driver gets the plug


def test_fail_with_a_broken_uart_still_grants_nothing():
    world = World().charge()
    world.down.broken = True
    world.kernel.fail()
    assert not world.facts.permit_ma
    world.until(lambda: not world.coil, BOUND_MS + C1_MS)


def test_the_plug_is_held_a_minute_through_a_silence():
    """A restart of the charge point does not free the cable; its death does, in the end."""
    world = World().charge()
    world.cut()
    world.run(55000)
    assert world.hw.lock.position and not world.coil
    world.run(10000)
    assert not world.hw.lock.position


def test_the_satellites_rating_is_its_own():
    """The charge point can only lower: 16 A of wiring stay 16 A whatever is permitted."""
    world = World(rating_ma=16000)
    world.charge()
    world.run(500)
    assert world.satellite.kernel.wishes.offered_ma == 16000
    assert world.kernel.limit.max_ma == 16000  # and smart charging is told so
    world = World(master_ma=10000)
    world.session.limit_ma = 32000  # whatever stands above
    world.charge()
    assert world.satellite.kernel.wishes.offered_ma == 10000


def test_an_order_of_80_a_offers_the_rating():
    world = World(rating_ma=20000).charge()
    world.kernel.limit.max_ma = 80000
    world.session.limit_ma = 80000
    world.run(20000)
    assert world.satellite.kernel.facts.permit_ma >= 20000
    assert world.satellite.kernel.wishes.offered_ma == 20000


def test_another_kind_of_outlet_is_a_fault_not_a_guess():
    world = World(socket=True)
    world.kernel.limit.socket = False
    world.run(2000)
    assert world.facts.faults == fault.SOFTWARE and not world.kernel.lost


def test_over_current_is_guarded_by_the_charge_points_meter():
    """Read there, judged here: 40 A at an offer of 32 A for 7 s."""
    world = World().charge()
    world.car.wish_ma = 40000
    world.until(lambda: world.facts.faults & fault.OVERCURRENT, 12000)
    world.until(lambda: not world.coil, 10)


def test_a_meter_that_falls_silent_is_old_at_the_satellite_too():
    """10 s: 6 A. The age travels with the reading, so resending it makes nothing young."""
    world = World().charge()
    meter, world._meter = world._meter, lambda: None
    world.until(lambda: world.satellite.kernel.wishes.offered_ma == 6000, 10200)
    assert world.satellite.kernel.warnings & fault.METER
    world.run(300)
    assert world.kernel.warnings & fault.METER
    world.until(lambda: not world.satellite.kernel.wishes.offered_ma, 51000)
    meter()
    world.kernel.tick(10)
    assert not world.kernel.warnings & fault.METER  # this end knows first


def test_a_weld_is_told_and_kept_at_the_satellite():
    world = World().charge()
    world.hw.contactor.stuck = "closed"
    world.session.stop("Remote", world.now)
    world.until(lambda: world.kernel.welded, 8000)
    assert world.port.retained == 1 and world.facts.faults & fault.WELD
    world.hw.contactor.stuck = None
    world.boot_satellite()
    assert world.satellite.kernel.welded
    world.run(3000)
    assert world.kernel.welded


def test_restart_ends_one_boot_of_the_satellite_and_only_that():
    """Asked under load it opens first; the next boot is not asked again."""
    world = World().charge()
    boot = world.satellite.line.boot
    world.kernel.restart()
    world.until(lambda: world.satellite.line.boot != boot, 9000)
    assert not world.coil
    boot = world.satellite.line.boot
    world.until(lambda: world.facts.closed, 20000)
    assert world.satellite.line.boot == boot and world.facts.faults == 0


def test_a_restart_that_names_another_boot_is_not_obeyed():
    satellite = World().satellite
    satellite.line.heard.restart = satellite.line.boot + 1
    satellite.line.heard.permit_ma = 6000
    assert satellite._order().permit_ma == 6000  # and no reset


def test_each_flag_is_told_and_taken_by_itself():
    world = World()
    world.run(1500)
    theirs, ours, told = world.satellite.kernel, world.kernel, world.line.heard
    flags = [("facts", name) for name in "diode_seen closed locked tested waking".split()]
    flags += [("wishes", name) for name in "pilot_off close lock".split()]
    for chosen in flags:
        for place, name in flags:
            setattr(getattr(theirs, place), name, (place, name) == chosen)
        fill(told, theirs, 0)
        ours._learn(told)
        for place, name in flags:
            assert getattr(getattr(ours, place), name) == ((place, name) == chosen), (name, chosen)


def test_one_odd_report_ends_no_transaction_and_leaves_nothing_behind():
    """A frame whose wrong bits the check let pass: 1 in 65536 of those with many."""
    world = World().charge()
    world.run(1000)
    odd = world.line.heard
    odd.plugged, odd.unplugged, odd.rating_ma = False, odd.unplugged + 5, 6000
    world.kernel._learn(odd)
    assert world.kernel.plugged and world.kernel.unplugged == 0
    assert world.kernel.limit.max_ma == 32000
    world.run(5000)
    assert world.events == [STARTED] and world.kernel.unplugged == 0 and world.coil


def test_the_watchdog_is_fed_only_while_the_kernel_beats():
    world = World().charge()
    assert world.port.armed_ms == 2000
    fed = world.port.fed
    world.run(100)
    assert world.port.fed > fed
    world.port.tick = lambda ms, news: None  # the interrupt stopped
    world.run(5)
    fed = world.port.fed
    world.run(1000)
    assert world.port.fed == fed


def test_a_kernel_that_raises_opens_and_is_not_fed():
    for beats in (True, False):
        world = World(beats=beats).charge()
        world.hw.proximity.read_ohm = None  # calling it raises
        world.until(lambda world=world: not world.coil, 30)
        fed = world.port.fed
        world.run(500)
        assert world.port.fed == fed and world.satellite.faulted is not None
        assert world.facts.faults & fault.SOFTWARE


def test_a_report_is_of_one_beat():
    """An interrupt while the facts are copied: they are copied again, or nothing is said."""
    satellite = World().satellite
    real = satellite.kernel.wishes

    class Torn:
        times = 1

        def __getattr__(self, name):
            if name == "offered_ma" and Torn.times:
                Torn.times -= 1
                satellite._beats += 1
                satellite.kernel.facts.letter = "E"
            return getattr(real, name)

    satellite.kernel.wishes = Torn()
    assert satellite._fill() and satellite.line.said.letter == 5
    Torn.times = 100
    assert not satellite._fill()


def test_the_version_is_one_number():
    assert release("1.2.3-rc4") == 0x010203 and release("0.10") == 0x000A00
    world = World()
    world.run(1500)
    assert world.line.heard.release == release(VERSION) > 0


def test_nothing_is_told_of_the_first_second():
    """Letter, cable and lock settle first: a car that is plugged in must not look unplugged."""
    world = World()
    world.plug("C")
    world.run(990)
    assert not world.up.frames
    world.run(400)
    assert world.kernel.plugged
