"""The switch: the old value or the new one, whatever a cut leaves."""

import random

from firmware.store.switch import VALUE_BYTES, Switch
from tests.unit.slot_rig import Cut, Flash


def value(number):
    return bytes([number & 0xFF]) * VALUE_BYTES


def test_nothing_on_a_new_chip():
    flash = Flash(blocks=2)
    flash.data[:] = b"\xff" * len(flash.data)
    assert Switch(flash).value is None


def test_every_cut_leaves_old_or_new():
    """At every program and erase of 80 changes, idle work among them, also twice in a row."""
    flash = Flash(blocks=2)
    cuts = 0
    for seed in range(20):
        random.seed(seed)
        flash.data[:] = b"\xff" * len(flash.data)
        flash.cut_in = None
        switch, kept = Switch(flash), None
        for number in range(80):
            flash.cut_in = random.randrange(4)
            try:
                if random.getrandbits(1):
                    switch.prepare()
                switch.write(value(number))
                kept = value(number)
            except Cut:
                cuts += 1
                flash.cut_in = None
                switch = Switch(flash)
                assert switch.value in (kept, value(number))
                kept = switch.value
            flash.cut_in = None
            assert Switch(flash).value == kept == switch.value
    assert cuts > 300, cuts


def test_one_program_a_change_and_few_erases():
    """60 changes are 60 programs in a block of 4 KiB, and an erase for each block."""
    flash = Flash(block_bytes=4096, blocks=2)
    flash.data[:] = b"\xff" * len(flash.data)
    switch = Switch(flash)
    for number in range(64):
        switch.write(value(number))
    assert flash.programs == 64 and flash.erases == [0, 0]
    for number in range(64 * 10):
        switch.write(value(number))
    assert flash.erases == [5, 5] and Switch(flash).value == value(639)


def test_prepared_it_does_not_erase():
    """A change that follows idle work has not to wait for an erase."""
    flash = Flash(block_bytes=4096, blocks=2)
    flash.data[:] = b"\xff" * len(flash.data)
    switch = Switch(flash)
    erases = 0
    for number in range(300):
        if number % 12 == 0:
            assert switch.prepare() == (sum(flash.erases) > erases)
            assert not switch.prepare() and not Switch(flash).prepare(), "once is enough"
            erases = sum(flash.erases)
        switch.write(value(number))
        assert sum(flash.erases) == erases
    assert erases > 3


def test_what_does_not_read_back_is_not_it():
    """A record that the flash took wrongly is put elsewhere; if none is taken, the old stands."""
    flash = Flash(blocks=2)
    flash.data[:] = b"\xff" * len(flash.data)
    switch = Switch(flash)
    switch.write(value(1))
    clear = flash.clear
    bad = [2]

    def clear_badly(at, buf):
        bad[0] -= 1
        clear(at, bytes(len(buf)) if bad[0] >= 0 else buf)

    flash.clear = clear_badly
    switch.write(value(2))
    assert switch.value == value(2) == Switch(flash).value
    bad[0] = 3
    try:
        switch.write(value(3))
        raise AssertionError("taken")
    except OSError:
        pass
    assert switch.value == value(2) == Switch(flash).value


def test_noise_is_no_value():
    """Blocks full of anything are a new chip's, and can be written."""
    random.seed(5)
    flash = Flash(blocks=2)
    for i in range(len(flash.data)):
        flash.data[i] = random.getrandbits(8)
    switch = Switch(flash)
    assert switch.value is None
    switch.write(value(7))
    assert Switch(flash).value == value(7)
