"""How a family of meters spells its values, as data, and the decoding of it. No line, no time.

A map is a tuple (function, questions, rows):
  questions: (start, count) each, in the order they are asked. No two of the same count, so that
    a late answer to one can never pass for the answer to another.
  rows: (field of Reading, phase 0..2 or None, address, kind, num, den). The value is the raw
    number * num / den in the unit of the field, rounded to nearest.
  kind: "f32", or a letter (u, i), the bits (16, 32, 64), and what is peculiar: "l" the low word
    stands first; "n" a value that does not exist is all ones (unsigned) or the largest (signed).

Every tuple holds literals only, so a frozen map stays in flash.

All arithmetic is in integers. The floats of a microcontroller are single precision: a kWh
register times 1000 would lose watt-hours.
"""


def _divide(value: int, den: int) -> int:
    """value / den to the nearest integer, halves away from zero."""
    if value < 0:
        return -((-2 * value + den) // (2 * den))
    return (2 * value + den) // (2 * den)


def _float32(high: int, low: int, num: int, den: int) -> "int | None":
    """An IEEE 754 single, from its bits. Not a number and infinity are no value."""
    exponent = high >> 7 & 0xFF
    if exponent == 0xFF:
        return None
    mantissa = (high & 0x7F) << 16 | low
    if exponent:
        mantissa |= 1 << 23
    else:
        exponent = 1  # subnormal: the same weight without the hidden bit
    value = mantissa * num
    if high & 0x8000:
        value = -value
    # value is mantissa * 2 ** (exponent - 127 - 23)
    if exponent >= 150:
        return _divide(value << (exponent - 150), den)
    return _divide(value, den << (150 - exponent))


def decode(registers: list, at: int, kind: str, num: int, den: int) -> "int | None":
    """The value at index `at` of the registers that were read."""
    if kind == "f32":
        return _float32(registers[at], registers[at + 1], num, den)
    signed = kind[0] == "i"
    bits = int(kind[1:3])
    last = bits // 16 - 1
    value = 0
    for i in range(last + 1):
        value = value << 16 | registers[at + (last - i if kind[-1] == "l" else i)]
    top = 1 << bits
    if kind[-1] == "n" and value == (top // 2 - 1 if signed else top - 1):
        return None
    if signed and value >= top // 2:
        value -= top
    return _divide(value * num, den)


def apply(rows: tuple, start: int, registers: list, reading) -> None:
    """Write every row that lies inside these registers into the reading."""
    for field, phase, address, kind, num, den in rows:
        at = address - start
        if not 0 <= at < len(registers):
            continue
        value = decode(registers, at, kind, num, den)
        if phase is None:
            setattr(reading, field, value)
        else:
            getattr(reading, field)[phase] = value
