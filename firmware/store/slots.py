"""Two slots for another tree of firmware, and the switch that says which one runs.

The tree the image came with ("factory") is never overwritten: whatever happens to a slot, it is
there. A tree from a slot runs on trial first: `begin_trial`, a reset, and within so many starts
`confirm`, or what ran before comes back. Each change is one program of the switch, so a cut leaves
the old state or the new one. What a power cut does at each point: docs/update.md.

    idle, no contactor closed:   prepare() -> bool     one erase at most; True: call again
    a download:                  sink(), release()     see firmware/store/bundle_sink.py
    then, in slices:             digest(), verify()    generators; ValueError: it is damaged
    then, before a reset:        begin_trial()
    on trial:                    confirm() or reject(why)
    firmware/start.py alone:     boot(), fall_back(why)
"""

import struct

from micropython import const

from firmware.store.bundle import PAGE_BYTES, VERSION, digest, header_of, read_header, verify
from firmware.store.bundle_sink import BundleSink
from firmware.store.switch import Switch

FACTORY = "factory"
_TREES = (FACTORY, "a", "b")  # their places are on flash

# format, the tree that runs, the one on trial, its starts so far, the one given up, why
_STATE = "<BBBBB51s"
_FORMAT = const(1)
_STARTS = const(3)
_WHY_BYTES = const(51)
SWITCH_BLOCKS = const(2)
_EBUSY = const(16)


def open_slots(region, first: int, blocks: int, board: str, mpy: int, where: str = "") -> "Slots":
    """`region(first, count, counted)`: the port's. Slot a, slot b and the switch lie one behind
    the other from block `first`. `mpy`: the bytecode version this interpreter reads. `where`: the
    __file__ of the tree that runs."""
    slots = (region(first, blocks, False), region(first + blocks, blocks, False))
    switch = region(first + 2 * blocks, SWITCH_BLOCKS, False)
    return Slots(slots, Switch(switch), board, mpy, where)


class Slots:
    """.running  the tree of this boot: "factory", "a" or "b"; a slot is mounted under its name
    .pending  the slot that the next reset starts on trial, or None
    .on_trial  True: this boot's tree is on trial
    .failed  (slot, why) of the tree that was given up last, or None"""

    def __init__(self, devices: tuple, switch: Switch, board: str, mpy: int, where: str = ""):
        self._devices = devices
        self._switch = switch
        self._for = (board, mpy)
        self._sink: "BundleSink | None" = None
        top = where.split("/")[1] if where.startswith("/") else ""
        self.running = top if top in _TREES else FACTORY
        self._read_state()

    def _read_state(self) -> None:
        self._current, self._trial, self._starts, self.failed = FACTORY, None, 0, None
        value = self._switch.value
        if value is None or value[0] != _FORMAT or max(value[1], value[2], value[4]) > 2:
            return
        _, current, trial, self._starts, failed, why = struct.unpack(_STATE, value)
        self._current = _TREES[current]
        self._trial = _TREES[trial] if trial else None
        if failed:
            self.failed = (_TREES[failed], why.rstrip(b"\0").decode())

    def _write(self, current: str, trial: "str | None", starts: int, failed) -> None:
        slot, why = failed or (FACTORY, "")
        places = [_TREES.index(tree) for tree in (current, trial or FACTORY, slot)]
        # A character cut in two would not be text again.
        text = bytes(ord(c) if " " <= c <= "~" else 63 for c in why[:_WHY_BYTES])
        value = struct.pack(_STATE, _FORMAT, places[0], places[1], starts, places[2], text)
        self._switch.write(value)
        self._read_state()

    # What there is

    @property
    def pending(self) -> "str | None":
        return None if self._starts else self._trial

    @property
    def on_trial(self) -> bool:
        return self._trial == self.running

    @property
    def spare(self) -> "str | None":
        """The slot a download may overwrite. None: both are needed until the trial is over, or
        what was given up still runs."""
        slot = "b" if self._current == "a" else "a"
        return None if self._trial or slot == self.running else slot

    def _device(self, slot: str):
        return self._devices[_TREES.index(slot) - 1]

    def version(self, slot: str) -> str:
        """What the header of a slot says; "" when there is none. Not that all of it is there."""
        page = bytearray(PAGE_BYTES)
        self._device(slot).readblocks(0, page, 0)
        try:
            return read_header(page)[VERSION]
        except ValueError:
            return ""

    def state(self) -> dict:
        """For diagnostics."""
        return {
            "running": self.running,
            "confirmed": self._current,
            "trial": self._trial,
            "starts": self._starts,
            "failed": self.failed,
            "versions": [self.version("a"), self.version("b")],
        }

    # An update

    def sink(self) -> BundleSink:
        """Onto the spare slot; what an earlier boot has left there is found again. While it is not
        ready, `prepare` erases for it."""
        if self._sink is None:
            if self.spare is None:
                raise OSError(_EBUSY)
            self._sink = BundleSink(self._device(self.spare), *self._for)
        return self._sink

    def release(self) -> None:
        """No download is wanted any more. What is there stays, for `sink` to find again."""
        self._sink = None

    def prepare(self) -> bool:
        if self._sink is not None and self._sink.prepare():
            return True
        return self._switch.prepare()

    def digest(self):
        """A generator of the SHA-256 of all that is there, header and all: what is signed."""
        sink = self.sink()
        if not sink.complete:
            raise ValueError("not complete")
        return (yield from digest(self._device(self.spare), 0, sink.size))

    def verify(self):
        """What is complete is read back from flash, at most 1 KiB a step. ValueError: damaged, and
        the sink is at its beginning again."""
        sink = self.sink()
        if not sink.complete:
            raise ValueError("not complete")
        try:
            device = self._device(self.spare)
            yield from verify(device, header_of(device, *self._for))
        except ValueError:
            sink.restart()
            raise
        sink.proven = sink.complete

    def begin_trial(self) -> None:
        """From the next reset on. What is in the slot is never again taken for a download."""
        if self._sink is None or not self._sink.proven:
            raise ValueError("not verified")
        slot = self.spare
        self._sink.void()
        self._sink = None
        self._write(self._current, slot, 0, None)

    def confirm(self) -> None:
        """The tree on trial does what it should: from now on it is the one that runs."""
        if not self.on_trial:
            raise ValueError("not on trial")
        self._write(self._trial, None, 0, None)

    def reject(self, why: str) -> None:
        """The trial, begun or not, is over: the next reset starts what ran before."""
        if self._trial is None:
            raise ValueError("no trial")
        self._write(self._current, None, 0, (self._trial, why))

    # The boot guard

    def boot(self) -> str:
        """The tree to start now. A start on trial is counted before it happens."""
        self._switch.prepare()
        if self._trial and self._starts >= _STARTS:
            self.reject("not confirmed in %d starts" % _STARTS)
        if self._trial:
            self._write(self._current, self._trial, self._starts + 1, None)
        self.running = self._trial or self._current
        return self.running

    def fall_back(self, why: str) -> None:
        """The tree that was to run cannot: what ran before it comes back, or the factory's."""
        if self._trial:
            self.reject(why)
        elif self._current != FACTORY:
            self._write(FACTORY, None, 0, (self._current, why))
