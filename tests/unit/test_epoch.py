"""Which UTC an instant of an earlier boot was: over reboots without a clock, over power cuts."""

from firmware.ocpp.clock import Clock
from firmware.ocpp.epoch import Epochs
from firmware.ocpp.timestamp import format_time
from tests.unit.disk_rig import Files
from tests.unit.flash_rig import Cut

AT = 1767225600  # 2026-01-01
HOUR = 3600


class Disk(Files):
    """Power goes, or a change fails, at change number `left`."""

    def __init__(self, names=None):
        super().__init__({} if names is None else names, self._spend)
        self.left = self.error = None
        self.changes = 0

    def _spend(self, change):
        self.changes += 1
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            if self.error:
                raise self.error
            kind, path, data = change
            if kind == "write":
                self.names[path] = data[: len(data) // 2]
            raise Cut


def boot(disk, first=1):
    return Epochs("boots", disk, first)


def test_each_boot_has_a_number_of_its_own():
    disk = Disk()
    assert [boot(disk).boot for _ in range(40)] == list(range(1, 41))


def test_this_boot_is_exact():
    epochs = boot(Disk())
    assert epochs.at(epochs.boot, 5000) is None
    epochs.learn(AT * 1000)
    assert epochs.at(epochs.boot, 5000) == AT + 5


def test_a_boot_without_a_clock_ended_when_the_next_one_began():
    disk = Disk()
    dark = boot(disk)
    dark.mark(80000)
    dark.mark(HOUR * 1000)
    epochs = boot(disk)
    assert epochs.at(1, 0) is None
    epochs.learn(AT * 1000)
    assert AT - HOUR - HOUR // 8 <= epochs.at(1, 0) <= AT - HOUR
    assert AT - HOUR // 8 <= epochs.at(1, HOUR * 1000) <= AT
    # What lies between two events of it is exact.
    assert epochs.at(1, HOUR * 1000) - epochs.at(1, 0) == HOUR


def test_several_boots_without_a_clock_are_in_order():
    disk = Disk()
    stamps = []
    for _ in range(5):
        epochs = boot(disk)
        for now in (1000, 60000, 600000):
            epochs.mark(now)
            stamps.append((epochs.boot, now))
    epochs = boot(disk)
    assert [epochs.at(*stamp) for stamp in stamps] == [None] * 15
    epochs.learn(AT * 1000)
    times = [epochs.at(*stamp) for stamp in stamps]
    assert times == sorted(times) and times[-1] <= AT
    assert times[0] >= AT - 5 * (600 + 600 // 8) - 5


def test_a_known_boot_keeps_its_clock():
    """Also where a later one learns another time."""
    disk = Disk()
    boot(disk).learn(AT * 1000)
    boot(disk).mark(9000)
    epochs = boot(disk)
    epochs.learn((AT + HOUR) * 1000)
    assert epochs.at(1, 7000) == AT + 7
    assert AT + 7 < epochs.at(2, 9000) <= AT + HOUR
    assert epochs.at(3, 1000) == AT + HOUR + 1


def test_a_mark_is_not_a_write_each():
    """The file system may have to erase for it, and a contactor may be closed."""
    disk = Disk()
    epochs = boot(disk)
    before = disk.changes
    for minute in range(24 * 60):
        epochs.mark(minute * 60000)
    assert disk.changes - before <= 2 * 70
    epochs.learn(AT * 1000)
    after = disk.changes
    for minute in range(24 * 60):
        epochs.mark(minute * 60000)
        epochs.learn(AT * 1000)
    assert disk.changes == after


def test_a_backend_that_is_sometimes_late_wears_nothing():
    """And a message that is said again has the time it had."""
    disk = Disk()
    epochs = boot(disk)
    epochs.learn(AT * 1000)
    before = disk.changes
    for ms in (2000, -3000, 4000, 0):
        epochs.learn(AT * 1000 + ms)
        assert epochs.at(epochs.boot, 5000) == AT + 5
    assert disk.changes == before
    epochs.learn((AT + HOUR) * 1000)
    assert epochs.at(epochs.boot, 5000) == AT + HOUR + 5
    assert boot(disk).at(1, 5000) == AT + HOUR + 5


def test_bounded():
    disk = Disk()
    boot(disk).learn(AT * 1000)
    for _ in range(100):
        epochs = boot(disk)
        epochs.mark(1000)
    assert len(disk.names["boots"]) < 1500
    epochs.learn((AT + HOUR) * 1000)
    # Of the forgotten ones only the bound is known: they were before.
    oldest = epochs.at(epochs.boot - 31, 0)
    assert AT < oldest < AT + HOUR
    assert epochs.at(1, 7 * HOUR * 1000) == epochs.at(2, 0) == oldest


def test_a_corrupt_file_is_set_aside():
    texts = ("", "{}", "{", "3", "[1]", '[["a",1,2]]', "[[1,2]]", "[[1,null,-5]]", "[[1,null,5")
    for text in texts + ("[[2,null,5],[2,null,5]]", "[[1.5,null,0]]", "null", "\x00\x00]"):
        disk = Disk({"boots": text.encode()})
        epochs = boot(disk, 777)
        assert epochs.corrupt, text
        assert epochs.boot == 777, "numbers the journal may know are not given again"
        assert disk.names["boots.bad"] == text.encode()
        assert not boot(disk).corrupt
        epochs.learn(AT * 1000)
        assert epochs.at(3, 9999000) == AT, "a boot nobody knows was before"


def test_no_file_is_the_first_boot():
    disk = Disk()
    epochs = boot(disk)
    assert epochs.boot == 1 and not epochs.corrupt and list(disk.names) == ["boots"]


def test_power_cut_at_each_change():
    """The old rows or the new ones, and a number is never given to two boots that stamped."""
    for left in range(12):
        disk = Disk()
        boot(disk).mark(1000)
        disk.left = left
        stamped = []
        try:
            for began in (None, AT * 1000):
                epochs = boot(disk)
                if began:
                    epochs.learn(began)
                epochs.mark(5000)
                stamped.append(epochs.boot)
        except Cut:
            pass
        disk.left = None
        epochs = boot(disk)
        assert not epochs.corrupt and epochs.boot not in stamped
        epochs.learn((AT + HOUR) * 1000)
        for number in range(1, epochs.boot):
            assert AT - HOUR < epochs.at(number, 500) <= AT + HOUR, (left, number)


def test_a_file_system_that_fails_stops_nothing():
    disk = Disk()
    disk.left, disk.error = 0, OSError(28, "full")
    epochs = boot(disk)
    epochs.mark(1000)
    epochs.learn(AT * 1000)
    assert epochs.at(epochs.boot, 1000) == AT + 1
    disk.left = None
    epochs.learn(AT * 1000)  # the next occasion
    assert boot(disk).at(1, 1000) == AT + 1


def test_never_1970():
    """A backend that has lost its clock: what is remembered is not that."""
    disk = Disk()
    clock = Clock(boot(disk))
    assert clock.stamp(60000) == 60000
    clock = Clock(boot(disk))
    clock.learn(0, 5000)
    assert clock.epochs.at(1, 60000) is None
    clock = Clock(boot(disk))
    clock.learn(AT, 5000)
    assert AT - 200 < clock.resolve(1, 60000) <= AT
    assert clock.resolve(3, 6000) == AT + 1


def test_a_stamp_is_carried_to_a_later_boot():
    disk = Disk()
    first = Clock(boot(disk))
    stop = first.stamp(60000)
    Clock(boot(disk)).stamp(8000)
    clock = Clock(boot(disk))
    assert clock.carried(1, None) is None and clock.carried(1, "text") == "text"
    carried = clock.carried(1, stop)
    assert -20000 < carried < -8000
    clock.learn(AT, 0)
    assert clock.resolve(3, carried) == clock.resolve(1, stop)
    assert clock.carried(1, stop) == format_time(clock.resolve(1, stop))
    assert clock.carried(99, stop) is not None, "bounded by what is known"
    assert Clock().carried(1, 5) is None
