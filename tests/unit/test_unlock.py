"""A locked device opens only when nothing secret is left on it."""

from firmware.store import crash
from firmware.store.unlock import lock, unlock, unlocked
from tests.unit.flash_rig import Cut, Flash

SECRET = b"-----BEGIN EC PRIVATE KEY-----"
BLOCKS = 5


class Port:
    retained = 0
    reset_cause = 1


def full():
    flash = Flash(BLOCKS, 1024)
    flash.data[:] = SECRET * (len(flash.data) // len(SECRET)) + bytes(
        len(flash.data) % len(SECRET)
    )
    return flash


def run(port, devices):
    for _ in unlock(port, devices):
        assert not unlocked(port)


def test_erased_first():
    port, files, journal = Port(), full(), full()
    port.retained = 0x05000081
    run(port, (files, journal))
    assert unlocked(port) and port.retained & ~(1 << 23) == 0x05000081
    for flash in (files, journal):
        assert bytes(flash.data) == b"\xff" * len(flash.data)
    lock(port)
    assert not unlocked(port) and port.retained == 0x05000081


def test_cut_anywhere():
    """The power goes in the middle of an erase: locked, whatever is left; the next try ends it."""
    for operation in range(2 * BLOCKS):
        port, devices = Port(), (full(), full())
        devices[operation // BLOCKS].cut_in = operation % BLOCKS
        try:
            run(port, devices)
            raise AssertionError("the power was to go")
        except Cut:
            assert not unlocked(port)
        port.retained = 0  # as after any power cut
        for flash in devices:
            flash.cut_in = None
        run(port, devices)
        assert unlocked(port) and SECRET not in bytes(devices[0].data + devices[1].data)


def test_asked_twice_it_begins_anew():
    """What was unlocked is locked while it is erased again: somebody may have written since."""
    port, flash = Port(), full()
    run(port, [flash])
    flash.data[: len(SECRET)] = SECRET
    run(port, [flash])
    assert unlocked(port) and SECRET not in bytes(flash.data)


def test_a_block_that_does_not_erase():
    """One bit that stays keeps all of it locked."""
    for at in (0, 1023, 2048, BLOCKS * 1024 - 1):
        port, flash = Port(), full()
        real = flash.readblocks

        def worn(block, buf, offset, at=at, real=real):
            real(block, buf, offset)
            first = block * 1024 + offset
            if first <= at < first + len(buf):
                buf[at - first] &= 0xFE

        flash.readblocks = worn
        try:
            run(port, [flash])
            raise AssertionError("it took it for erased")
        except OSError as error:
            assert error.args[0] == 5
        assert not unlocked(port)


def test_beside_the_fault_counter():
    """Neither touches the other's bits."""
    port = Port()
    run(port, [full()])
    port.reset_cause = 4
    for _ in range(40):
        crash.ended(port)
        crash.begun(port)
    assert unlocked(port)
    lock(port)
    assert crash.ended(port) == 31
