# heap: chip + 128k, flashes in RAM and what must be in them
"""The journal as a record store, on a flash without accidents."""

import random

from firmware.store.journal import Journal
from firmware.store.region import FileRegion, Pages
from tests.unit.flash_rig import Flash, Witness

ENOSPC = 28


def refused(call, kind):
    try:
        call()
    except kind as e:
        return e
    raise AssertionError("taken")


def fill(journal, record, most=10000):
    """Until it takes no more. How many it took."""
    for count in range(most):
        try:
            journal.append(record)
        except OSError as e:
            assert e.args[0] == ENOSPC
            return count
    raise AssertionError("endless")


def numbers(journal):
    return [number for number, _ in journal.records()]


def test_one_erase_for_a_block_of_records():
    flash = Flash(5, 4096)
    journal = Journal(flash)
    for _ in range(1000):
        journal.discard(journal.append("x" * 240))
    assert 0 < sum(flash.erases) <= 1000 * 0.07, flash.erases


def test_a_full_store_turns_whatever_the_size():
    """What a record cannot use of a block is counted: filling runs no lap in vain, the outcomes
    fit, and one record goes for one that comes."""
    flash = Flash(20)
    for size in (5, 50, 113, 117, 300, 490, 600, 900):
        for block in range(20):
            flash.ioctl(6, block)
        flash.erases = [0] * 20
        journal = Journal(flash, outcome_bytes=0 if size > 100 else 16)
        count = fill(journal, "x" * size)
        assert count > 7 and sum(flash.erases) == 0
        live = numbers(journal)
        for answer in [journal.append("a", True) for _ in range(count if size < 100 else 0)]:
            journal.discard(answer)
        for k in range(60):
            journal.discard(live.pop(k % 2))
            live.append(journal.append("y" * size))
        assert numbers(journal) == sorted(live)
        assert set(live) <= set(numbers(Journal(flash)))


def test_the_contract():
    flash = Flash()
    journal = Journal(flash)
    assert (journal.next_number(), journal.used_percent(), numbers(journal)) == (1, 0, [])
    records = [("a", {"k": [1, None, "x"]}), [], {"b": -1}, "text", 7, None, 1.5, True]
    for i, record in enumerate(records):
        assert journal.append(record) == i + 1
    for _ in range(2):
        shown = list(journal.records())
        assert shown[0] == (1, ["a", {"k": [1, None, "x"]}])
        assert shown[1:] == [(i + 1, r) for i, r in enumerate(records)][1:]
        assert journal.read(3) == {"b": -1} and journal.read(1)[0] == "a"
        journal = Journal(flash)
    journal.discard(3)
    assert numbers(journal) == [1, 2, 4, 5, 6, 7, 8]
    for gone in (0, 3, 9, -1, 1 << 40):
        refused(lambda gone=gone: journal.read(gone), KeyError)
        refused(lambda gone=gone: journal.discard(gone), KeyError)
    assert journal.next_number() == 9


def test_records_may_be_discarded_while_they_are_shown():
    random.seed(4)
    journal = Journal(Flash(6))
    for k in range(300):
        number = journal.append("x" * 30)
        if k > 9 and k < 290:
            journal.discard(number)
    assert len(journal._moved) == 10
    before = numbers(journal)
    shown = []
    for number, _ in journal.records():
        shown.append(number)
        for gone in (number, number + 3):
            if gone in before and gone not in shown[:-1] and random.getrandbits(1):
                journal.discard(gone)
                before.remove(gone)
    assert [number for number in before if number not in shown] == []
    assert shown == sorted(shown) and numbers(journal) == before
    assert len(before) < len(shown)


def test_numbers_rise_over_restarts_also_when_all_is_dead():
    flash = Flash(4)
    last = 0
    for lap in range(60):
        journal = Journal(flash)
        assert journal.next_number() == last + 1
        for number in numbers(journal):
            journal.discard(number)
        for _ in range(lap % 9):
            number = journal.append("x" * 50)
            assert number == last + 1
            last = number
            journal.discard(number)
        while lap % 2 and journal.prepare(3):
            pass
    assert min(flash.erases) > 2


