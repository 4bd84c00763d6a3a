"""What a board's parts need: UARTs, SPI, PWM, the flash, the divider of the pilot, the interlock.

Each rule takes a Board (tools/board_facts.py) and yields what is wrong.
"""

import re
from itertools import pairwise


BLOCK_BYTES = 4096
APP_BYTES = 0x200000  # what MicroPython with everything frozen may grow to on an ESP32
EDGES = ("a_b_mv", "b_c_mv", "c_d_mv", "d_e_mv", "e_f_mv")
TESTED = ("feedback", "residual_trip", "residual_test", "ground", "temperature_sense")


def uarts(board):
    facts, chip, taken = board.facts, board.chip, {}
    ports = {who: facts.get(f"{who}_uart") for who in ("meter", "reader", "link")}
    if facts["network"] == "ppp":
        ports["net"] = (facts["network_facts"].get("uart"), facts["network_facts"].get("baud"))
    for who, port in ports.items():
        if port is None:
            continue
        if port[0] == "pio":
            yield from _pio(board, who)
            continue
        number = port[0]
        if number not in chip.uarts:
            yield f"{who}: there is no UART{number}"
            continue
        if number in taken:
            yield f"UART{number}: {taken[number]} and {who}"
        taken[number] = who
        if number == chip.console:
            yield f"{who}: UART{number} is the console"
        for end in ("tx", "rx") if chip.uarts[number] else ():
            role = f"{who}_{end}"
            if role in board.pins and board.gpio(role) not in chip.uarts[number][end]:
                yield f"{role}: GPIO{board.gpio(role)} is no {end.upper()} of UART{number}"


def _pio(board, who):
    if board.facts["PORT"] != "rp2":
        yield f"{who}: this chip has no PIO"
    elif who != "reader":
        yield f"{who}: hal/rp2_uart.py has PIO for a reader only"


def spi(board):
    facts = board.facts
    if facts["network"] != "w5500":
        return
    number = facts["network_facts"].get("spi")
    if board.chip.spis and number not in board.chip.spis:
        yield f"network_facts: there is no SPI{number}"
        return
    for role, gpios in board.chip.spis.get(number, {}).items():
        if board.gpio(role) not in gpios:
            yield f"{role}: GPIO{board.gpio(role)} is not on SPI{number}"


def pwm(board):
    """Two pins of an RP2040 share a slice, and with it the frequency."""
    if board.facts["PORT"] == "rp2" and "buzzer" in board.pins:
        first, second = ((board.gpio(role) >> 1) & 7 for role in ("pilot", "buzzer"))
        if first == second:
            yield f"buzzer: its tone would be the pilot's, both on PWM slice {first}"


def flash(board):
    facts = board.facts
    wanted = facts["file_blocks"] + facts["journal_blocks"]
    wanted += 0 if board.satellite else 2 * facts["slot_blocks"] + 2
    wanted += facts["event_blocks"] + facts["security_blocks"]
    room = storage_bytes(board)
    if isinstance(room, str):
        yield room
    elif wanted * BLOCK_BYTES > room:
        yield f"{wanted} blocks of flash wanted, the image leaves {room // BLOCK_BYTES}"
    if min(facts["file_blocks"], facts["journal_blocks"]) < 16 and not board.satellite:
        yield "file_blocks, journal_blocks: 16 each are the least"


def storage_bytes(board):
    """What the custom image keeps free; a text says what is wrong with it."""
    if board.facts["PORT"] == "rp2":
        header = board.folder / "mpconfigboard.h"
        name = r"^#define MICROPY_HW_FLASH_STORAGE_BYTES \((\d+) \* 1024\)$"
        found = re.search(name, header.read_text(), re.M) if header.exists() else None
        return int(found.group(1)) * 1024 if found else "mpconfigboard.h: no storage bytes"
    table = board.folder.parent / "esp32/partitions-4MiB.csv"
    return partitions(table.read_text(), 4 << 20)


def partitions(text, flash_bytes):
    end, sizes = 0x9000, {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, _, offset, size = (word.strip() for word in line.split(",")[:5])
        if int(offset, 0) < end:
            return f"partitions: {name} begins inside the one before it"
        end, sizes[name] = int(offset, 0) + int(size, 0), int(size, 0)
    if end > flash_bytes:
        return "partitions: more than the flash"
    if sizes.get("factory", 0) < APP_BYTES:
        return "partitions: the image does not fit"
    return sizes.get("evse", 0)


def adc_mv(board, pilot_mv):
    """Rounded to nearest."""
    scaled = pilot_mv * board.facts["pilot_gain_ppm"]
    return board.facts["pilot_zero_mv"] + (scaled + 500_000) // 1_000_000


def front_end(board):
    """Every edge of the kernel must lie where the ADC can tell both sides apart."""
    if board.kernel != "local":
        return
    low, high = board.chip.adc_mv
    away = board.limit("hysteresis_mv")
    for name in EDGES:
        for edge in (board.limit(name) - away, board.limit(name) + away):
            if not low < adc_mv(board, edge) <= high:
                yield f"{name}: {adc_mv(board, edge)} mV at an ADC of {low} to {high}"
    if not low < adc_mv(board, board.limit("diode_mv")) <= high:
        yield f"diode_mv: {adc_mv(board, board.limit('diode_mv'))} mV cannot be told from less"
    gaps = [board.limit(a) - board.limit(b) for a, b in pairwise(EDGES)]
    if min(gaps) <= 2 * away:
        yield "limits: two edges with their hysteresis overlap"


def divider(board):
    """The two figures of the pilot's divider, from its parts or from what was measured."""
    if board.kernel != "local":
        return
    zero, gain = board.facts["pilot_zero_mv"], board.facts["pilot_gain_ppm"]
    parts = re.search(
        r"^Divider: (\d+) ohm from CP, (\d+) ohm to (\d+) mV, (\d+) ohm to 0 V", board.page, re.M
    )
    points = re.findall(r"^Measured: .*", board.page, re.M)
    if parts:
        series, up, up_mv, down = (int(word) for word in parts.groups())
        whole = 1 / series + 1 / up + 1 / down
        found = up_mv / up / whole, 1e6 / series / whole
    elif points:
        found = line_through(re.findall(r"([+-]\d+) V (\d+)", points[0]))
    else:
        yield "board.md: no `Divider:` and no `Measured:`"
        return
    if abs(found[0] - zero) > 2 or abs(found[1] - gain) > 200:
        yield f"pilot: {found[0]:.0f} mV and {found[1]:.0f} ppm by board.md, not {zero} and {gain}"


def line_through(points):
    """(mV at 0 V, ppm): least squares."""
    pairs = [(float(volt) * 1000, float(mv)) for volt, mv in points]
    mean_x = sum(x for x, _ in pairs) / len(pairs)
    mean_y = sum(y for _, y in pairs) / len(pairs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in pairs)
    slope /= sum((x - mean_x) ** 2 for x, _ in pairs)
    return mean_y - slope * mean_x, slope * 1e6


def lacks(board):
    """What is not there is said, and where the residual current opens the coil instead."""
    if board.kernel != "local":
        return
    said = board.section("What it lacks")
    for role in TESTED:
        if role not in board.pins and f"- {role}: " not in said:
            yield f"board.md: `What it lacks` does not name {role}"
    if "residual_trip" not in board.pins and "interlock is external" not in said:
        yield "board.md: no residual_trip, and it does not say `interlock is external`"


RULES = (uarts, spi, pwm, flash, front_end, divider, lacks)
