"""MicroPython's modules of an ESP32, as documented, over a bench in RAM: pins, a pilot, a flash.

Recorded from the documentation of MicroPython 1.29 and its sources in ports/esp32; that names
and numbers are those of the stubs is checked by tests/host/test_esp32_fake.py. `chip` is the
one chip; `hal()` imports the port over it.
"""

import sys

BLOCK = 4096
CP_MV = {"A": 12000, "B": 9000, "C": 6000, "D": 3000, "E": 0}


class Reset(BaseException):
    """The chip is reset: nothing after it is run."""


class Clock:
    """The module time. Conversions and waits make it go on."""

    def __init__(self):
        self.us = 0

    def ticks_us(self):
        return self.us

    def ticks_ms(self):
        return self.us // 1000

    def ticks_diff(self, after, before):
        return after - before

    def sleep_us(self, us):
        self.us += us

    def gmtime(self, unix_s):
        import time

        return time.gmtime(unix_s)


class Chip:
    """Power on and the world around it. `levels`: what each output drives, in the order of the
    first writes in `order`; `drives`: what comes in at each input, a level or a function."""

    def __init__(self):
        self.clock = Clock()
        self.rtc = b"\x5a" * 16  # noise
        self.cause = 1
        self.partitions = {"evse": 384}
        self.power_on()

    def power_on(self):
        self.rtc = b"\x5a" * 16
        self.boot(1)
        self.flash = {}
        self.files = set()  # on CPython: what its file system holds
        self.looks = []

    def boot(self, cause):
        """A reset: pins float, RTC memory stays."""
        self.cause = cause
        self.levels = {}
        self.order = []
        self.pulls = {}
        self.drives = {}
        self.pwm = {}
        self.uarts = {}
        self.timers = {}
        self.conversions = 0
        self.convert_us = 45
        self.analog = {}
        self.wdt = None
        self.datetime = None
        self.nic = None
        self.lan = None
        self.watch = None  # told of every output that is written


chip = Chip()


class Pin:
    IN = 1
    OUT = 3
    PULL_DOWN = 1
    PULL_UP = 2

    def __init__(self, id, mode=-1, pull=None, value=None):
        self.id = id.id if isinstance(id, Pin) else id
        if mode == Pin.OUT:
            chip.pwm.pop(self.id, None)  # the matrix leads to the register again
            self.value(value)
        elif mode == Pin.IN:
            chip.pulls[self.id] = pull

    def value(self, level=None):
        if level is None:
            drive = chip.drives.get(self.id)
            if drive is None:
                return 1 if chip.pulls.get(self.id) == Pin.PULL_UP else 0
            return drive() if callable(drive) else drive
        if chip.levels.get(self.id) != level:
            chip.order.append((self.id, level))
        chip.levels[self.id] = level
        if chip.watch:
            chip.watch()
        return None


class ADC:
    ATTN_11DB = 3

    def __init__(self, id, atten=0):
        assert atten == ADC.ATTN_11DB
        self._pin = id.id

    def read_uv(self):
        """A conversion looks at the end of the call; calibrated ones are whole millivolts."""
        chip.conversions += 1
        chip.clock.us += chip.convert_us
        return min(chip.analog[self._pin](chip.clock.us), 3134) * 1000


class PWM:
    def __init__(self, dest, freq=5000, duty_u16=32768):
        self._pin = dest.id
        chip.pwm[self._pin] = {"freq": freq, "duty": duty_u16}

    def duty_u16(self, duty):
        assert 0 <= duty <= 65535
        chip.pwm[self._pin]["duty"] = duty


class UART:
    def __init__(self, id, baudrate=115200, tx=None, rx=None, timeout=0, rxbuf=256):
        assert timeout == 0  # else a read would wait
        chip.uarts[id] = self
        self.pins = tx, rx
        self.baudrate = baudrate
        self.rxbuf = rxbuf
        self.sent = b""
        self.inbox = b""
        self.sending = False

    def read(self, n):
        data, self.inbox = self.inbox[:n], self.inbox[n:]
        return data or None

    def write(self, data):
        self.sent += data
        self.sending = True
        return len(data)

    def any(self):
        return len(self.inbox)

    def txdone(self):
        return not self.sending


class Timer:
    ONE_SHOT = 0

    def __init__(self, id):
        chip.timers[id] = self
        self.period = None

    def init(self, mode=1, period=-1, callback=None):
        assert mode == Timer.ONE_SHOT
        self.period = period
        self.callback = callback


class WDT:
    """One watchdog: a second WDT() sets its time anew (machine_wdt.c)."""

    def __init__(self, timeout=5000):
        chip.wdt = self
        self.timeout = timeout
        self.fed = 0

    def feed(self):
        chip.wdt.fed += 1


