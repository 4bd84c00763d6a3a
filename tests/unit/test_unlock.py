"""The storage of a device that is opened: erased as a whole, over any cut of the power."""

from firmware.store.unlock import begun, erase
from tests.unit.flash_rig import Cut, Flash

SECRET = b"-----BEGIN EC PRIVATE KEY-----"
BLOCKS = 5
OPERATIONS = BLOCKS + 2  # an erase each, the last block's twice, and the mark


def full():
    flash = Flash(BLOCKS, 1024)
    flash.data[:] = SECRET * (len(flash.data) // len(SECRET)) + bytes(
        len(flash.data) % len(SECRET)
    )
    return flash


def run(flash):
    for _ in erase(flash):
        pass


def test_all_of_it():
    flash = full()
    assert not begun(flash)
    run(flash)
    assert bytes(flash.data) == b"\xff" * len(flash.data)
    assert not begun(flash) and flash.erases == [1, 1, 1, 1, 2]


def test_cut_anywhere():
    """Either nothing but the last block was touched, or the mark is there, or all is gone; and the
    next boot ends it."""
    for _ in range(20):  # what a cut leaves of an operation is a matter of chance
        for operation in range(OPERATIONS):
            flash = full()
            before = bytes(flash.data)
            flash.cut_in = operation
            try:
                run(flash)
                raise AssertionError("the power was to go")
            except Cut:
                flash.cut_in = None
            first, last = flash.data[: 4 * 1024], flash.data[4 * 1024 :]
            if not begun(flash):
                untouched = bytes(first) == before[: 4 * 1024]
                gone = bytes(first) == b"\xff" * len(first) and SECRET not in bytes(last)
                assert untouched or gone, operation
            run(flash)
            assert bytes(flash.data) == b"\xff" * len(flash.data)


def test_a_block_that_does_not_erase():
    """One bit that stays: the mark stays with it, and the next boot tries again."""
    for at in (0, 1023, 2048, 4 * 1024 - 1):
        flash = full()
        real = flash.readblocks

        def worn(block, buf, offset, at=at, real=real):
            real(block, buf, offset)
            first = block * 1024 + offset
            if first <= at < first + len(buf):
                buf[at - first] &= 0xFE

        flash.readblocks = worn
        for _ in range(2):
            try:
                run(flash)
                raise AssertionError("it took it for erased")
            except OSError as error:
                assert error.args[0] == 5
            assert begun(flash)


def test_a_last_block_that_does_not_erase():
    """Found before anything else is touched."""
    flash = full()
    before = bytes(flash.data)

    def worn(block, buf, offset):
        buf[:] = bytes(len(buf))

    flash.readblocks = worn
    try:
        run(flash)
        raise AssertionError("it took it for erased")
    except OSError as error:
        assert error.args[0] == 5
    assert bytes(flash.data[: 4 * 1024]) == before[: 4 * 1024]
