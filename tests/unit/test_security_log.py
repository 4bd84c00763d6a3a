"""The log of security events: the table of the whitepaper, a ring of flash, how far it is told."""

from firmware.ocpp.v16.security_log import CRITICAL, EVENTS, SecurityLog
from firmware.store.events import AT, COUNT, KIND, NUMBER, TEXT, Events
from firmware.store.journal import Journal
from firmware.store.repeat import VARIOUS
from tests.unit.flash_rig import Flash

HOUR = 3600000
DAY = 24 * HOUR
NOON = 1767268800
STARTUP = "StartupOfTheDevice"
INVALID = "InvalidMessages"


def utc(ms):
    return NOON + ms // 1000


def on(flash, boot=7):
    return SecurityLog(flash, boot, utc, flash.align)


def texts(log):
    return [row[TEXT] for row in log.history()]


def filled(log, first, last, kind="SettingSystemTime"):
    """Events hours apart, so that none counts for a repetition; the flash is kept ready."""
    for i in range(first, last):
        log.add(kind, "event %d" % i, i * HOUR)
        while log.prepare(i * HOUR):
            pass


def told(log, count):
    """So many events are taken by the CSMS, in order."""
    found = []
    for _ in range(count):
        row = log.next()
        found.append(row[TEXT])
        log.tell(row[NUMBER], 0)
    return found


def test_the_table_of_the_whitepaper():
    """Section 8: 18 events, seven of them critical."""
    assert len(EVENTS) == 18 and len({name for name, _ in EVENTS}) == 18
    assert sorted(CRITICAL) == [
        "FirmwareUpdated", "MemoryExhaustion", "ResetOrReboot", "SecurityLogWasCleared",
        "SettingSystemTime", "StartupOfTheDevice", "TamperDetectionActivated",
    ]  # fmt: skip
    for name, _ in EVENTS:
        assert len(name) <= 50 and name.isalpha(), name


def test_each_event_is_kept_by_its_name():
    """A04.FR.04: every event is stored, critical or not, over a restart."""
    flash = Flash(4, 4096)
    log = on(flash)
    for i, (name, _) in enumerate(EVENTS):
        log.add(name, "about %d" % i, i * 1000)
    for each in (log, on(flash)):
        rows = list(each.history())
        assert [row[KIND] for row in rows] == [name for name, _ in EVENTS]
        assert [row[TEXT] for row in rows] == ["about %d" % i for i in range(18)]
        assert [row[AT] for row in rows] == [NOON + i for i in range(18)]
        assert [row[COUNT] for row in rows] == [1] * 18
    try:
        log.add("ShowerOfTheDevice", "", 0)
    except ValueError:
        assert len(list(log.history())) == 18
    else:
        raise AssertionError("no such event")


def test_how_far_the_csms_was_told_is_kept():
    flash = Flash(4, 4096)
    log = on(flash)
    assert log.next() is None
    filled(log, 0, 4)
    assert told(log, 2) == ["event 0", "event 1"]
    log = on(flash, 8)
    assert log.next()[TEXT] == "event 2"
    log.add(STARTUP, "", 0)
    assert told(log, 3) == ["event 2", "event 3", ""] and log.next() is None
    log = on(flash, 9)
    assert log.next() is None and log.told == 7
    assert texts(log) == ["event %d" % i for i in range(4)] + [""], "what is told stays"
    filled(log, 9, 10)
    assert told(on(flash, 10), 1) == ["event 9"]


def test_where_it_was_is_found_over_many_blocks():
    """The record of it may stand blocks behind the events it leaves untold."""
    flash = Flash(8, 1024)
    log = on(flash)
    filled(log, 0, 60)
    told(log, 10)
    filled(log, 60, 120)
    assert len(log._ring.order) == 5
    assert on(flash).next()[TEXT] == "event 10"
    assert told(on(flash), 110) == ["event %d" % i for i in range(10, 120)]
    assert on(flash).next() is None


def test_nothing_is_searched_while_nothing_is_new():
    """Asked on each beat: that must cost no flash."""
    flash = Flash(4, 4096)
    log = on(flash)
    filled(log, 0, 3)
    told(log, 3)
    log = on(flash)
    reads = flash.reads
    for _ in range(100):
        assert log.next() is None
        log.settle(0)
    assert flash.reads == reads


def test_the_log_rolls_and_what_was_told_goes_first():
    flash = Flash(4, 1024)
    log = on(flash)
    for i in range(400):
        filled(log, i, i + 1)
        assert told(log, 1) == ["event %d" % i] and not log.overwritten and not log.crowded
    kept = texts(log)
    assert kept == ["event %d" % i for i in range(400 - len(kept), 400)] and len(kept) > 20
    assert log.lost == log.forced_erases == log.thinned == 0
    assert max(flash.erases) - min(flash.erases) <= 1


def test_what_is_not_critical_never_pushes_out_what_is():
    """A04.FR.02: critical events have a guaranteed delivery. The others, which have not, are only
    counted once they would push one out."""
    flash = Flash(4, 1024)
    log = on(flash)
    filled(log, 0, 10)
    filled(log, 10, 300, INVALID)
    assert log.thinned > 200 and not log.overwritten
    assert told(log, 10) == ["event %d" % i for i in range(10)]
    assert log.crowded  # those that are not critical are of no more worth than others
    thinned = log.thinned
    while log.next() is not None:
        told(log, 1)
    assert not log.crowded
    filled(log, 300, 301, INVALID)
    assert log.thinned == thinned and told(log, 1) == ["event 300"]


def test_too_many_critical_ones_are_a_loss_that_is_seen():
    flash = Flash(4, 1024)
    log = on(flash)
    filled(log, 0, 100)
    assert log.overwritten and log.thinned == 0
    first = log.next()[TEXT]
    assert first == texts(log)[0] != "event 0"
    log = on(flash)
    assert told(log, 1) == [first] and not log.overwritten


