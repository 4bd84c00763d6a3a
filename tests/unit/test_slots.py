"""Two slots and the switch: on trial, confirmed, given up; never without a tree that runs."""

from tests.unit.slot_rig import BLOCK, BLOCKS, FIRST, Flash, bundle, fetch, payload, prove
from tests.unit.slot_rig import slots_on, start

ONE = bundle("1", payload(6, 1))
TWO = bundle("2", payload(7, 2))


def refused(kind, call, *arguments):
    try:
        call(*arguments)
    except kind as error:
        return str(error)
    raise AssertionError("not refused")


def install(flash, data, tree="factory"):
    slots = slots_on(flash, tree)
    fetch(slots, data)
    prove(slots)
    slots.begin_trial()
    return slots


def confirmed(flash, data):
    """The tree that runs, once this bundle is installed."""
    install(flash, data, slots_on(flash).boot())
    tree, slots = start(flash)
    slots.confirm()
    return tree


def test_a_new_chip():
    """The factory's tree runs, nothing is on trial, and nothing was written to find that out."""
    flash = Flash()
    tree, slots = start(flash)
    assert tree == "factory" == slots.running and not slots.on_trial
    assert (slots.pending, slots.failed, slots.spare) == (None, None, "a")
    assert flash.programs == 0 and sum(flash.erases) == 0
    assert [slots.version(slot) for slot in "ab"] == ["", ""]


def test_trial_and_confirmation():
    """Started on trial by the next reset, and for good once it is confirmed."""
    flash = Flash()
    slots = install(flash, ONE)
    assert slots.pending == "a" and slots.running == "factory" and not slots.on_trial
    assert slots.spare is None and refused(OSError, slots.sink)
    tree, slots = start(flash)
    assert tree == "a" == slots.running and slots.on_trial and slots.pending is None
    assert slots.spare is None
    slots.confirm()
    assert not slots.on_trial and slots.spare == "b" and slots.version("a") == "1"
    for _ in range(5):
        tree, slots = start(flash)
        assert tree == "a" and not slots.on_trial and slots.failed is None


def test_trial_rejected():
    """What ran before runs again, and why is known; the slot is free for another download."""
    flash = Flash()
    install(flash, ONE)
    _, slots = start(flash)
    slots.reject("no backend in 600 s")
    assert not slots.on_trial and slots.spare is None, "it still runs from that slot"
    tree, slots = start(flash)
    assert tree == "factory" and slots.failed == ("a", "no backend in 600 s")
    assert slots.spare == "a" and not slots.sink().complete, "not taken for a fresh download"
    assert confirmed(flash, TWO) == "a" and start(flash)[1].failed is None


def test_three_starts():
    """A tree that hangs is started three times; then what ran before comes back."""
    flash = Flash()
    assert confirmed(flash, ONE) == "a"
    install(flash, TWO, "a")
    for _ in range(3):
        tree, slots = start(flash)
        assert tree == "b" and slots.on_trial
    tree, slots = start(flash)
    assert tree == "a" and slots.failed == ("b", "not confirmed in 3 starts")
    assert slots.spare == "b"


def test_confirmed_at_the_third_start():
    flash = Flash()
    install(flash, ONE)
    for _ in range(3):
        _, slots = start(flash)
    slots.confirm()
    assert start(flash)[0] == "a"


def test_two_slots_take_turns():
    """The tree that runs is never overwritten, nor is the factory's."""
    flash = Flash()
    for number in range(6):
        data = bundle("v%d" % number, payload(5, number))
        assert confirmed(flash, data) == "ab"[number % 2]
    assert slots_on(flash).version("a") == "v4" and slots_on(flash).version("b") == "v5"


def test_a_slot_that_has_rotted():
    """A confirmed tree with a wrong bit is not run: the factory's is, and says so."""
    flash = Flash()
    assert confirmed(flash, ONE) == "a"
    flash.data[FIRST * BLOCK + 1000] ^= 1
    tree, slots = start(flash)
    assert tree == "factory" and slots.failed == ("a", "digest") and not slots.on_trial
    assert start(flash)[0] == "factory"
    assert confirmed(flash, TWO) == "a", "and it can be updated again"


