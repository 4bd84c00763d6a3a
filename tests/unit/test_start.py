# heap: chip + 48k, two slots in RAM
"""The boot guard: which tree runs, back from one that does not. Real imports from real slots."""

import sys

from tests.skip import Skip

if sys.implementation.name != "micropython":
    raise Skip("mounts file systems of MicroPython")

import vfs

from tests.unit.slot_rig import BLOCK, BLOCKS, FIRST, Flash, bundle, fetch, prove, slots_on


def record(kind, payload):
    assert len(payload) < 1 << 14
    size = bytes([0x80 | len(payload) >> 7, len(payload) & 0x7F])
    return bytes([kind]) + size + payload


def named(name, rest):
    return bytes([len(name)]) + name.encode() + rest


def romfs(tree):
    """The image of {name: text or folder}."""

    def records(folder):
        out = b""
        for name in sorted(folder):
            entry = folder[name]
            if isinstance(entry, dict):
                out += record(4, named(name, records(entry)))
            else:
                out += record(5, named(name, record(2, entry.encode())))
        return out

    body = records(tree)
    image = b"\xd2\xcd\x31" + bytes([0x80, 0x80 | len(body) >> 7, len(body) & 0x7F]) + body
    return image + bytes(-len(image) % 256)


FACTS = "NAME = 'BENCH'\nPORT = 'unix'\nfile_blocks = %d\njournal_blocks = %d\nslot_blocks = %d\n"

# Where a bench has its board.py, behind the slots.
vfs.mount(vfs.VfsRom(romfs({"board.py": FACTS % (1, FIRST - 1, BLOCKS)})), "/facts")
sys.path.append("/facts")
import board  # noqa: E402

from firmware import start  # noqa: E402

REAL_MAIN = start._main
LOG = []
LOG_OF = {}


class Reset(BaseException):
    """The computer is in reset."""


class Port:
    def __init__(self, flash):
        self.flash = flash
        self.region = flash.region
        self.armed = None
        self.retained = 0
        self.reset_cause = 1

    def mapped(self, first, count):
        return memoryview(self.flash.data)[first * BLOCK : (first + count) * BLOCK]

    def factory_image(self):
        return LOG_OF.get("image")

    def arm_watchdog(self, timeout_ms):
        self.armed = timeout_ms

    def reset(self):
        raise Reset


class Factory:
    def run():
        LOG.append("factory")


def tree(main, **more):
    """A tree of two modules: its main, and one beside it."""
    sister = "from tests.unit.test_start import LOG\ndef say(word):\n    LOG.append(word)\n"
    firmware = {"__init__.py": "", "main.py": main, "sister.py": sister}
    firmware.update(more)
    return {"firmware": firmware}


GOOD = "from firmware.sister import say\ndef run():\n    say(__file__)\n    %s\n"


def installed(main, flash=None, **more):
    """A flash with this tree pending."""
    flash = flash or Flash()
    slots = slots_on(flash, slots_on(flash).boot())
    top = tree(main)
    top.update(more)
    fetch(slots, bundle("1", romfs(top)))
    prove(slots)
    slots.begin_trial()
    return flash


def boot(flash):
    """(what ran, how it ended, the port)."""
    port = Port(flash)
    del LOG[:]
    kept = dict(sys.modules)
    path = list(sys.path)
    start._port = lambda: port
    mounted = ("/a", "/b", "/factory")
    start._main = lambda: REAL_MAIN() if sys.path[0] in mounted else Factory
    end = None
    try:
        start.run()
    except BaseException as error:
        end = error
    finally:
        for slot in ("/a", "/b", "/factory"):
            if slot in sys.path:
                vfs.umount(slot)
        sys.path[:] = path
        sys.modules.update(kept)
    return list(LOG), end, port


def confirm(flash):
    slots = slots_on(flash, "a")
    slots.confirm()


def test_factory():
    """A new chip: the factory's tree, no watchdog, nothing written."""
    flash = Flash()
    ran, end, port = boot(flash)
    assert (ran, end, port.armed, flash.programs) == (["factory"], None, None, 0)


def test_an_open_console():
    """On a chip: nothing is started, nothing armed or written, and the guard comes back."""
    flash = installed(GOOD % "")
    programs = flash.programs
    board.PORT, Port.provisioned = "rp2", False
    try:
        ran, end, port = boot(flash)
        assert (ran, end, port.armed, flash.programs) == ([], None, None, programs)
        Port.provisioned, Port.unlock = True, None
        assert boot(flash)[0] == ["/a/firmware/main.py"]
    finally:
        board.PORT = "unix"


def test_factory_as_an_image():
    """A bench has no frozen modules: the same tree in place, also behind one that failed."""
    LOG_OF["image"] = romfs(tree(GOOD % ""))
    try:
        assert boot(Flash())[0] == ["/factory/firmware/main.py"]
        flash = installed(GOOD % "")
        flash.writeblocks = broken
        assert boot(flash)[0] == ["/factory/firmware/main.py"]
    finally:
        del LOG_OF["image"]


def test_trial_runs_from_its_slot():
    """Its own modules are imported, the watchdog is armed first, and the start is counted."""
    flash = installed(GOOD % "raise KeyboardInterrupt")
    ran, end, port = boot(flash)
    assert ran == ["/a/firmware/main.py"] and port.armed == 8000
    assert isinstance(end, KeyboardInterrupt), "a technician at the console ends no trial"
    assert slots_on(flash, "a").state()["starts"] == 1


