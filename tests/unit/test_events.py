"""The event history on a flash that loses power, wears and is not always ready to be erased."""

import random

from firmware.store.events import AT, COUNT, KIND, KINDS, MS, NUMBER, TEXT, Events
from firmware.store.journal import Journal
from firmware.store.repeat import VARIOUS, Repeat
from tests.unit.flash_rig import Flash

HOUR = 3600000
NOON = 1767268800


def utc(ms):
    return NOON + ms // 1000


def unknown(ms):
    return None


def on(flash, boot=7, clock=utc):
    return Events(flash, boot, clock, flash.align)


def filled(flash, count, first=0, **how):
    """So many events, none like another, the flash kept ready; hours apart, so that none counts
    for a repetition."""
    events = on(flash, **how)
    for i in range(first, first + count):
        events.add("link lost", "cause %d" % i, i * HOUR)
        while events.prepare(i * HOUR):
            pass
    return events


def told(events):
    return [(row[NUMBER], row[TEXT]) for row in events.records()]


def test_what_happened_is_there_after_a_restart():
    """Number, boot, ms, UTC, kind, text, times: as it was said, the oldest first."""
    flash = Flash(4, 4096)
    events = on(flash)
    events.add("boot", "power on, 0.1.0", 0)
    events.add("fault set", "1 GroundFailure", 61001)
    later = on(flash, 8, unknown)
    later.add("link up", "", 5)
    expected = [
        (1, 7, 0, NOON, "boot", "power on, 0.1.0", 1),
        (2, 7, 61001, NOON + 61, "fault set", "1 GroundFailure", 1),
        (3, 8, 5, None, "link up", "", 1),
    ]
    assert list(later.records()) == expected == list(on(flash, 9).records())
    assert list(later.records(1)) == expected[1:] and list(later.records(3)) == []
    assert later.newest(2) == [expected[2], expected[1]] and later.newest(9) == expected[::-1]
    assert on(flash).next_number == 4 and later.last == 3


def test_text_of_any_kind_is_one_short_line():
    """Whatever a peer calls itself: bounded, whole characters, no line of its own."""
    flash = Flash(4, 4096)
    events = on(flash)
    said = ("x" * 500, "\u00e4" * 60, "a\nb\x00c", "\u20ac" * 27 + "z", "a\ud83db")
    for i, text in enumerate(said):
        events.add("link lost", text, i * HOUR)
    texts = [row[TEXT] for row in on(flash).records()]
    assert texts == ["x" * 80, "\u00e4" * 40, "a?b?c", "\u20ac" * 26, "a?b"], texts


def test_the_oldest_give_way_block_by_block():
    """Three blocks of history at least two, numbers without a gap, each block worn the same."""
    flash = Flash(4, 1024)
    events = filled(flash, 600)
    numbers = [number for number, _ in told(events)]
    assert numbers == list(range(numbers[0], 601)) and 45 < len(numbers) < 100, len(numbers)
    assert told(events) == told(on(flash)) == [(n, "cause %d" % (n - 1)) for n in numbers]
    assert max(flash.erases) - min(flash.erases) <= 1 and events.forced_erases == 0
    assert next(events.records(numbers[-10]))[NUMBER] == numbers[-9]
    assert [row[NUMBER] for row in events.newest(5)] == numbers[-1:-6:-1]


