"""Whose the contactor of a board is (docs/remote.md): its own chip's, a satellite's, or that of
OpenEVSE's controller; and which board is a satellite.

Each rule takes a Board (tools/board_facts.py) and yields what is wrong.
"""

# Said only by a board of which it is true.
MAY: dict = {"kernel": str, "link_uart": tuple, "rapi_checks": int}
# With "local" and a link_uart a board is a satellite.
KERNELS = ("local", "remote", "rapi")
# Of the pilot and its plug: who does not own the contactor does not say them.
METAL = ("pilot_zero_mv", "pilot_gain_ppm", "supply_mv", "proximity_pull_up_ohm", "temperature")
SAFETY = (
    "pilot pilot_cut pilot_sense contactor contactor_2 feedback residual_trip residual_test "
    "ground lock_a lock_b lock_feedback proximity_sense temperature_sense"
).split()
# What a satellite has not: its charge point has it.
NOT_OF_A_SATELLITE = (
    "meter meter_units meter_uart reader reader_uart network network_facts file_blocks "
    "journal_blocks slot_blocks event_blocks security_blocks"
).split()


def owner(board):
    """The contactor has one, and who has it not has the line to it."""
    facts, kernel = board.facts, board.kernel
    if kernel not in KERNELS:
        yield f"kernel {kernel!r}: unknown"
    elif kernel != "local" and "link_uart" not in facts:
        yield f"kernel {kernel!r}: no link_uart to whom the contactor belongs"
    if kernel != "local" and facts["PORT"] != "esp32":
        yield "kernel: hal/rp2.py has its own"
    if kernel == "rapi" and facts["socket"]:
        yield "kernel 'rapi': RAPI proves no lock, a tethered cable only"
    if "rapi_checks" in facts and kernel != "rapi":
        yield f"rapi_checks: no such word with kernel {kernel!r}"
    for role in SAFETY if kernel != "local" else ():
        if role in facts["pins"]:
            yield f"{role}: with kernel {kernel!r} it is wired to the other chip"


def satellite(board):
    """The kernel, its metal and the line, on the chip whose port has an interrupt for it."""
    if not board.satellite:
        return
    if board.facts["PORT"] != "rp2":
        yield "link_uart: firmware/satellite.py runs on an RP2040"
    for name in NOT_OF_A_SATELLITE:
        if board.facts[name]:
            yield f"{name}: not of a satellite; its charge point has it"


RULES = (owner, satellite)
