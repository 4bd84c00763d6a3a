"""The power goes at every program and every erase of an update, and comes back."""

import random

from tests.unit.slot_rig import FIRST, Cut, Flash, bundle, fetch, held, payload, prove, start

ONE = bundle("1", payload(7, 1))
TWO = bundle("2", payload(9, 2))
BUNDLES = {"1": ONE, "2": TWO}


class Owner:
    """Wants version `goal`, and judges each trial of it by `good`. What it knows survives no cut
    but on flash; `before` is the version that was confirmed when it began."""

    def __init__(self, flash, goal, before, good=True):
        self.flash, self.goal, self.before, self.good = flash, goal, before, good
        self.asked = self.judged = False

    def boot(self):
        """One boot: what runs is whole and is what may run."""
        tree, slots = start(self.flash)
        version = "" if tree == "factory" else slots.version(tree)
        if version:
            assert held(self.flash, tree) == BUNDLES[version], "a half bundle runs"
        assert version == self.before or (version == self.goal and self.asked), version
        if slots.on_trial:
            assert version == self.goal
        elif version == self.goal:
            assert self.judged and self.good, "it runs for good and nobody said so"
        return slots, version

    def work(self):
        """To the end, from boot to boot. True: the goal runs."""
        while True:
            slots, version = self.boot()
            if slots.on_trial:
                self.judged = True
                if self.good:
                    slots.confirm()
                else:
                    slots.reject("bad")
            elif version == self.goal:
                return True
            elif slots.failed and "3 starts" not in slots.failed[1]:
                return False
            else:
                fetch(slots, BUNDLES[self.goal])
                prove(slots)
                self.asked = True
                slots.begin_trial()


def operations(flash):
    return flash.programs + sum(flash.erases)


def cut_everywhere(start_from, goal, before, good, seeds):
    """How often the power went: at every operation of an update, then again in the repair."""
    flash = Flash()
    neighbour = bytes(start_from.data[: FIRST * flash.block_bytes])
    flash.copy(start_from)
    assert Owner(flash, goal, before, good).work() == good
    count = operations(flash)
    cuts = 0
    for operation in range(count):
        for seed in range(seeds):
            random.seed(operation * 100 + seed)
            flash.copy(start_from)
            flash.cut_in = operation
            owner = Owner(flash, goal, before, good)
            cuts += live(owner, flash)
            assert flash.data[: len(neighbour)] == neighbour, "not ours"
    assert cuts >= count * seeds
    return cuts


def live(owner, flash):
    cuts = 0
    while True:
        try:
            assert owner.work() == owner.good
            return cuts
        except Cut:
            cuts += 1
            # The next one comes soon, or never. Not for ever: each is one of three starts.
            soon = (None, None, 0, 1, 4, 20) if cuts < 3 else (None,)
            flash.cut_in = random.choice(soon)


def test_first_update():
    """Over the factory's tree: whatever the cut leaves runs, and the update comes to its end."""
    assert cut_everywhere(Flash(), "1", "", True, 6) > 200


def updated():
    flash = Flash()
    assert Owner(flash, "1", "").work()
    return flash


def test_second_update():
    """Over a tree in the other slot, which runs until the new one is confirmed."""
    assert cut_everywhere(updated(), "2", "1", True, 6) > 200


def test_update_that_is_no_good():
    """Rejected on trial: what ran before runs again, at whatever moment the power went."""
    assert cut_everywhere(updated(), "2", "1", False, 6) > 200


def test_hundred_updates_with_cuts_anywhere():
    """Good ones and bad ones, one after the other, the switch turning over and over."""
    random.seed(3)
    flash = Flash()
    before = cuts = done = 0
    versions = ["", "1", "2"]
    for number in range(100):
        goal = 1 + number % 2 if before == 0 else 3 - before
        good = random.getrandbits(2) > 0
        flash.cut_in = random.randrange(60)
        cuts += live(Owner(flash, versions[goal], versions[before], good), flash)
        if good:
            before = goal
            done += 1
        flash.cut_in = None
        clear_failure(flash, goal)
    assert done > 50 and cuts > 50, (done, cuts)


def clear_failure(flash, goal):
    """The owner takes a failure that he finds for the end of his own update."""
    _, slots = start(flash)
    if slots.failed:
        fetch(slots, BUNDLES[str(goal)])
        prove(slots)
        slots.begin_trial()
        slots._write(slots._current, None, 0, None)