def test_a_day_without_accidents():
    for seed in range(3):
        random.seed(seed)
        witness = Witness(Flash(6))
        witness.restart()
        for _ in range(500):
            witness.step()
        witness.restart()


def test_other_alignments():
    """No unit is programmed twice: flash that encrypts or corrects by the unit allows no more."""
    for align in (4, 16, 32, 256):
        random.seed(align)
        witness = Witness(Flash(5, 2048, align), outcome_bytes=align)
        witness.restart()
        for _ in range(120):
            witness.step()
        assert witness.flash.programs > 50
        witness.restart()


def test_full_and_emptied_again():
    """A store full of questions takes the answers that empty it, in any order, again and again."""
    random.seed(1)
    flash = Flash(6)
    witness = Witness(flash)
    witness.restart()
    for lap in range(6):
        while witness.ask(random.randrange(50)):
            pass
        assert 90 <= witness.journal.used_percent() <= 100
        assert refused(lambda: witness.journal.append("x" * 60), OSError).args[0] == ENOSPC
        witness.trying = None
        if lap % 2:
            witness.restart()
        while witness.live:
            chosen = random.randrange(len(witness.live)) if lap % 3 else 0
            witness.answer(witness.live[chosen])
        assert witness.journal.used_percent() == 0


def test_room_is_set_aside_for_an_outcome_of_each_record():
    """Each question is answered by a record that lives on: all of them fit."""
    for size in (1, 20, 200):
        flash = Flash(6)
        journal = Journal(flash, outcome_bytes=64)
        count = fill(journal, "q" * size)
        for _ in range(count):
            journal.append("a" * 48, True)
        assert len(numbers(journal)) == len(numbers(Journal(flash))) == 2 * count > 10


def test_a_record_larger_than_a_block_is_refused():
    journal = Journal(Flash())
    assert refused(lambda: journal.append("x" * 1000), OSError).args[0] == 27
    assert numbers(journal) == [] and journal.next_number() == 1
    refused(lambda: journal.append(object()), ValueError)


def test_prepared_it_erases_nothing_while_it_appends():
    flash = Flash(8, fill=0)
    journal = Journal(flash)
    forced = calls = 0
    for _ in range(12):
        while journal.prepare(2):
            calls += 1
            assert sum(flash.erases) == calls, "one erase a call"
        before = sum(flash.erases)
        for _ in range(16):  # less than two blocks
            journal.discard(journal.append("x" * 90))
        forced += sum(flash.erases) - before
    assert forced == 0 == journal.forced_erases and calls > 10
    for _ in range(120):
        journal.discard(journal.append("x" * 90))
    assert journal.forced_erases > 5
    assert journal.erases == sum(flash.erases)


def test_idle_work_ends():
    """However full: no lap is run for nothing, and none twice."""
    for keep in (1, 2, 3, 7):
        journal = Journal(Flash(8))
        for number in range(1, fill(journal, "x" * 40) + 1):
            if number % keep:
                journal.discard(number)
        calls = 0
        while journal.prepare(4):
            calls += 1
        assert calls <= 8, calls
        assert len(numbers(journal)) > 0


def test_wear_is_even():
    """No block is erased much more often than another, a long parked record or not."""
    flash = Flash(8)
    journal = Journal(flash)
    journal.append("parked")
    for k in range(1500):
        journal.discard(journal.append("x" * (k % 100)))
    assert journal.read(1) == "parked"
    assert max(flash.erases) - min(flash.erases) <= 1, flash.erases
    # 60 bytes a record and 976 a block, and once a lap the block that holds the parked one
    assert sum(flash.erases) < 1500 * 66 // 976 + 30, flash.erases


def test_words_may_grow_and_not_change():
    """What was packed with fewer words is read with more; with others nothing is read wrongly."""
    flash = Flash()
    shapes = (("k",),)
    Journal(flash, ("one", "two"), shapes).append(["one", "two", "three", {"k": "one"}])
    journal = Journal(flash, ("one", "two", "three"), shapes)
    assert journal.read(1) == ["one", "two", "three", {"k": "one"}]
    assert journal.append(["three"]) == 2
    before = bytes(flash.data)
    for words, shape in ((("one", "two"), shapes), (("two", "one", "three"), shapes), ((), ())):
        refused(lambda words=words, shape=shape: Journal(flash, words, shape), ValueError)
    assert bytes(flash.data) == before, "kept as it was"
    journal = Journal(flash, ("one", "two", "three", "four"), shapes)
    assert [record for _, record in journal.records()][1] == ["three"]


