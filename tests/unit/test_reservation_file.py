# heap: chip + 200k, a flash in RAM, all frames kept
"""Reservations over power cuts: kept when Accepted, used once, dropped when their time is over."""

from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16.reserved import PATH
from tests.unit.day_rig import DARK_MS, Box, World
from tests.unit.disk_rig import Files
from tests.unit.flash_rig import Cut
from tests.unit.reservation_rig import begun, reserve
from tests.unit.station_rig import ready


def hold(box, number=1, connector=1, id_tag="VIP", seconds=600):
    """ReserveNow by the true time of the world."""
    at = (box.world.utc_ms + box.now) // 1000 + seconds
    return box.status_of(
        "ReserveNow",
        {
            "connectorId": connector,
            "expiryDate": format_time(at),
            "idTag": id_tag,
            "reservationId": number,
        },
    )


def on(world):
    return Box(world, True).run(1.5, 100)


def files_of(world):
    return sorted([name for name in world.names if name.startswith(PATH)])


def test_kept_over_a_power_cut():
    """Reserved is the first word of the next boot, and the owner's Start carries the id."""
    box = on(World())
    assert hold(box, 7, 2) == hold(box, 8, 0, "ANY") == "Accepted"
    box = on(box.power_off())
    assert box.statuses(1)[:1] == box.statuses(2)[:1] == ["Reserved"]
    box.charge(1, "ANY")
    box.charge(2, "VIP")
    assert begun(box, 1) == [("ANY", 8)] and begun(box, 2) == [("VIP", 7)]
    assert files_of(box.world) == []
    box = on(box.power_off())
    assert "Reserved" not in box.statuses(1) + box.statuses(2)


def test_written_only_on_change():
    writes = []
    charger = ready(files=Files({}, lambda what: writes.append(what[:2])))
    writes.clear()
    reserve(charger, seconds=60)
    assert writes == [("write", PATH + ".new"), ("rename", PATH + ".new")]
    charger.plug()
    charger.swipe("STRANGER")
    charger.run(30, 100)
    assert len(writes) == 2
    charger.run(60, 100)
    assert writes[2:] == [("remove", PATH)]


def test_before_the_clock_is_learned_it_is_kept():
    """Nobody can tell whether it has expired: the owner counts on it, so it holds, but for no
    longer than it was made for."""
    box = on(World(1))
    hold(box, seconds=100)
    box = Box(box.power_off())
    box.run(90, 1000)
    assert box.words() == ["Reserved"] and not box.clock.known
    box.run(12, 1000)
    assert box.words() == ["Available"]


def test_expired_in_the_dark():
    """Dropped when the clock is learned."""
    box = on(World(1))
    hold(box, 7, seconds=DARK_MS // 1000 - 5)
    box = Box(box.power_off())
    box.run(1)
    assert box.words() == ["Reserved"]
    box.link(True)
    box.run(2)
    assert box.words() == ["Available"]
    assert box.status_of("CancelReservation", {"reservationId": 7}) == "Rejected"
    assert files_of(box.world) == []


def test_a_broken_file_is_set_aside():
    """Whatever is in the file, the station boots, and reserves."""
    world = World(1)
    box = on(world)
    hold(box)
    good = world.names[PATH]
    for k in range(0, len(good), 7):
        world = box.power_off()
        world.names.clear()
        for data in (good[:k], good[:k] + bytes([good[k] ^ 1]) + good[k + 1 :]):
            world.names[PATH] = data
            box = Box(world)
            box.run(0.1)
            assert box.words() == ["Available"]
            assert (
                files_of(world) == [PATH + ".corrupt"] and world.names[files_of(world)[0]] == data
            )
    box = on(box.power_off())
    assert hold(box) == "Accepted"


def test_a_board_with_fewer_connectors():
    world = World(2)
    box = on(world)
    hold(box, 1, 2)
    hold(box, 2, 1, "ONE")
    world.cars, world.energy_mwh = ["A"], [0]
    box = on(box.power_off())
    assert box.words() == ["Reserved"]


def full(path):
    def before(change):
        if change[0] != "remove" and change[1].startswith(path):
            raise OSError(28, "full")

    return before


def test_accepted_is_on_flash():
    """A reservation that would not survive a power cut is not Accepted, the old one stands."""
    box = on(World(1))
    assert hold(box, 1, 1, "OLD") == "Accepted"
    box.disk.before = full(PATH)
    assert hold(box, 1, 1, "NEW") == "Rejected"
    box.swipe("NEW")
    box.run(1)
    assert box.words() == ["Reserved"]
    box.disk.before = None
    box.run(61, 100)
    box.swipe("OLD")
    box.run(1)
    assert box.words() == ["Preparing"]


def test_a_file_that_could_not_be_removed_is_removed_later():
    charger = ready(files=Files({}))
    reserve(charger)

    def before(change):
        raise OSError(5, "worn")

    charger.files.before = before
    assert charger.status_of("CancelReservation", {"reservationId": 1}) == "Accepted"
    assert PATH in charger.files.names
    charger.files.before = None
    charger.run(61, 100)
    assert PATH not in charger.files.names


def test_unreadable_flash_keeps_nobody_from_booting():
    class Worn(Files):
        def open(self, path, mode="r"):
            if path == PATH:
                raise OSError(5, "worn")
            return Files.open(self, path, mode)

    charger = ready(files=Worn({}))
    assert charger.words() == ["Available"]


class Cutter:
    """The power goes at operation number `at`, of files and journal together."""

    def __init__(self, world, at):
        self.left = at
        world.flash.before = self.before

    def before(self, what):
        self.left -= 1
        if self.left < 0:
            raise Cut()


def test_cut_at_every_operation():
    """Reserved, used, cancelled, with the power going at each operation of the flash: a
    reservation that was Accepted is there or used, and its id is in one StartTransaction at
    most."""
    used = held = cuts = 0
    for at in range(200):
        world, accepted, done = World(1), False, False
        box = on(world)
        cutter = Cutter(world, at)
        box.disk.before = cutter.before
        try:
            accepted = hold(box, 7) == "Accepted"
            box.charge(1, "VIP")
            done = True
        except Cut:
            cuts += 1
        world.flash.before = None
        world.cut()
        world.utc_ms += box.now
        world.cars = ["A"]
        box = on(world)
        box.until(box.idle, 60, 100)
        before = [payload for _, action, payload in world.said if action == "StartTransaction"]
        reserved = box.words() == ["Reserved"]
        box.charge(1, "VIP")
        starts = [payload for _, action, payload in world.said if action == "StartTransaction"]
        ids = [payload.get("reservationId") for payload in starts]
        assert ids.count(7) <= 1, (at, ids)
        if accepted and not before:
            assert reserved or 7 in ids, at
        used += len(before) > 0
        held += reserved
        if done:
            break
    assert done and cuts > 4 and used and held, (cuts, used, held)


def test_whatever_id_the_csms_gives():
    """6.37: an integer: 0, negative and large ones come through flash and journal as they are."""
    for number in (0, -5, 1 << 62, -(1 << 63)):
        box = on(World(1))
        assert hold(box, number) == "Accepted"
        box = on(box.power_off())
        box.charge(1, "VIP")
        assert begun(box) == [("VIP", number)], number
