# heap: chip + 352k, a flash for each cut, and its witness
"""Power cuts everywhere: whatever was acknowledged is there, nothing else is, and it goes on."""

import gc
import random
import sys

from tests.unit.flash_rig import Cut, Flash, Witness

MICROPYTHON = sys.implementation.name == "micropython"
SEEDS = 3 if MICROPYTHON else 7
HALVES = {"program": 2, "erase": 6}  # so many half-done states of each


class Sweep:
    """Cuts every flash operation of a run, several times half-way, and goes on from each."""

    def __init__(self, witness, steps=4):
        self.witness = witness
        self.steps = steps
        self.flash = Flash(witness.flash.blocks)
        self.points = self.again = 0
        self.kinds = {"program": 0, "erase": 0}
        witness.flash.before = self.cut

    def cut(self, operation):
        self.kinds[operation[0]] += 1
        for _ in range(HALVES[operation[0]]):
            if MICROPYTHON:
                gc.collect()  # large pieces are hard to find in a full heap
            other = self.witness.clone(self.flash)
            other.flash.half(operation)
            other.restart()
            self.points += 1
            self.go_on(other)

    def go_on(self, other):
        """Work after the cut, cut again anywhere: also where the first cut is cleaned up."""
        other.flash.cut_in = random.randrange(8)
        try:
            for _ in range(self.steps):
                other.step()
        except Cut:
            self.again += 1
        other.flash.cut_in = None
        other.restart()


def swept(seed, warm, steps, blocks=4, fill=0xFF):
    random.seed(seed)
    witness = Witness(Flash(blocks, fill=fill))
    witness.restart()
    for _ in range(warm):
        witness.step()
    sweep = Sweep(witness)
    for _ in range(steps):
        witness.step()
    return sweep


def test_every_operation_of_a_random_day_may_be_cut():
    points = again = erases = 0
    for seed in range(SEEDS):
        sweep = swept(seed, 150, 110)
        erases += sweep.kinds["erase"]
        points += sweep.points
        again += sweep.again
    assert points > (400 if MICROPYTHON else 1000), points
    assert again > 35 * SEEDS and erases > SEEDS, (again, erases)


def test_every_operation_of_a_nearly_full_store_may_be_cut():
    """Live records are moved on, in blocks that have hardly anything dead."""
    random.seed(9)
    witness = Witness(Flash(5), outcome_bytes=16)
    witness.restart()
    while witness.ask(40):
        pass
    sweep = Sweep(witness, 4)
    for _ in range(40):
        for _ in range(3):
            witness.answer(witness.live[random.randrange(len(witness.live))])
        while witness.ask(random.randrange(60)):
            pass
    assert sweep.kinds["erase"] > 4 and sweep.points > 500, (sweep.kinds, sweep.points)


def test_every_operation_of_idle_work_may_be_cut():
    random.seed(5)
    witness = Witness(Flash(8))
    witness.restart()
    while witness.ask(30):
        pass
    for k in range(len(witness.live) - 4):
        witness.answer(witness.live[k % 4])
    sweep = Sweep(witness, 3)
    while witness.journal.prepare(6):
        pass
    assert sweep.kinds["erase"] >= 3 and sweep.points > 10, (sweep.kinds, sweep.points)
    witness.flash.before = None
    witness.restart()


def test_a_region_of_garbage_becomes_a_journal():
    for fill in (0x00, 0xA5, 0xFE):
        sweep = swept(3, 0, 30, 4, fill)
        assert sweep.points > 60
