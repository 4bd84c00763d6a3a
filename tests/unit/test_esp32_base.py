"""What an ESP32 is asked first: outputs at rest, why it was reset, what it still knows."""

from tests.unit import fake_esp32 as fake

chip = fake.chip
Board = fake.Board


def boot(cause=1, **facts):
    """A reset of this kind, and the boot guard's share of the port."""
    chip.boot(cause)
    return fake.hal("esp32_base").Base(Board(**facts))


def power_on(**facts):
    chip.power_on()
    chip.partitions = {"evse": 384}
    return boot(1, **facts)


def refused(*words, **facts):
    try:
        power_on(**facts)
    except ValueError as error:
        for word in words:
            assert word in str(error), error
        return
    raise AssertionError("taken")


def test_outputs_are_at_rest_before_anything_else():
    """Also before a flash that cannot be used is found."""
    chip.power_on()
    chip.partitions = {}
    try:
        boot(1)
    except OSError:
        pass
    board = Board()
    for role in board.pins:
        gpio, _, kind, level = board.pins[role]
        if kind == "out":
            assert chip.levels.get(gpio) == level, role
        else:
            assert gpio not in chip.levels, role


def test_inputs_are_pulled_to_the_safe_answer():
    """A broken wire reads tripped, welded, no earth, not locked, not pressed; GPIO34 and above of
    the first ESP32 have no pulls."""
    board = Board()
    board.pins["feedback"] = (23, "RELAY_AUX", "in", 0)
    board.pins["lock_feedback"] = (19, "LOCK_FB", "in", 1)
    base = fake.hal("esp32_base")
    safe = {"residual_trip": 1, "feedback": 0, "ground": 0, "lock_feedback": 0, "button": 1}
    for role in safe:
        pin = base.input_pin(board, role)
        assert pin.value() == safe[role], role
    high = Board(CHIP="esp32s3")
    assert base.input_pin(high, "feedback").value() == 0  # it has pulls there
    assert chip.pulls[34] == fake.Pin.PULL_DOWN
    base.input_pin(Board(), "feedback")
    assert chip.pulls[34] is None
    assert base.input_pin(Board(pins={}), "feedback") is None
    assert base.output(Board(pins={}), "contactor_2") is None


def test_pins_are_checked_at_boot():
    for role, gpio, word in (("contactor", 34, "output"), ("lock_a", 6, "flash")):
        board = Board()
        pins = dict(board.pins)
        pins[role] = (gpio, "NET", "out", 0)
        refused(word, "NET", pins=pins)


def test_slots_are_refused():
    """Only a whole partition can be mapped, so no tree can run where it lies."""
    refused("slot_blocks", slot_blocks=8)
    try:
        power_on().mapped(0, 1)
    except OSError:
        return
    raise AssertionError("mapped")


def test_the_word_is_zero_at_power_on():
    """Whatever noise RTC memory comes up with, also a valid copy by chance."""
    assert power_on().retained == 0
    power_on().retained = 5
    assert boot(1).retained == 0  # MicroPython tells a brown-out as this, too


def test_the_word_survives_resets():
    """Watchdog, panic, reset asked, soft reset; with its highest bit."""
    base = power_on()
    base.retained = 0xBF000081
    for cause in (3, 2, 5, 0):
        base = boot(cause)
        assert base.retained == 0xBF000081, cause
        base.retained = base.retained  # as who changes bits of it writes it back


def test_a_damaged_word_is_none():
    for at in (0, 5, 9):
        power_on().retained = 0x81
        broken = bytearray(chip.rtc)
        broken[at] ^= 1
        chip.rtc = bytes(broken)
        assert boot(3).retained == 0, at
    power_on().retained = 0x81
    chip.rtc = b"somebody else's"
    assert boot(3).retained == 0


def test_causes():
    """1 power on, 2 watchdog, 3 asked, 4 crash: MicroPython says "hard" of both esp_restart and
    a panic."""
    assert power_on().reset_cause == 1
    assert boot(3).reset_cause == 2
    assert boot(2).reset_cause == 4
    assert boot(5).reset_cause == 3
    assert boot(0).reset_cause == 3


def test_who_asks_for_a_reset_is_believed_once():
    base = power_on()
    base.retained = 0x82
    try:
        base.reset()
        raise AssertionError("no reset")
    except fake.Reset:
        pass
    chip.boot(2)
    module = fake.hal("esp32_base")
    guard = module.Base(Board())
    port = module.Base(Board())  # the boot guard asked first, the port asks in the same boot
    assert guard.reset_cause == port.reset_cause == 3
    assert port.retained == 0x82
    assert boot(2).reset_cause == 4  # then it panicked


def test_a_watchdog_between_the_mark_and_the_reset_is_a_watchdog():
    base = power_on()
    try:
        base.reset()
    except fake.Reset:
        pass
    assert boot(3).reset_cause == 2
    assert boot(2).reset_cause == 4


def test_the_watchdog_is_fed_by_nobody_else():
    """The guard's 8 s become the safety task's 2 s."""
    base = power_on()
    assert chip.wdt is None
    base.arm_watchdog(8000)
    assert chip.wdt.timeout == 8000
    base.arm_watchdog(2000)
    assert chip.wdt.timeout == 2000 and chip.wdt.fed == 1
    base.feed_watchdog()
    assert chip.wdt.fed == 2
    assert not chip.timers


def test_regions_count_apart():
    base = power_on()
    base.region(64, 16).ioctl(6, 0)
    base.region(80, 4, False).writeblocks(0, b"\x00", 0)
    base.region(64, 16).ioctl(6, 1)
    assert base.region(64, 16).wear() == (2, 0, 0)
    assert base.region(80, 0, False).wear() == (0, 1, 1)
    assert base.flash.wear() == (2, 1, 1)
    assert base.factory_image() is None


def test_the_clock_of_certificates():
    """2026-11-23 04:30:00 UTC, a Monday; the same on an epoch of 2000 and of 1970."""
    base = power_on()
    for epoch in (1970, 2000):
        offset = 946684800 if epoch == 2000 else 0

        class Time(fake.Clock):
            def gmtime(self, s, offset=offset):
                return fake.Clock.gmtime(self, s + offset)

        import sys

        base_module = sys.modules["hal.esp32_base"]
        real, base_module.time = base_module.time, Time()
        base_module.time.time = lambda offset=offset: 1795408200 - offset
        chip.datetime = None
        assert base.clock() == 1795408200
        base.set_clock(1795408200)
        base_module.time = real
        assert chip.datetime == (2026, 11, 23, 0, 4, 30, 0, 0), chip.datetime
