"""What a pin of each chip can do, and what it must not be asked; tables for tools/boards.py.

From the data sheets of RP2040 (table 2, function select), ESP32, ESP32-S2, ESP32-S3 (strapping
pins, ADC) and of the modules they come on. It judges no board.
"""

PICO = {
    23: "the module's regulator",
    24: "the module's USB sense",
    25: "the module's lamp or radio",
    29: "the module's supply sense",
}
# Wiring of a module, role by role: nobody can choose it.
WIRED = {
    "W5500_EVB_PICO": {
        "net_miso": 16,
        "net_cs": 17,
        "net_sck": 18,
        "net_mosi": 19,
        "net_reset": 20,
        "net_irq": 21,
    }
}
_FLASH = "the flash"
_USB = "USB"
_CONSOLE = "the console"


class Chip:
    """`taken`: {GPIO: by what}, can be excused in board.md; `fixed`: the same, without excuse;
    `straps`: {GPIO: (level that a boot needs, does it only boot with it)}; `adc_mv`: what it can
    tell apart; `high`: pulled up in reset; `uarts`: {number: {"tx": GPIOs, "rx": GPIOs}},
    None for any GPIO; `console`: the UART of the console."""

    def __init__(self, port, gpios, analog, adc_mv, **more):
        self.port = port
        self.gpios = gpios
        self.analog = analog
        self.adc_mv = adc_mv
        self.input_only: frozenset = more.get("input_only", frozenset())
        self.taken: dict = more.get("taken", {})
        self.fixed: dict = more.get("fixed", {})
        self.straps: dict = more.get("straps", {})
        self.high: frozenset = more.get("high", frozenset())
        self.uarts: dict = more["uarts"]
        self.console = more.get("console")
        self.spis: dict = more.get("spis", {})


def _of(gpios, what):
    return dict.fromkeys(gpios, what)


# The ESP32's ADC at 11 dB: below about 140 mV it shows 140; near 3100 it ends, 3050 is sure.
_ESP32 = {
    "gpios": frozenset([*range(20), 21, 22, 23, 25, 26, 27, *range(32, 40)]),
    "analog": range(32, 40),
    "adc_mv": (142, 3050),
    "input_only": frozenset(range(34, 40)),
    # GPIO5 and 15 only choose timing and chatter; GPIO2 is asked only when GPIO0 asks for a
    # download. GPIO12 high asks for a flash of 1.8 V: the module does not start.
    "straps": {0: (1, True), 2: (0, False), 5: (1, False), 12: (0, True), 15: (1, False)},
    "high": frozenset([0, 1, 3, 5, 14, 15]),
    "uarts": {0: None, 1: None, 2: None},
    "console": 0,
}
_ESP32_CONSOLE = _of((1, 3), _CONSOLE)

CHIPS = {
    "rp2040": Chip(
        "rp2",
        range(30),
        (26, 27, 28),
        (0, 3300),
        fixed=PICO,
        uarts={
            0: {"tx": (0, 12, 16, 28), "rx": (1, 13, 17, 29)},
            1: {"tx": (4, 8, 20, 24), "rx": (5, 9, 21, 25)},
        },
        spis={
            0: {"net_miso": (0, 4, 16, 20), "net_sck": (2, 6, 18, 22), "net_mosi": (3, 7, 19, 23)},
            1: {"net_miso": (8, 12, 24, 28), "net_sck": (10, 14, 26), "net_mosi": (11, 15, 27)},
        },
    ),
    # The flash of a WROOM takes all six, in the two-wire modes still 6, 7, 8 and 11.
    "esp32": Chip("esp32", fixed=_of(range(6, 12), _FLASH), taken=_ESP32_CONSOLE, **_ESP32),
    # The flash inside a U4WDH lies on 6, 7, 8, 11 and on 16 and 17; 9 and 10 are led out.
    "esp32u4wdh": Chip(
        "esp32",
        fixed=_of((6, 7, 8, 11, 16, 17), _FLASH),
        taken={**_ESP32_CONSOLE, **_of((9, 10), "the flash of other modules")},
        **_ESP32,
    ),
    "esp32s2": Chip(
        "esp32",
        frozenset([*range(22), *range(26, 47)]),
        range(1, 11),
        (100, 2500),
        input_only=frozenset([46]),
        fixed=_of(range(27, 33), _FLASH),
        taken={**_of((43, 44), _CONSOLE), **_of((19, 20), _USB), 26: "a PSRAM"},
        straps={0: (1, True), 45: (0, True), 46: (0, True)},
        high=frozenset([0]),
        uarts={0: None, 1: None},
        console=0,
    ),
    "esp32s3": Chip(
        "esp32",
        frozenset([*range(22), *range(26, 49)]),
        range(1, 11),
        (100, 2900),
        fixed=_of(range(27, 33), _FLASH),
        taken={
            **_of((43, 44), _CONSOLE),
            **_of((19, 20), _USB),
            **_of((26, 33, 34, 35, 36, 37), "a PSRAM"),
        },
        straps={0: (1, True), 3: (1, False), 45: (0, True), 46: (0, True)},
        high=frozenset([0]),
        # Its console is USB's (GPIO19, 20); the boot ROM still talks on GPIO43.
        uarts={0: None, 1: None, 2: None},
    ),
}