def test_trial_that_raises():
    """Given up and reset at once; why is kept, and the next boot is the factory's."""
    flash = installed(GOOD % "say(1 // 0)")
    ran, end, _ = boot(flash)
    assert ran == ["/a/firmware/main.py"] and isinstance(end, Reset)
    assert slots_on(flash).failed[0] == "a" and "ZeroDivisionError" in slots_on(flash).failed[1]
    assert boot(flash)[0] == ["factory"]


def test_trial_that_ends():
    flash = installed(GOOD % "")
    assert isinstance(boot(flash)[1], Reset)
    assert slots_on(flash).failed == ("a", "RuntimeError: it ended")


def test_trial_that_cannot_be_imported():
    """A missing module, a syntax error: as good as an exception."""
    for main, why in (("import firmware.nowhere", "ImportError"), ("def", "SyntaxError")):
        flash = installed(main)
        ran, end, port = boot(flash)
        assert ran == [] and isinstance(end, Reset) and port.armed == 8000
        assert why in slots_on(flash).failed[1]
        assert boot(flash)[0] == ["factory"]


def test_trial_that_hangs():
    """The watchdog resets it: counted before it was tried, and the fourth boot is not another."""
    flash = installed(GOOD % "raise KeyboardInterrupt")
    for _ in range(3):
        assert boot(flash)[0] == ["/a/firmware/main.py"]
    assert boot(flash)[0] == ["factory"]
    assert slots_on(flash).failed == ("a", "not confirmed in 3 starts")


def test_confirmed():
    """No watchdog of the guard, nothing written, and its exceptions are its own affair."""
    flash = installed(GOOD % "say(1 // 0)")
    slots_on(flash).boot()
    confirm(flash)
    programs = flash.programs
    for _ in range(3):
        ran, end, port = boot(flash)
        assert ran == ["/a/firmware/main.py"] and isinstance(end, ZeroDivisionError)
        assert port.armed is None and flash.programs == programs


def test_confirmed_while_it_runs():
    """What raises hours after its confirmation is not given up."""
    flash = Flash()
    LOG_OF["flash"] = flash
    main = (
        "from tests.unit.test_start import LOG_OF, confirm\n"
        "def run():\n    confirm(LOG_OF['flash'])\n    1 // 0\n"
    )
    installed(main, flash)
    assert isinstance(boot(flash)[1], ZeroDivisionError)
    assert slots_on(flash).failed is None and slots_on(flash).boot() == "a"


def test_confirmed_that_cannot_be_imported():
    """The factory's tree instead of a boot loop, and why."""
    flash = installed("import firmware.nowhere")
    slots_on(flash).boot()
    confirm(flash)
    assert isinstance(boot(flash)[1], Reset)
    assert boot(flash)[0] == ["factory"]
    assert slots_on(flash).failed[0] == "a"


def test_one_wrong_bit():
    """Bytecode that has rotted is not run to see what it does."""
    flash = installed(GOOD % "")
    slots_on(flash).boot()
    confirm(flash)
    flash.data[FIRST * BLOCK + 256 + 100] ^= 4
    ran, end, _ = boot(flash)
    assert ran == [] and isinstance(end, Reset)
    assert slots_on(flash).failed == ("a", "ValueError: digest")
    assert boot(flash)[0] == ["factory"]


def test_back_to_the_slot_before():
    """A trial over a confirmed slot falls back to that slot."""
    flash = installed(GOOD % "raise KeyboardInterrupt")
    slots_on(flash).boot()
    confirm(flash)
    installed(GOOD % "say(1 // 0)", flash)
    ran, end, _ = boot(flash)
    assert ran == ["/b/firmware/main.py"] and isinstance(end, Reset)
    assert boot(flash)[0] == ["/a/firmware/main.py"]


def test_another_layout_of_the_flash():
    """A tree whose board lays the flash out otherwise would take the journal for its files."""
    flash = installed(GOOD % "", **{"board.py": FACTS % (2, FIRST - 1, BLOCKS)})
    ran, _, _ = boot(flash)
    assert ran == [] and "another layout" in slots_on(flash).failed[1]
    facts = FACTS % (1, FIRST - 1, BLOCKS)
    flash = installed(GOOD % "raise KeyboardInterrupt", **{"board.py": facts})
    assert boot(flash)[0] == ["/a/firmware/main.py"]


def broken(*arguments):
    raise OSError(5)


def test_a_switch_that_cannot_be_written():
    """An uncounted start is none: the factory's tree, which is no reset loop."""
    flash = installed(GOOD % "")
    flash.writeblocks = broken
    ran, end, _ = boot(flash)
    assert ran == ["factory"] and end is None


def test_given_up_and_not_written():
    """The tree fails and the switch is gone as well: the factory's runs at once."""
    flash = installed("from tests.unit.test_start import LOG_OF\nLOG_OF['break']()\n1 // 0\n")
    LOG_OF["break"] = lambda: setattr(flash, "writeblocks", broken)
    ran, end, _ = boot(flash)
    assert ran == ["factory"] and end is None


def test_raised_and_not_written():
    """As above, when it had begun to run."""
    head = "from tests.unit.test_start import LOG_OF\ndef run():\n"
    flash = installed(head + "    LOG_OF['break']()\n    1 // 0\n")
    LOG_OF["break"] = lambda: setattr(flash, "writeblocks", broken)
    ran, end, _ = boot(flash)
    assert ran == ["factory"] and end is None


def test_a_board_without_slots():
    del board.slot_blocks
    try:
        flash = Flash()
        flash.readblocks = broken
        assert boot(flash)[0] == ["factory"]
    finally:
        board.slot_blocks = BLOCKS
