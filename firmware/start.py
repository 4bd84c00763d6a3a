"""The boot guard: which tree of firmware runs now, and back from one that does not run.

Always the factory's own, never a part of an update. It decides from the switch on flash
(firmware/store/slots.py), counts a start on trial before it happens, mounts the slot's ROMFS image
where it lies and leaves nothing else behind. What raises while it is imported, or on trial, is
given up, and what ran before comes back; what hangs on trial the watchdog ends. After crash upon
crash (firmware/store/crash.py) a tree from a slot gives way to the factory's, and the factory's
waits before its next try. On a chip whose console is open (firmware/console.py) it starts none.
Decides nothing about charging: no contactor can be closed before a main runs.
"""

import gc
import sys
import time
import vfs

from micropython import const

import board

_FACTORY = "factory"
_WATCHDOG_MS = const(8000)  # the longest that every chip's watchdog can wait
_OURS = ("firmware", "hal", "board")
# A tree that sees these otherwise would take one thing on flash for another.
_LAYOUT = ("file_blocks", "journal_blocks", "slot_blocks", "event_blocks", "security_blocks")


def _port():
    """The part of this board's port that a boot needs."""
    if board.PORT == "unix":
        from hal.unix_base import Base
    elif board.PORT == "rp2":
        from hal.rp2_base import Base
    elif board.PORT == "esp32":
        from hal.esp32_base import Base
    else:
        raise ValueError("no port file for " + board.PORT)
    return Base(board)


def _slots(port, where: str = ""):
    from firmware.store.slots import open_slots

    first = board.file_blocks + board.journal_blocks
    mpy = sys.implementation._mpy & 0xFF
    return open_slots(port.region, first, board.slot_blocks, board.NAME, mpy, where)


def _withdrawn(port, why: str) -> bool:
    """The confirmed tree of a slot gives way to the factory's. False: it is no such tree that
    runs; one on trial has a bound of its own."""
    if not getattr(board, "slot_blocks", 0):
        return False
    try:
        slots = _slots(port)
        state = slots.state()
        if state["trial"] is not None or state["confirmed"] == _FACTORY:
            return False
        slots.fall_back(why)
    except (OSError, ValueError) as error:
        print("start: the switch cannot be used:", error)
        return False
    print("start: tree %s is given up: %s" % (state["confirmed"], why))
    return True


def _cool_down(port) -> None:
    """No boot loop. In the pause every output is at rest, since nothing has driven one yet, and no
    watchdog is armed. It comes before a start on trial is counted, and nothing is written."""
    from firmware.store import crash

    crashes = crash.ended(port)
    pause_s = crash.pause_s(crashes)
    if pause_s and _withdrawn(port, "%d crashes in a row" % crashes):
        crash.forget(port)
    elif pause_s:
        print("start: %d crashes in a row, the next try in %d s" % (crashes, pause_s))
        time.sleep(pause_s)
    crash.begun(port)


def _decide(port) -> tuple:
    """(the tree to start, is it on trial). Whatever is wrong with the switch: the factory's."""
    if not getattr(board, "slot_blocks", 0):
        return _FACTORY, False
    try:
        slots = _slots(port)
        tree = slots.boot()
        return tree, slots.on_trial
    except (OSError, ValueError) as error:
        print("start: the switch cannot be used:", error)
        return _FACTORY, False


def _image(port, tree: str):
    """The ROMFS image of a slot, proven now: bytecode with a wrong bit is not run to see."""
    from firmware.store.bundle import PAGE_BYTES, SIZE, header_of, verify

    first = board.file_blocks + board.journal_blocks + (tree == "b") * board.slot_blocks
    device = port.region(first, board.slot_blocks, False)
    header = header_of(device, board.NAME, sys.implementation._mpy & 0xFF)
    for _ in verify(device, header):
        pass
    return memoryview(port.mapped(first, board.slot_blocks))[PAGE_BYTES : header[SIZE]]


def _forget() -> None:
    """The modules of the tree that is left. Nothing of them is used again."""
    for name in list(sys.modules):
        if name.split(".")[0] in _OURS:
            del sys.modules[name]
    gc.collect()


def _layout(facts) -> list:
    return [getattr(facts, name, 0) for name in _LAYOUT]


def _enter(port, tree: str):
    """The main module of a slot's tree."""
    image = _image(port, tree)
    vfs.mount(vfs.VfsRom(image), "/" + tree)  # type: ignore[abstract]
    sys.path.insert(0, "/" + tree)
    _forget()
    import board as facts

    if _layout(facts) != _layout(board):
        raise ValueError("another layout of the flash")
    return _main()


def _factory(port):
    """The main module the image came with: frozen, or on a bench in a ROMFS image of its own."""
    image = port.factory_image()
    if image is not None:
        vfs.mount(vfs.VfsRom(image), "/" + _FACTORY)  # type: ignore[abstract]
        sys.path.insert(0, "/" + _FACTORY)
        _forget()
    return _main()


def _main():
    import firmware.main as main

    return main


def _leave(tree: str) -> None:
    """Back to the factory's modules."""
    if sys.path[0] == "/" + tree:
        sys.path.pop(0)
        vfs.umount("/" + tree)
    _forget()


def _give_up(tree: str, error) -> None:
    """Ends in a reset. Returns only when the switch cannot be written: the factory's tree runs
    then, as it would after the next reset."""
    print("start: tree %s is given up" % tree)
    sys.print_exception(error)
    why = "%s: %s" % (type(error).__name__, error)
    _leave(tree)
    port = _port()
    try:
        _slots(port).fall_back(why)
    except (OSError, ValueError) as broken:
        print("start: the switch cannot be used:", broken)
        return
    port.reset()


def _is_open(port) -> bool:
    if board.PORT == "unix":
        return False  # a process, and its console is its owner's
    import firmware.console

    opened = firmware.console.is_open(port)
    for name in ("firmware.console", "firmware.store.unlock"):
        del sys.modules[name]  # asked once: 1 KB
    del firmware.console, firmware.store.unlock
    return opened


def _start():
    """(tree, its main module, is it on trial), and nothing else of the boot is left in RAM. None:
    the console is open."""
    port = _port()
    _cool_down(port)
    if _is_open(port):
        return None
    tree, trial = _decide(port)
    if tree != _FACTORY:
        if trial:
            port.arm_watchdog(_WATCHDOG_MS)
        try:
            return tree, _enter(port, tree), trial
        except Exception as error:  # whatever a tree can do wrong
            _give_up(tree, error)
    return _FACTORY, _factory(port), False


def _try(tree: str, main) -> None:
    """A trial. An exception ends it, unless it has been confirmed meanwhile."""
    try:
        main.run()
        raise RuntimeError("it ended")
    except KeyboardInterrupt:  # a technician at the console proves nothing
        raise
    except BaseException as error:
        failure = error
    _leave(tree)
    if not _slots(_port(), "/" + tree).on_trial:
        raise failure
    _give_up(tree, failure)


def run() -> None:
    """Returns where the console is open, and nowhere else."""
    started = _start()
    if started is None:
        return
    tree, main, trial = started
    del started
    gc.collect()
    if trial:
        _try(tree, main)
        main = _factory(_port())
    main.run()