def test_no_erase_until_somebody_prepares():
    """An erase stops the chip: while a contactor is closed events wait in RAM; only when that is
    full one is forced."""
    flash = Flash(4, 1024)
    events = filled(flash, 300)
    before = sum(flash.erases)
    i = 300
    while not events._waiting:
        events.add("link lost", "cause %d" % i, i * HOUR)
        i += 1
    while len(events._waiting) < 16:
        events.add("link lost", "cause %d" % i, i * HOUR)
        i += 1
    assert sum(flash.erases) == before and events.lost == 0
    assert told(events)[-1] == (i, "cause %d" % (i - 1)), "what waits is told as well"
    numbers = [number for number, _ in told(events)]
    assert numbers == list(range(numbers[0], i + 1)) and events.last == i
    assert [row[NUMBER] for row in events.newest(18)] == numbers[-1:-19:-1]
    copy = Flash(4, 1024)
    copy.copy(flash)
    assert on(copy).last == i - 16
    prepared = events.prepare(i * HOUR)
    assert prepared and sum(flash.erases) == before + 1 and not events._waiting
    assert on(flash).last == i and events.forced_erases == 0
    while events.forced_erases == 0:
        events.add("link lost", "cause %d" % i, i * HOUR)
        i += 1
    assert events.forced_erases == 1 and sum(flash.erases) == before + 2
    assert events.lost == 0 and on(flash).last == i == told(events)[-1][0]


class Broken(Flash):
    """Takes nothing any more, or takes it wrongly."""

    dead = False
    wrong = 0

    def ioctl(self, op, argument):
        if op == 6 and self.dead:
            raise OSError(5)
        return super().ioctl(op, argument)

    def writeblocks(self, block, buf, offset):
        if self.dead:
            raise OSError(5)
        super().writeblocks(block, buf, offset)
        if self.wrong and offset:
            self.wrong -= 1
            self.data[block * self.block_bytes + offset + 10] ^= 1


def test_a_flash_that_fails_stops_nothing():
    """The history is no reason to fail: bounded, counted, and it goes on when flash does."""
    flash = Broken(4, 1024)
    events = on(flash)
    events.add("boot", "", 0)
    flash.dead = True
    for i in range(40):
        events.add("link lost", str(i), i * HOUR)
    assert events.lost == 24 and events.error.args[0] == 5 and len(told(events)) == 17
    assert not events.prepare(0)
    flash.dead = False
    events.add("link up", "", 40 * HOUR)
    assert events.error is None and on(flash).last == events.last == 18
    assert [text for _, text in told(on(flash))] == [""] + [str(i) for i in range(24, 40)] + [""]


def test_a_block_that_cannot_be_erased_stops_nobody():
    """upkeep asks again and again, and the journal waits for its turn behind."""
    flash = Broken(4, 1024, fill=0)
    events = on(flash)
    flash.dead = True
    assert not events.prepare(0) and events.error.args[0] == 5
    flash.dead = False
    assert events.prepare(0) and events.error is None


def test_a_record_that_does_not_read_back_is_written_again():
    flash = Broken(4, 1024)
    events = on(flash)
    events.add("boot", "", 0)
    flash.wrong = 1
    events.add("link up", "", 0)
    assert told(events) == told(on(flash)) == [(1, ""), (2, "")] and events.error is None
    flash.wrong = 9
    events.add("link lost", "x", 0)
    assert events.error.args[0] == 5
    flash.wrong = 0
    events.prepare(0)
    events.add("link lost", "y", 0)
    # two blocks more were given up: the oldest has made room
    assert told(events) == told(on(flash)) == [(2, ""), (3, "x"), (4, "y")]


class Doubtful(Flash):
    """Programs rightly, and reads frames back wrongly so many times."""

    doubt = 0

    def readblocks(self, block, buf, offset):
        super().readblocks(block, buf, offset)
        if self.doubt and offset >= 32:
            self.doubt -= 1
            buf[0] ^= 1


def test_a_number_given_again_is_told_once():
    """A record that was taken for broken and is whole after all: the one that counts is the one
    in the next block."""
    flash = Doubtful(4, 1024)
    events = on(flash)
    events.add("boot", "", 0)
    flash.doubt = 1
    events.add("link up", "", 0)
    assert len(events._ring.order) == 2
    assert told(events) == told(on(flash)) == [(1, ""), (2, "")]
    flash.doubt = 1
    events._ring.put(0, events.next_number, b"\0\0\0\0\1given up")
    events.add("link lost", "x", 0)
    assert told(events) == told(on(flash)) == [(1, ""), (2, ""), (3, "x")]