def test_a_trial_that_has_rotted():
    """Then what ran before the trial comes back, not the factory's."""
    flash = Flash()
    confirmed(flash, ONE)
    install(flash, TWO, "a")
    flash.data[(FIRST + BLOCKS) * BLOCK + 1000] ^= 1
    tree, slots = start(flash)
    assert tree == "a" and slots.failed == ("b", "digest")


def test_damaged_on_the_way():
    """Verified as it stands on flash: one bit, and it is not started but fetched again."""
    flash = Flash()
    slots = slots_on(flash)
    fetch(slots, ONE)
    flash.data[FIRST * BLOCK + 300] &= 0
    assert refused(ValueError, prove, slots) == "digest"
    assert slots.sink().offset == 0 and not slots.sink().ready()
    refused(ValueError, slots.begin_trial)
    assert start(flash)[0] == "factory"
    fetch(slots, ONE)
    prove(slots)
    slots.begin_trial()
    assert start(flash)[0] == "a"


def test_whole_and_still_nothing_to_mount():
    flash = Flash()
    slots = slots_on(flash)
    fetch(slots, bundle("1", bytes(1024)))
    assert refused(ValueError, prove, slots) == "no ROMFS in it"


def test_verification_in_slices():
    """At most 1 KiB between two steps: the kernel's tick comes between them."""
    flash = Flash()
    slots = slots_on(flash)
    fetch(slots, ONE)
    steps = 0
    sizes = []
    read = flash.readblocks

    def counting(block, buf, offset):
        sizes.append(len(buf))
        read(block, buf, offset)

    flash.readblocks = counting
    for _ in slots.verify():
        steps += 1
        assert sum(sizes) <= 1024 + 256
        del sizes[:]
    assert steps >= (len(ONE) - 256) // 1024
    slots.begin_trial()


def test_only_what_was_verified():
    """Not complete, not verified, or verified and then touched: no trial."""
    flash = Flash()
    slots = slots_on(flash)
    refused(ValueError, slots.begin_trial)
    sink = slots.sink()
    refused(ValueError, prove, slots)
    fetch(slots, ONE)
    refused(ValueError, slots.begin_trial)
    prove(slots)
    sink.restart()
    refused(ValueError, slots.begin_trial)
    fetch(slots, ONE)
    refused(ValueError, slots.begin_trial)
    prove(slots)
    slots.begin_trial()
    refused(ValueError, slots.begin_trial)


def test_taken_back_before_the_reset():
    flash = Flash()
    slots = install(flash, ONE)
    slots.reject("cancelled")
    assert slots.pending is None and slots.failed == ("a", "cancelled")
    assert start(flash)[0] == "factory"


def test_out_of_place():
    """confirm and reject belong to a trial."""
    flash = Flash()
    slots = slots_on(flash)
    refused(ValueError, slots.confirm)
    refused(ValueError, slots.reject, "")
    slots = install(flash, ONE)
    refused(ValueError, slots.confirm)


def test_who_really_runs():
    """Started without the guard, or after the switch could not be written: the factory's tree
    never confirms a trial of another."""
    flash = Flash()
    install(flash, ONE)
    assert slots_on(flash).boot() == "a"
    slots = slots_on(flash, "factory")
    assert slots.running == "factory" and not slots.on_trial
    refused(ValueError, slots.confirm)


def test_reason_of_any_text():
    """As long as there is room, and text on any console."""
    flash = Flash()
    slots = install(flash, ONE)
    slots.reject("\u00fcber\n" + "x" * 100)
    assert slots.failed == ("a", "?ber?" + "x" * 46)


def test_released_it_erases_no_more():
    """An update that is called off leaves what is there, and wears nothing out."""
    flash = Flash()
    slots = slots_on(flash)
    sink = slots.sink()
    assert slots.prepare() and slots.sink() is sink
    slots.release()
    assert not slots.prepare() and sum(flash.erases) == 1


def test_state_for_diagnostics():
    flash = Flash()
    confirmed(flash, ONE)
    install(flash, TWO, "a")
    assert start(flash)[1].state() == {
        "running": "b",
        "confirmed": "a",
        "trial": "b",
        "starts": 1,
        "failed": None,
        "versions": ["1", "2"],
    }


def test_a_state_of_another_format():
    """A switch that says what this guard does not know: the factory's tree, not a guess."""
    flash = Flash()
    confirmed(flash, ONE)
    slots_on(flash)._switch.write(b"\x02\x01")
    assert start(flash)[0] == "factory"