class RTC:
    def memory(self, data=None):
        if data is None:
            return chip.rtc
        chip.rtc = bytes(data)
        return None

    def datetime(self, when):
        chip.datetime = when


class SPI:
    def __init__(self, id, baudrate=1000000, sck=None, mosi=None, miso=None):
        self.facts = id, baudrate, sck.id, mosi.id, miso.id


class Machine:
    PWRON_RESET = 1
    HARD_RESET = 2
    WDT_RESET = 3
    DEEPSLEEP_RESET = 4
    SOFT_RESET = 5
    Pin, ADC, PWM, UART, Timer, WDT, RTC, SPI = Pin, ADC, PWM, UART, Timer, WDT, RTC, SPI

    def reset_cause(self):
        return chip.cause

    def reset(self):
        raise Reset

    def unique_id(self):
        return b"\x24\x6f\x28\x00\x00\x01"


class Partition:
    """NOR flash: a program only clears bits. Untouched blocks take no memory."""

    TYPE_APP = 0
    TYPE_DATA = 1

    def __init__(self, label):
        self.label = label

    @staticmethod
    def find(type=0, subtype=0xFF, label=None):
        return [Partition(label)] if type == 1 and label in chip.partitions else []

    def info(self):
        return 1, 0x40, 0x280000, chip.partitions[self.label] * BLOCK, self.label, False

    def readblocks(self, block, buf, offset=0):
        for at in range(len(buf)):
            where = block * BLOCK + offset + at
            data = chip.flash.get(where // BLOCK)
            if data is None and at % BLOCK == 0 and len(buf) - at <= BLOCK - offset % BLOCK:
                buf[at:] = b"\xff" * (len(buf) - at)
                return
            if data is not None and offset + len(buf) <= BLOCK:
                buf[:] = data[offset : offset + len(buf)]
                return
            buf[at] = 0xFF if data is None else data[where % BLOCK]

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            for k in range(len(buf) // BLOCK):
                self.ioctl(6, block + k)
            offset = 0
        for at in range(len(buf)):
            where = block * BLOCK + offset + at
            data = chip.flash.get(where // BLOCK)
            if data is None:
                data = chip.flash[where // BLOCK] = bytearray(b"\xff" * BLOCK)
            data[where % BLOCK] &= buf[at]

    def ioctl(self, op, arg):
        assert op == 6 and 0 <= arg < chip.partitions[self.label]
        chip.flash.pop(arg, None)
        return 0


class Esp32:
    Partition = Partition


class WLAN:
    PM_NONE = 0

    def __init__(self, interface):
        assert interface == Network.STA_IF
        chip.nic = self
        self.asked = []
        self.address = False

    def active(self, on):
        self.on = on

    def config(self, pm):
        self.pm = pm

    def connect(self, ssid, key):
        assert self.on
        self.asked.append((ssid, key))

    def disconnect(self):
        self.asked.append(None)

    def isconnected(self):
        return self.address


class LAN:
    """The stub is another port's; these are the arguments of ports/esp32/network_lan.c."""

    _KEYS = "mdc mdio reset power phy_addr phy_type spi cs int ref_clk_mode ref_clk".split()

    def __init__(self, id, **how):
        assert all(key in LAN._KEYS for key in how) and "phy_addr" in how and "phy_type" in how
        chip.nic = chip.lan = self
        self.how = how
        self.on = self.address = False

    def active(self, on):
        self.on = on

    def isconnected(self):
        return self.address


class Network:
    STA_IF = 0
    PHY_LAN8720 = 1
    PHY_W5500 = 102
    WLAN, LAN = WLAN, LAN


class Vfs:
    """CPython has no LittleFS; there it is enough to see who formats and mounts what."""

    class VfsLfs2:
        def __init__(self, device):
            self.device = device

        def stat(self, path):
            if path not in chip.files:
                raise OSError(2, path)

        @staticmethod
        def mkfs(device):
            chip.looks.append("mkfs %d" % device.ioctl(4, 0))
            count = device.ioctl(4, 0).to_bytes(4, "little")
            for block in (0, 1):
                device.ioctl(6, block)
                device.writeblocks(block, b"\xf0\x0f\xff\xf7littlefs/\xe0\x00\x10", 4)
                device.writeblocks(block, count, 28)

    def mount(self, system, at):
        chip.looks.append("mount %d %s" % (system.device.ioctl(4, 0), at))


def unmount():
    """A reset forgets what was mounted."""
    if sys.implementation.name == "micropython":
        import os

        if "flash" in os.listdir("/"):
            os.umount("/flash")


def hal(name="esp32"):
    """The port's module, over these, as a boot begins."""
    given = {"machine": Machine(), "esp32": Esp32(), "network": Network()}
    if sys.implementation.name != "micropython":
        given["vfs"] = Vfs()
    before = {key: sys.modules.get(key) for key in given}
    sys.modules.update(given)
    try:
        __import__("hal.esp32")
    finally:
        for key in before:
            if before[key] is None:
                del sys.modules[key]
            else:
                sys.modules[key] = before[key]
    for part in ("esp32", "esp32_net"):
        sys.modules["hal." + part].time = chip.clock
    sys.modules["hal.esp32_base"]._boots.clear()
    unmount()
    return sys.modules["hal." + name]


class Board:
    """The literals of a board with everything; a test changes what it is about."""

    NAME, PORT, CHIP = "TEST", "esp32", "esp32"
    connectors, socket, max_ma, phases, ventilation = 1, True, 32000, 3, False
    file_blocks, journal_blocks, slot_blocks, event_blocks, security_blocks = 64, 16, 0, 4, 8
    pilot_zero_mv, pilot_gain_ppm = 1330, 102500
    supply_mv, proximity_pull_up_ohm, temperature = 3300, 1000, "MCP9700A"
    meter_uart, reader_uart = (1, 9600), (2, 115200)

    def __init__(self, **change):
        self.limits = {}
        self.network, self.network_facts = None, {}
        self.pins = {
            "pilot": (27, "CP_PWM", "out", 1),
            "pilot_cut": (14, "CP_CUT", "out", 1),
            "pilot_sense": (36, "CP_SENSE", "analog", None),
            "contactor": (26, "RELAY", "out", 0),
            "contactor_2": (16, "RELAY_2", "out", 0),
            "feedback": (34, "RELAY_AUX", "in", 0),
            "residual_trip": (13, "RCM", "in", 1),
            "residual_test": (12, "RCM_TEST", "out", 0),
            "ground": (5, "PE_OK", "in", 1),
            "lock_a": (18, "LOCK_A", "out", 1),
            "lock_b": (17, "LOCK_B", "out", 1),
            "lock_feedback": (35, "LOCK_FB", "in", 1),
            "proximity_sense": (39, "PP", "analog", None),
            "temperature_sense": (33, "TEMP", "analog", None),
            "button": (0, "BUTTON", "in", 0),
            "meter_tx": (25, "TX", "uart", None),
            "meter_rx": (32, "RX", "uart", None),
            "meter_direction": (4, "DIR", "out", 0),
            "reader_tx": (21, "TX2", "uart", None),
            "reader_rx": (22, "RX2", "uart", None),
        }
        for name in change:
            setattr(self, name, change[name])


class World:
    """What is wired to a board: the pilot with a car, a contactor, a detector, a lock."""

    def __init__(self, board):
        self.board = board
        self.letter = "A"
        self.diode = True
        self.noise = None  # a function of nothing, millivolts at the ADC
        self.ohm = 1000000
        self.trip = False
        for role, seen in (
            ("pilot_sense", self._pilot_mv),
            ("proximity_sense", lambda us: min(3300 * self.ohm // (1000 + self.ohm), 3134)),
            ("temperature_sense", lambda us: 750),
        ):
            if role in board.pins:
                chip.analog[self._gpio(role)] = seen
        for role, active in (
            ("feedback", lambda: self.coil),
            ("residual_trip", lambda: self.trip or self.level("residual_test") == 1),
            ("ground", lambda: True),
            ("lock_feedback", lambda: self.bolt),
        ):
            if role in board.pins:
                self._drive(role, active)
        self.bolt = False
        chip.watch = self._move

    def _gpio(self, role):
        return self.board.pins[role][0]

    def _drive(self, role, active):
        at = self.board.pins[role][3]
        chip.drives[self._gpio(role)] = lambda: at if active() else 1 - at

    def level(self, role):
        return chip.levels.get(self._gpio(role)) if role in self.board.pins else None

    @property
    def coil(self):
        return self.level("contactor") == 1 - self.board.pins["contactor"][3]

    @property
    def duty(self):
        return chip.pwm[self._gpio("pilot")]["duty"]

    def _move(self):
        """The motor of the lock, at once."""
        a, b = self.level("lock_a"), self.level("lock_b")
        if a != b and a is not None and b is not None:
            self.bolt = a == 1

    def _pilot_mv(self, us):
        """The divider's output. The generator's edge takes 5 us, in the middle of its swing."""
        pwm = chip.pwm.get(self._gpio("pilot"))
        duty = 65535 if pwm is None else pwm["duty"]
        high_us = duty * 1000 // 65535
        phase = us % 1000
        high, low = CP_MV[self.letter], -12000
        if self.letter != "A" and not self.diode:
            low = -high
        if self.letter == "E":
            low = 0
        mv = high if phase < high_us or duty == 65535 else low
        if 0 < duty < 65535 and (phase < 5 or 0 <= phase - high_us < 5):
            mv = (high + low) // 2
        mv = self.board.pilot_zero_mv + mv * self.board.pilot_gain_ppm // 1000000
        return max(0, mv + (self.noise() if self.noise else 0))