def test_another_geometry():
    """A grown region goes on; what cannot be read is refused, and nothing is changed."""
    flash = Flash(6)
    journal = Journal(flash)
    for k in range(30):
        journal.append(k)
    grown = Flash(9)
    grown.data[: len(flash.data)] = flash.data
    journal = Journal(grown)
    assert [record for _, record in journal.records()] == list(range(30))
    for _ in range(500):
        journal.discard(journal.append("x" * 30))
    assert min(grown.erases[:6]) > 0 and journal.read(1) == 0
    shrunk = Flash(6)
    shrunk.data[:] = grown.data[: len(shrunk.data)]
    coarse = Flash(3 * 2, 2048)
    coarse.data[: len(flash.data)] = flash.data
    for other, align in ((shrunk, 4), (coarse, 4), (flash, 16)):
        before = bytes(other.data)
        refused(lambda other=other, align=align: Journal(other, align=align), ValueError)
        assert bytes(other.data) == before
    for blocks, size, align in ((3, 1024, 4), (4, 512, 4), (4, 1024, 3), (4, 1000, 4)):
        flash = Flash(blocks, size)
        refused(lambda flash=flash, align=align: Journal(flash, align=align), ValueError)


class Worn(Flash):
    """Some programs do not take."""

    bad = ()

    def writeblocks(self, block, buf, offset):
        super().writeblocks(block, buf, offset)
        if self.programs in self.bad:
            self.data[block * self.block_bytes + offset + 5] |= 0xFF


def test_a_program_that_does_not_take_is_repeated_in_another_block():
    flash = Worn(6)
    flash.bad = (5, 9, 30)
    journal = Journal(flash)
    for k in range(60):
        assert journal.append(["record", k]) == k + 1
    journal = Journal(flash)
    assert list(journal.records()) == [(k + 1, ["record", k]) for k in range(60)]
    assert journal.next_number() == 61


def test_dead_flash_says_so():
    flash = Worn(6)
    journal = Journal(flash)
    journal.append("one")
    flash.bad = range(1000)
    for _ in range(2):
        assert refused(lambda: journal.append("two"), OSError).args[0] == 5
    flash.bad = ()
    journal = Journal(flash)
    assert list(journal.records()) == [(1, "one")]
    assert journal.append("two") == 2


def test_whole_pages():
    """RP2040 programs pages of 256 bytes, whole ones: a page is programmed again with only new
    bits cleared."""
    flash = Flash(4)
    written = []

    class Chip:
        readblocks = flash.readblocks
        ioctl = flash.ioctl

        def writeblocks(self, block, buf, offset):
            assert offset % 256 == 0 and len(buf) == 256
            at = block * 1024 + offset
            for i in range(256):
                flash.data[at + i] &= buf[i]
            written.append(offset)

    chip = Chip()
    chip.readblocks, chip.ioctl = flash.readblocks, flash.ioctl
    pages = Pages(chip)
    pages.writeblocks(1, bytes(range(200)) * 3, 100)
    assert written == [0, 256, 512]
    got = bytearray(1024)
    pages.readblocks(1, got, 0)
    assert got == b"\xff" * 100 + bytes(range(200)) * 3 + b"\xff" * 324
    pages.ioctl(6, 1)
    journal = Journal(pages)
    for k in range(200):
        journal.discard(journal.append(["x" * (k % 60), k]))
    journal.append("kept")
    assert (200, ["x" * 19, 199]) in list(Journal(pages).records())
    assert (201, "kept") in list(Journal(pages).records())


