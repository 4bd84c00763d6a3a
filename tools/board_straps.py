"""The pins that a chip asks in reset how to boot, against what is wired to them.

A rule takes a Board (tools/board_facts.py) and yields what is wrong.
"""

from tools.board_facts import excuse

# A wire that is broken must read as the answer that keeps the contactor open.
TO_ACTIVE = ("residual_trip", "feedback")


def straps(board):
    """Pins that are asked in reset how to boot."""
    for role, pin in board.pins.items():
        gpio, level = pin[0], at_reset(role, pin)
        if gpio not in board.chip.straps:
            continue
        needs, hard = board.chip.straps[gpio]
        if role == "net_clock" and "net_power" in board.pins:
            level = 1  # the oscillator is off until the port asks for it: the chip's pull-up
        if hard and level != needs:
            yield f"{role}: GPIO{gpio} must be {needs} in reset, or the chip does not boot"
        elif not excuse(board, gpio):
            yield f"{role}: GPIO{gpio} is a strapping pin; say why under Exceptions"
    for gpio in board.excused - board.used_excuses:
        yield f"Exceptions: GPIO{gpio} needs none"


def at_reset(role, pin):
    """The level that what is wired to the pin tries to give it."""
    kind, level = pin[2], pin[3]
    if kind == "out":
        return level
    if kind == "in":
        return level if role in TO_ACTIVE else 1 - level
    return 1 if kind in ("uart", "wire") else None  # idle lines are high


RULES = (straps,)
