"""A NOR flash in RAM that can lose power in the middle of any operation, and a journal's witness.

Strict: a program is aligned, stays in its block and touches only what is still erased.
"""

import binascii
import json
import random

from firmware.store.journal import Journal

WORDS = ("question", "answer", "text")
SHAPES = (("a", "b"),)


class Cut(Exception):
    """The power is gone, half-way through an operation."""


class Flash:
    def __init__(self, blocks=5, block_bytes=1024, align=4, fill=0xFF):
        self.blocks = blocks
        self.block_bytes = block_bytes
        self.align = align
        self.data = bytearray(bytes([fill]) * (blocks * block_bytes))
        self.erases = [0] * blocks
        self.programs = self.reads = 0
        self.cut_in = None  # so many operations until the power goes
        self.before = None  # called before each operation, with what is to be done

    def copy(self, other):
        """Becomes as `other` is, in the memory it has."""
        self.data[:] = other.data
        self.cut_in = self.before = None

    def readblocks(self, block, buf, offset):
        at = block * self.block_bytes + offset
        assert 0 <= block < self.blocks and offset + len(buf) <= self.block_bytes
        buf[:] = memoryview(self.data)[at : at + len(buf)]
        self.reads += 1

    def writeblocks(self, block, buf, offset):
        at = block * self.block_bytes + offset
        size = len(buf)
        assert 0 <= block < self.blocks and offset + size <= self.block_bytes
        assert offset % self.align == 0 and size % self.align == 0 and size > 0
        assert self.data[at : at + size] == b"\xff" * size, "programmed twice"
        self._power(("program", at, bytes(buf)))
        self.data[at : at + size] = buf
        self.programs += 1

    def ioctl(self, op, argument):
        if op == 4:
            return self.blocks
        if op == 5:
            return self.block_bytes
        assert op == 6 and 0 <= argument < self.blocks
        self._power(("erase", argument * self.block_bytes, None))
        self.erases[argument] += 1
        at = argument * self.block_bytes
        self.data[at : at + self.block_bytes] = b"\xff" * self.block_bytes
        return 0

    def half(self, operation):
        """What it may leave when the power goes in the middle of it."""
        kind, at, data = operation
        if kind == "program":
            done = random.randrange(len(data) + 1)
            self.data[at : at + done] = data[:done]
            if done < len(data):
                self.data[at + done] &= data[done] | random.getrandbits(8)
            return
        how = random.randrange(6)
        first = 0 if how else random.randrange(self.block_bytes)
        for i in range(at + first, at + self.block_bytes):
            chance = random.getrandbits(8)
            if how == 0:  # the end of the block
                self.data[i] = 0xFF
            elif how == 1:  # any bits of any byte
                self.data[i] |= chance
            elif how == 2:  # some bytes
                self.data[i] |= 0xFF if chance > 128 else 0
            elif how == 3 and chance < 4:  # hardly begun
                self.data[i] |= 1 << (chance & 3)
            elif how == 4 and chance > 3:  # nearly done
                self.data[i] = 0xFF
            elif how == 5 and chance < 250:  # chips program all bits before they erase
                self.data[i] = 0

    def _power(self, operation):
        if self.before:
            self.before(operation)
        if self.cut_in is None:
            return
        self.cut_in -= 1
        if self.cut_in < 0:
            self.half(operation)
            raise Cut


def mark(record):
    """A record in the memory of an integer."""
    return binascii.crc32(json.dumps(record).encode())


class Witness:
    """Works with a journal at random and knows what must be true of it."""

    def __init__(self, flash, **options):
        self.flash = flash
        self.options = options
        self.kept = {}  # number: mark, whatever was acknowledged and may still show
        self.live = []
        self.answers = {}  # number of a question: number of the answer that made it needless
        self.last = 0  # the highest number ever acknowledged
        self.trying = None  # what was being appended when the power went
        self.count = 0
        self.journal = None

    def clone(self, flash):
        """The same, with the flash as it is now, not yet switched on."""
        flash.copy(self.flash)
        other = Witness(flash, **self.options)
        other.kept = dict(self.kept)
        other.live = list(self.live)
        other.answers = dict(self.answers)
        other.last, other.trying, other.count = self.last, self.trying, self.count
        return other

    def restart(self):
        """Power comes back: what is there now is what was acknowledged, and nothing else."""
        self.journal = Journal(self.flash, WORDS, SHAPES, self.flash.align, **self.options)
        shown = {}
        before = 0
        for number, record in self.journal.records():
            assert number > before, "order"
            before = number
            shown[number] = mark(record)
            if number > self.last:
                # What was being appended at the cut, and only that, may be there or not.
                assert number == self.last + 1 and shown[number] == self.trying, "never appended"
            else:
                assert shown[number] == self.kept[number], "another record"
        for number in self.live:
            assert number in shown, "lost"
            assert mark(self.journal.read(number)) == self.kept[number]
        for question in self.answers:
            # The older goes first: else the question would be asked again.
            assert question not in shown or self.answers[question] in shown, "answer lost"
        assert self.journal.next_number() == max(self.last, before) + 1
        assert self.journal.missing == 0
        self._settle(shown)

    def _settle(self, shown):
        self.last = self.journal.next_number() - 1
        self.trying = None
        self.kept = shown
        for number in shown:
            if number not in self.live:
                self.journal.discard(number)
        for question in list(self.answers):
            if question not in shown:
                del self.answers[question]

    def append(self, record, outcome=False):
        self.trying = mark(record)
        number = self.journal.append(record, outcome)
        assert number == self.last + 1
        self.kept[number] = self.trying
        self.trying = None
        self.last = number
        return number

    def ask(self, size):
        self.count += 1
        record = ["question", self.count, "x" * size]
        try:
            self.live.append(self.append(record))
        except OSError as e:
            assert e.args[0] == 28
            self.trying = None
            return False
        return True

    def answer(self, question):
        """An outcome, after which both are needless."""
        number = self.append(["answer", question], True)
        self.answers[question] = number
        self.live.remove(question)
        self.journal.discard(question)
        self.journal.discard(number)

    def step(self):
        chance = random.randrange(20)
        if chance < 10:
            self.ask(random.randrange(8) * random.randrange(20))
        elif chance < 17 and self.live:
            place = 0 if random.getrandbits(2) else random.randrange(len(self.live))
            self.answer(self.live[place])
        elif chance < 19:
            self.journal.prepare(1)
        else:
            self.restart()