def test_how_far_it_was_told_pushes_out_nothing():
    """With a full ring of events untold there is no room to write that down after each: a power
    cut then repeats a block of them, rather than to lose one."""
    flash = Flash(4, 1024)
    for count in range(90, 135, 3):
        for block in range(4):
            flash.ioctl(6, block)
        log = on(flash)
        filled(log, 0, count)
        kept = texts(log)
        assert told(log, len(kept)) == kept and not log.overwritten, count
        for block in range(4):
            flash.ioctl(6, block)
        log = on(flash)
        filled(log, 0, count)
        told(log, 30)
        log = on(flash)
        again = []
        while log.next() is not None:
            again += told(log, 1)
        assert again == kept[kept.index(again[0]) :] and kept.index(again[0]) <= 30, count


def test_while_no_block_can_be_erased_they_wait_and_are_told():
    """A contactor is closed: 16 wait in RAM, each with the number it will have; of more the newest
    is lost, not one that may have been told."""
    flash = Flash(4, 1024)
    log = on(flash)
    filled(log, 0, 40)
    told(log, 40)
    i = 40
    while not log._waiting:
        log.add(STARTUP, "event %d" % i, i * HOUR)
        i += 1
    dead = flash.ioctl

    def refuses(op, argument):
        if op == 6:
            raise OSError(5)
        return dead(op, argument)

    flash.ioctl = refuses
    first = i - 1
    for number in range(i, first + 25):
        log.add(STARTUP, "event %d" % number, number * HOUR)
    assert log.lost == 9 and len(log._waiting) == 16
    said = []
    while log.next() is not None:
        said += told(log, 1)
    assert said == ["event %d" % i for i in range(40, first + 16)]
    flash.ioctl = dead
    assert log.prepare(0)
    log.settle(0)
    assert not log._waiting and log.next() is None and on(flash).next() is None
    log.add(STARTUP, "last", 100 * HOUR)
    assert told(on(flash), 1) == ["last"]


def test_a_log_that_is_gone_says_so():
    """SecurityLogWasCleared, once for each reason; a new region is no loss."""
    assert on(Flash(4, 1024)).cleared() == ""
    assert on(Flash(4, 1024, fill=0x5A)).cleared() == "unreadable"
    for before in (
        lambda flash: Journal(flash, ("a",), (), flash.align).append(["a", 1]),
        lambda flash: Events(flash, 1, utc, flash.align).add("boot", "", 0),
    ):
        flash = Flash(4, 1024)
        before(flash)
        log = on(flash)
        assert log.cleared() == "another format" and list(log.history()) == []
        log.add("SecurityLogWasCleared", log.cleared(), 0)
        assert on(flash).cleared() == "" and len(list(on(flash).history())) == 1


def test_a_block_that_cannot_be_read_is_told_once():
    flash = Flash(8, 1024)
    log = on(flash)
    filled(log, 0, 120)
    block = log._ring.order[1]
    flash.data[block * 1024 : block * 1024 + 1024] = b"\0" * 1024
    log = on(flash)
    assert log.cleared() == "1 blocks unreadable"
    log.add("SecurityLogWasCleared", log.cleared(), 0)
    assert on(flash).cleared() == ""


def test_the_history_of_events_does_not_take_a_security_log():
    flash = Flash(4, 1024)
    filled(on(flash), 0, 2)
    assert Events(flash, 1, utc, flash.align).wiped


# --- floods -----------------------------------------------------------------------------------


def test_a_flood_is_counted():
    """The first is an event, the rest of its hour is one more, with how many they were."""
    flash = Flash(4, 4096)
    log = on(flash)
    for i in range(10000):
        log.add(INVALID, "not JSON", i * 100)
        log.settle(i * 100)
    assert len(list(log.history())) == 1
    assert list(log.counted()) == [(INVALID, "not JSON", 9999, 999900)]
    log.settle(HOUR)
    rows = list(on(flash).history())
    assert [(row[TEXT], row[COUNT]) for row in rows] == [("not JSON", 1), ("not JSON", 9999)]


def test_the_worst_flood_wears_the_flash_by_what_the_document_says():
    """Of every kind every text, all day, each told as soon as it is there: eight blocks of 4 KiB
    live for centuries."""
    flash = Flash(8, 4096)
    log = on(flash)
    now = records = 0
    for step in range(2 * 24 * 360):
        now += 10000
        for name, _ in EVENTS:
            log.add(name, "a text of nobody's choice, %d" % step, now)
        log.settle(now)
        log.prepare(now)
        row = log.next()
        while row is not None:
            records += 1
            log.tell(row[NUMBER], now)
            row = log.next()
    a_year = sum(flash.erases) * 365 // 2
    assert records // 48 < 100, records
    assert a_year < 2500, a_year
    assert a_year // 8 * 300 < 100000  # three hundred years of that, to a block's 100,000
    assert log.forced_erases == 0
    assert VARIOUS in texts(log)
    print("flood: %d records an hour, %d erases a year" % (records // 48, a_year))


def test_a_quiet_year_hardly_wears():
    """A boot and a few events a day."""
    flash = Flash(8, 4096)
    log = on(flash)
    for day in range(365):
        for name in (STARTUP, "SettingSystemTime", "InvalidTLSVersion"):
            log.add(name, "power on, 0.1.0", day * DAY)
        log.settle(day * DAY)
        log.prepare(day * DAY)
        while log.next() is not None:
            log.tell(log.next()[NUMBER], day * DAY)
    assert sum(flash.erases) < 25, flash.erases
    print("quiet: %d erases a year" % sum(flash.erases))