def test_on_files():
    """Where no partition is spare: one file for each block."""
    import os

    folder = (os.getenv("TMPDIR") or "/tmp") + "/evse-journal-files"
    try:
        os.mkdir(folder)
    except OSError:
        pass  # from an earlier run
    region = FileRegion(folder, 5, 1024)
    for block in range(5):
        region.ioctl(6, block)
    got = bytearray(8)
    region.writeblocks(2, b"abcd", 4)
    region.readblocks(2, got, 2)
    assert got == b"\xff\xffabcd\xff\xff"
    refused(lambda: region.writeblocks(2, b"x", 3), ValueError)
    region.ioctl(6, 2)
    random.seed(3)
    witness = Witness(region_with_align(region))
    witness.restart()
    for _ in range(60):
        witness.step()
    witness.restart()
    for block in range(5):
        os.remove("%s/%03d" % (folder, block))
    os.rmdir(folder)
    refused(lambda: FileRegion("/nowhere/at/all", 5, 1024).writeblocks(0, b"abcd", 0), OSError)


def region_with_align(region):
    region.align = 4
    return region


def test_a_block_that_is_live_to_the_last_byte_is_moved():
    """The newest block is full, the oldest has nothing dead: room to say so must be left."""
    for length in (3, 4, 20):
        flash = Flash(6)
        journal = Journal(flash, outcome_bytes=0)
        live = []
        while sum(flash.erases) < 14:
            number = journal.append("x" * length)
            if number <= 90 or number % 97 == 0:
                live.append(number)
            else:
                journal.discard(number)
            if len(live) > 95:
                journal.discard(live.pop(0))
        assert numbers(journal) == live
        assert [n for n in live if n not in numbers(Journal(flash))] == []


def test_a_header_that_does_not_take():
    flash = Worn(5)
    flash.bad = (1, 2)
    journal = Journal(flash)
    for _ in range(2):
        assert refused(lambda: journal.append("one"), OSError).args[0] == 5
    assert journal.append("one") == 1
    assert list(Journal(flash).records()) == [(1, "one")]


def test_a_record_refused_is_not_there_later():
    """The program was whole, and yet the chip said no: its number went to another record."""
    class Liar(Flash):
        lies = False

        def writeblocks(self, block, buf, offset):
            super().writeblocks(block, buf, offset)
            if self.lies:
                raise OSError(5)

    flash = Liar(5)
    journal = Journal(flash)
    journal.append("one")
    flash.lies = True
    assert refused(lambda: journal.append("two"), OSError).args[0] == 5
    flash.lies = False
    assert journal.append("other") == 2
    for _ in range(2):
        assert list(journal.records()) == [(1, "one"), (2, "other")]
        assert journal.read(2) == "other"
        journal = Journal(flash)


def test_the_next_number_stands_in_the_header():
    """Also when the newest block holds nothing of its own and all others are gone."""
    flash = Flash(4)
    journal = Journal(flash)
    for _ in range(40):
        journal.discard(journal.append("x" * 20))
    journal._ring.open(journal.next_number())
    for block in journal._ring.order[:-1]:
        flash.ioctl(6, block)
    journal = Journal(flash)
    assert journal.next_number() == journal.append("y") == 41


def test_a_reader_of_heads_gets_them_of_moved_records_too():
    journal = Journal(Flash(6))
    kept = [journal.append(("kept", k, "x" * 60)) for k in range(4)]
    for k in range(300):
        journal.discard(journal.append(("gone", k, "y" * 60)))
    assert len(journal._moved) == 4
    assert list(journal.records({"kept": 2})) == [(n, ["kept", n - 1]) for n in kept]


def test_a_head_that_is_long_itself_is_read_whole():
    journal = Journal(Flash(6))
    journal.append(["long", ["x" * 40, "y" * 40], "z" * 40])
    assert list(journal.records({"long": 2})) == [(1, ["long", ["x" * 40, "y" * 40]])]


def test_reading_a_full_region_lets_others_breathe():
    """Each record takes a chip some milliseconds, and a watchdog waits ten seconds."""
    flash, breaths = Flash(8), []
    journal = Journal(flash)
    count = fill(journal, "x" * 20)
    Journal(flash, breathe=lambda: breaths.append(1))
    assert count > 100 and len(breaths) >= count
