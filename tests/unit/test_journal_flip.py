# heap: chip + 56k, a flash and its twin in RAM
"""A single flipped bit anywhere: never a wrong record, and at most the one it hit is lost."""

import binascii
import random
import sys

from tests.unit.flash_rig import Flash, Journal, Witness, mark

EVERY = 5 if sys.implementation.name == "micropython" else 1


def worn_in(seed):
    """A region with blocks in every state, records moved, some torn."""
    random.seed(seed)
    witness = Witness(Flash(4))
    witness.restart()
    known = {}
    for _ in range(140):
        witness.step()
        known.update(witness.kept)
    return witness, known


def shown_by(flash, known):
    journal = Journal(flash, ("question", "answer", "text"), (("a", "b"),))
    shown = []
    for number, record in journal.records():
        assert known[number] == mark(record), "another record"
        shown.append(number)
    assert shown == sorted(shown)
    return journal, shown


def test_a_flipped_bit_costs_at_most_its_record():
    witness, known = worn_in(2)
    flash = Flash(4)
    flash.copy(witness.flash)
    _, before = shown_by(flash, known)
    whole = lost = 0
    for at in range(0, len(flash.data), EVERY):
        bit = 1 << random.randrange(8)
        flash.data[at] ^= bit
        journal, shown = shown_by(flash, known)
        gone = [number for number in before if number not in shown]
        assert len(gone) <= 1, (at, gone)
        lost += len(gone)
        whole += not gone
        if gone == [] or gone[0] != before[-1]:
            assert journal.next_number() == witness.last + 1
        flash.copy(witness.flash)
    assert lost * EVERY > 300 and whole * EVERY > 300


def test_work_goes_on_after_a_flipped_bit():
    for seed in range(30):
        witness, _ = worn_in(seed % 3)
        random.seed(seed)
        flash = witness.flash
        flash.data[random.randrange(len(flash.data))] ^= 1 << random.randrange(8)
        journal = Journal(flash, ("question", "answer", "text"), (("a", "b"),))
        for number in [number for number, _ in journal.records()]:
            if number not in witness.live[14:]:  # else it is full
                journal.discard(number)
        before = [number for number, _ in journal.records()]
        assert len(witness.live) - len(before) <= 15
        added = [journal.append(["question", k, "x" * k]) for k in range(12)]
        journal = Journal(flash, ("question", "answer", "text"), (("a", "b"),))
        shown = [number for number, _ in journal.records()]
        assert [number for number in before + added if number not in shown] == []
        assert journal.read(added[7]) == ["question", 7, "x" * 7]


def test_every_bit_of_a_header_is_put_right():
    flash = Flash(4)
    journal = Journal(flash)
    for k in range(5):
        journal.append(k)
    before = bytes(flash.data)
    for bit in range(30 * 8):
        flash.data[bit >> 3] ^= 1 << (bit & 7)
        journal = Journal(flash)
        assert [record for _, record in journal.records()] == list(range(5))
        assert journal.append("next") == 6
        assert bytes(flash.data[1024:1026]) == b"Jr", "nothing more is written in that block"
        flash.data[:] = before


def test_another_version_is_left_alone():
    flash = Flash(4)
    Journal(flash).append(1)
    flash.data[2] = 2
    crc = binascii.crc32(bytes(flash.data[:26]))
    flash.data[26:30] = bytes([crc & 255, crc >> 8 & 255, crc >> 16 & 255, crc >> 24 & 255])
    before = bytes(flash.data)
    try:
        Journal(flash)
    except ValueError as e:
        assert "version 2" in str(e) and bytes(flash.data) == before
        return
    raise AssertionError("taken")


def test_a_record_that_looks_like_a_frame_is_none():
    """The text of a record holds a whole frame of an earlier lap; then the record is damaged."""
    flash = Flash(4)
    journal = Journal(flash)
    journal.append("x" * 11)
    frame = bytes(flash.data[32:56])
    flash = Flash(4)
    journal = Journal(flash)
    for _ in range(20):
        journal.discard(journal.append("y" * 100))
    journal.append("first")
    head = max(range(4), key=lambda block: journal._ring.sequence[block])
    at = head * 1024 + journal._ring.newest.end
    journal.append([binascii.hexlify(frame).decode()])  # hex is kept as bytes
    assert flash.data[at + 12 : at + 36] == frame
    flash.data[at] ^= 1
    shown = [record for _, record in Journal(flash).records()]
    assert shown[-1] == "first" and "x" * 11 not in shown