def test_what_stood_there_before_is_given_up():
    """A region that was a journal's: the charger boots, with an empty history."""
    flash = Flash(4, 1024)
    journal = Journal(flash, ("a",), (), flash.align)
    journal.append(["a", 1])
    events = on(flash)
    assert events.wiped and told(events) == []
    events.add("boot", "", 0)
    assert not on(flash).wiped and told(on(flash)) == [(1, "")]


def test_too_small_a_region_is_not_touched():
    flash = Flash(3, 1024, fill=0x5A)
    try:
        on(flash)
    except ValueError:
        assert flash.erases == [0, 0, 0]
    else:
        raise AssertionError("three blocks are no history")


def test_garbage_is_an_empty_history():
    """Blocks that were never erased: prepared one by one, then used."""
    flash = Flash(4, 1024, fill=0x5A)
    events = on(flash)
    events.add("boot", "", 0)
    assert told(events) == [(1, "")] and flash.programs == 0
    assert events.prepare(0) and told(on(flash)) == [(1, "")]


# --- repetition -----------------------------------------------------------------------------


def test_the_same_within_an_hour_is_counted():
    flash = Flash(4, 4096)
    events = on(flash)
    for minute in range(38):
        events.add("link lost", "reset by peer", minute * 60000)
    assert len(told(events)) == 1
    assert list(events.counted()) == [("link lost", "reset by peer", 37, 37 * 60000)]
    events.prepare(HOUR - 1)
    assert len(told(events)) == 1
    events.prepare(HOUR)
    row = list(on(flash).records())[1]
    assert (row[KIND], row[TEXT], row[COUNT], row[MS]) == (
        "link lost", "reset by peer", 37, 37 * 60000
    )  # fmt: skip
    assert row[AT] == utc(37 * 60000) and list(events.counted()) == []
    # the next hour counts from its first one on
    events.add("link lost", "reset by peer", HOUR + 1)
    assert len(told(events)) == 2
    events.flush()
    assert told(events)[2:] == [(3, "reset by peer")] and list(events.records())[2][COUNT] == 1
    events.flush()
    assert len(told(events)) == 3, "nothing twice"
    events.add("link lost", "reset by peer", 3 * HOUR)
    assert len(told(events)) == 4, "an hour of silence: written at once"


def test_a_flapping_link_for_a_year_wears_nothing_out():
    """Lost and up once a minute: two records an hour and no more; erases of a year, measured over
    a fortnight: below 200, of four blocks."""
    flash = Flash(4, 4096)
    events = on(flash)
    for minute in range(14 * 1440):
        events.add("link lost", "reset by peer", minute * 60000)
        events.add("link up", "", minute * 60000 + 5000)
        if not minute % 10:
            events.prepare(minute * 60000)
    assert events.last == 2 * 14 * 24, events.last
    year = sum(flash.erases) * 365 // 14
    assert 0 < year < 200 and events.forced_erases == 0, year


def test_a_peer_with_ever_new_words_wears_nothing_out_either():
    """Six texts of a kind in an hour, then "(various)": below 100 records an hour whatever comes,
    and nothing goes uncounted."""
    random.seed(5)
    flash = Flash(4, 4096)
    events = on(flash)
    for i in range(4 * 1200):
        kind = KINDS[random.randrange(len(KINDS))] if i % 3 else "link lost"
        events.add(kind, "%x" % random.getrandbits(24), i * 3000)
        events.prepare(i * 3000)
    assert events.last < 4 * 100, events.last
    written = [0]

    def write(kind, text, ms, times):
        written[0] += times

    repeat = Repeat(write)
    for i in range(5000):
        repeat.add(random.randrange(40), str(random.randrange(4)), i * 1000)
        assert len(repeat.rows) <= 24
    repeat.flush()
    assert written == [5000], "uncounted"
    events = on(Flash(4, 1024))
    for i in range(100):
        events.add("link lost", "cause %d" % i, i * 1000)
    assert [text for _, text in told(events)] == ["cause %d" % i for i in range(6)] + [VARIOUS]
    assert list(events.counted()) == [("link lost", VARIOUS, 93, 99000)]
