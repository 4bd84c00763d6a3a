# heap: chip + 56k, slots and bundles in RAM
"""A bundle on its way into a slot: in any pieces, refused early, found again after a cut."""

import random

from tests.unit.slot_rig import BLOCK, BLOCKS, FIRST, MPY, ROOM, Cut, Flash, bundle, fetch, held
from tests.unit.slot_rig import payload, prove, slots_on

PAGES = ROOM // 256


def raises(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError("not refused")


def ready_slots(flash):
    slots = slots_on(flash)
    sink = slots.sink()
    while not sink.ready():
        assert slots.prepare()
    return slots, sink


def test_in_any_pieces():
    """The same bytes stand in the slot, however they came."""
    data = bundle("1.2.3", payload(PAGES - 1, 1))
    for piece in (1, 255, 256, 257, 1024, len(data)):
        flash = Flash()
        slots = slots_on(flash)
        sink = fetch(slots, data, piece=piece)
        assert sink.complete and sink.offset == sink.size == len(data)
        prove(slots)
        assert held(flash, "a") == data and slots.version("a") == "1.2.3"


def test_download_erases_nothing():
    """An erase masks every interrupt: all of them come before the download, one a call."""
    flash = Flash()
    slots = slots_on(flash)
    sink = slots.sink()
    assert not sink.ready()
    calls = 0
    while slots.prepare():
        calls += 1
        assert sum(flash.erases) == calls
    assert calls == BLOCKS and sink.ready()
    fetch(slots, bundle("1", payload(PAGES - 1, 1)))
    prove(slots)
    slots.begin_trial()
    assert sum(flash.erases) == BLOCKS


def test_write_before_it_is_erased():
    slots = slots_on(Flash())
    raises(OSError, slots.sink().write, bundle("1", payload(1, 1)))


def test_refused_early():
    """Wrong magic, board, bytecode, size: known with the first page, and not a bit is cleared."""
    good = payload(2, 1)
    broken = bytearray(bundle("1", good))
    broken[60] ^= 1
    wrong = (
        ("not a bundle", b"<html>" + bytes(300)),
        ("not a bundle", broken),
        ("for board OTHER", bundle("1", good, "OTHER")),
        ("for other bytecode", bundle("1", good, mpy=MPY + 1)),
        ("bundle format", bundle("1", good, form=2)),
        ("bundle format", bundle("1", good[:-1])),
        ("too large", bundle("1", payload(PAGES, 1))),
    )
    for why, data in wrong:
        flash = Flash()
        _, sink = ready_slots(flash)
        before = bytes(flash.data)
        sink.begin(None, "x")
        assert raises(ValueError, sink.write, data) == why
        assert flash.data == before
        sink.restart()
        assert sink.ready() and sink.offset == 0, "nothing is there that had to be erased"
        fetch_into(sink, bundle("1", good, "BENCH"))


def fetch_into(sink, data):
    sink.begin(len(data), "y")
    sink.write(data)
    assert sink.complete


def test_size_bounds():
    """A length that cannot fit or is not the bundle's; bytes behind its end."""
    data = bundle("1", payload(2, 1))
    _, sink = ready_slots(Flash())
    assert sink.room == ROOM
    assert raises(ValueError, sink.begin, ROOM + 1, "") == "too large"
    sink.begin(len(data) + 256, "")
    assert "its header says %d" % len(data) in raises(ValueError, sink.write, data)
    sink.restart()
    sink.begin(None, "")
    assert raises(ValueError, sink.write, data + b"x") == "longer than it says"
    assert sink.complete, "what came before is whole"


def test_largest_fits():
    """A bundle that fills the slot to its notebook."""
    flash = Flash()
    slots = slots_on(flash)
    data = bundle("1", payload(PAGES - 1, 3))
    assert len(data) == ROOM
    fetch(slots, data)
    prove(slots)
    assert held(flash, "a") == data


def test_resume_after_every_cut():
    """What was full is not sent again; no block is erased again; a page half done is finished."""
    data = bundle("1", payload(PAGES - 1, 5))
    start = Flash()
    ready_slots(start)
    cuts = 0
    flash = Flash()
    for seed in range(4):
        operation = 0
        while True:
            random.seed(seed * 1000 + operation)
            flash.copy(start)
            flash.cut_in = operation
            try:
                fetch(slots_on(flash), data)
                break
            except Cut:
                cuts += 1
            flash.cut_in = None
            erases = sum(flash.erases)
            slots = slots_on(flash)
            sink = slots.sink()
            if sink.ready():
                assert sink.offset % BLOCK == 0 and sink.size in (0, len(data))
                assert sink.tag == ("t" if sink.size else "")
                at = FIRST * BLOCK
                assert flash.data[at : at + sink.offset] == data[: sink.offset]
            else:
                assert operation == 0, "only the note of the beginning can be torn"
            fetch(slots, data)
            prove(slots)
            assert held(flash, "a") == data
            assert sum(flash.erases) == erases or operation == 0
            operation += 1
    assert cuts > 4 * 15, cuts


def test_resume_keeps_every_full_block():
    """A cut costs what came since the last full block, and no more."""
    data = bundle("1", payload(PAGES - 1, 5))
    for blocks in range(ROOM // BLOCK):
        flash = Flash()
        _, sink = ready_slots(flash)
        sink.begin(len(data), "e\u00e9")
        sink.write(data[: blocks * BLOCK + 700])
        assert sink.offset == blocks * BLOCK + 700, "within a boot every byte counts"
        sink = slots_on(flash).sink()
        assert (sink.offset, sink.size, sink.tag) == (blocks * BLOCK, len(data), "e\u00e9")


def test_complete_is_found_again():
    """Nothing is brought twice because of a cut behind the last byte."""
    flash = Flash()
    data = bundle("1", payload(4, 1))
    fetch(slots_on(flash), data)
    slots = slots_on(flash)
    assert slots.sink().complete and slots.sink().tag == "t"
    prove(slots)
    slots.begin_trial()


def test_another_file_under_the_same_name():
    """Other bytes than those that are there are no bundle: it begins anew, erased."""
    flash = Flash()
    slots, sink = ready_slots(flash)
    first = bundle("1", payload(PAGES - 1, 1))
    sink.begin(len(first), "same")
    sink.write(first[: BLOCK + 600])
    other = bundle("1", payload(PAGES - 1, 7))
    slots = slots_on(flash)
    sink = slots.sink()
    sink.begin(len(other), "same")
    raises(OSError, sink.write, other[sink.offset :])
    assert sink.offset == 0 and not sink.ready()
    fetch(slots, other)
    prove(slots)
    assert held(flash, "a") == other


def test_begin_again():
    """Another validator without restart() is a mistake of the caller; with it, all is new."""
    flash = Flash()
    slots, sink = ready_slots(flash)
    data = bundle("1", payload(4, 1))
    sink.begin(len(data), "one")
    sink.write(data[:600])
    raises(ValueError, sink.begin, len(data), "two")
    raises(ValueError, sink.begin, len(data) + 256, "one")
    sink.begin(len(data), "one")
    sink.begin(None, "one")
    sink.restart()
    assert (sink.offset, sink.tag, sink.size, sink.ready()) == (0, "", 0, False)
    assert not slots_on(flash).sink().ready(), "over a reboot as well"
    fetch(slots, data, "two")
    assert slots_on(flash).sink().tag == "two"


def test_validator_too_long():
    """It is not kept, so nothing is resumed by half of it."""
    flash = Flash()
    _, sink = ready_slots(flash)
    data = bundle("1", payload(PAGES - 1, 1))
    sink.begin(None, "x" * 161)
    sink.write(data[: 2 * BLOCK])
    assert sink.tag == ""
    again = slots_on(flash).sink()
    assert again.tag == "" and again.offset == 2 * BLOCK


def test_cut_while_erasing():
    """Whatever half an erase leaves, an old download is never found in it."""
    data = bundle("1", payload(PAGES - 1, 1))
    full = Flash()
    fetch(slots_on(full), data)
    flash = Flash()
    for seed in range(12):
        for operation in range(BLOCKS + 2):
            random.seed(seed * 100 + operation)
            flash.copy(full)
            slots = slots_on(flash)
            flash.cut_in = operation
            try:
                slots.sink().restart()
                while slots.prepare():
                    pass
            except Cut:
                flash.cut_in = None
                slots = slots_on(flash)
                sink = slots.sink()
                # The first operation is the one that makes it void: before it, it stands.
                assert sink.offset == 0 or operation == 0
                assert not sink.ready() or operation in (0, BLOCKS + 1)
                sink.restart()
                while slots.prepare():
                    pass
            at = FIRST * BLOCK
            assert flash.data[at : at + ROOM] == b"\xff" * ROOM
            assert slots.sink().ready()


def test_flash_that_does_not_take_it():
    """A page that reads back otherwise ends the download; nothing of it counts any more."""
    flash = Flash()
    _, sink = ready_slots(flash)
    data = bundle("1", payload(4, 1))
    sink.begin(None, "")
    sink.write(data[:256])
    clear = flash.clear
    flash.clear = lambda at, buf: clear(at, bytes(len(buf)))
    raises(OSError, sink.write, data[256:512])
    flash.clear = clear
    assert sink.offset == 0 and not sink.ready() and not slots_on(flash).sink().ready()


def test_notes_that_the_flash_does_not_take():
    flash = Flash()
    _, sink = ready_slots(flash)
    clear = flash.clear
    flash.clear = lambda at, buf: clear(at, bytes(len(buf)))
    raises(OSError, sink.write, bundle("1", payload(4, 1)))
    flash.clear = clear
    assert sink.offset == 0 and not sink.ready() and not slots_on(flash).sink().ready()


def test_cut_in_the_first_block_and_then_another_file():
    """The notes say what was begun, so the bytes of two files never meet."""
    flash = Flash()
    _, sink = ready_slots(flash)
    data = bundle("1", payload(6, 1))
    sink.begin(len(data), "one")
    sink.write(data[:512])
    slots = slots_on(flash)
    sink = slots.sink()
    assert sink.offset == 0 and sink.tag == "one" and sink.ready()
    sink.begin(len(data), "two")
    raises(OSError, sink.write, data)
    assert not sink.ready()
    fetch(slots, data, "two")
    assert slots_on(flash).sink().tag == "two"


def test_notes_are_void_before_they_are_erased():
    """Half an erase may bring back what was cleared, but not what zeros were put over."""
    flash = Flash()
    _, sink = ready_slots(flash)
    sink.begin(None, "")
    sink.write(bundle("1", payload(4, 1)))
    notes = (FIRST + BLOCKS - 1) * BLOCK
    flash.data[notes + 37] = 0  # as a cut leaves it that met the voiding
    slots = slots_on(flash)
    assert not slots.sink().ready()
    erased = []

    def look(operation):
        if operation[0] == "erase":
            assert erased or flash.data[notes : notes + 256] == bytes(256)
            erased.append(operation[1])

    flash.before = look
    while slots.prepare():
        pass
    assert erased[0] == notes and len(erased) == BLOCKS
