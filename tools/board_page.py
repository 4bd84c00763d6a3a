"""Whether a board.md tells what its board.py says: the pins, the voltages to measure, the state.

The page is written by hand; this reads its tables. `rows` and `points` are what they must hold.
"""

from tools.board_parts import adc_mv

PLUGS = (("63 A", 100), ("32 A", 220), ("20 A", 680), ("13 A", 1500))
VOLTS = (12, 9, 6, 3, 0, -12)
SECTIONS = ("Pins", "Front end", "Test points", "What it lacks", "Sources")
HEADS = {
    "Pins": ["GPIO", "Role", "Net", "Kind", "Level", "Before the firmware runs", "Source"],
    "Test points": ["Test point", "Nominal", "At the ADC"],
}


def rows(board):
    """The pin table, without what board.py does not know."""
    for role, (gpio, net, kind, level) in board.pins.items():
        word = {"out": f"rest {level}", "in": f"active {level}"}.get(kind, "-")
        yield [str(gpio), role, net, kind, word]


def points(board):
    """(what, nominal, millivolts at the ADC)"""
    if board.kernel != "local":
        return
    for volt in VOLTS:
        sign = "+" if volt > 0 else ""
        yield ["CP", f"{sign}{volt} V", f"{adc_mv(board, volt * 1000)} mV"]
    if "proximity_sense" in board.pins:
        up, supply = board.facts["proximity_pull_up_ohm"], board.facts["supply_mv"]
        for ampere, ohm in PLUGS:
            yield ["PP", f"{ampere}, {ohm} ohm", f"{supply * ohm / (up + ohm):.0f} mV"]
        yield ["PP", "no plug", f"{supply} mV"]


def table(text):
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return cells[0] if cells else [], cells[2:]


def show(row):
    return f"| {' | '.join(row)} |"


def same(title, told, wanted, width):
    """Both ways, so that a row nobody wants is found as one that is missing."""
    seen = [row[:width] for row in told]
    for row in wanted:
        if row not in seen:
            yield f"board.md: {title} lacks {show(row)}"
    for row in seen:
        if row not in wanted:
            yield f"board.md: {title} has {show(row)}, board.py does not"
        elif seen.count(row) > 1:
            yield f"board.md: {title} says {show(row)} twice"


def page(board):
    if not board.page.startswith(f"# {board.name}\n"):
        yield f"board.md: does not begin with `# {board.name}`"
    if "\nStatus: " not in board.page:
        yield "board.md: no line `Status: ` saying who has run it on what"
    for title in SECTIONS:
        if not board.section(title).strip():
            yield f"board.md: no section {title}"
    for title, wanted, width in (("Pins", rows(board), 5), ("Test points", points(board), 3)):
        head, told = table(board.section(title))
        if head != HEADS[title]:
            yield f"board.md: {title} is headed {show(HEADS[title])}"
        yield from same(title, told, list(wanted), width)
        for row in told:
            if len(row) != len(HEADS[title]) or not all(row):
                yield f"board.md: {title}: a cell of {show(row)} is empty"


def drawing(board):
    """Every net that the car, the grid, the detector or the other chip reaches stands in the
    drawing."""
    drawn = board.section("Front end")
    shown = "pilot pilot_sense contactor residual_trip feedback link_tx link_rx".split()
    if board.facts["socket"] and board.kernel == "local":
        shown.append("proximity_sense")
    for role in shown:
        if role in board.pins and board.pins[role][1] not in drawn:
            yield f"board.md: Front end does not show {board.pins[role][1]}"


RULES = (page, drawing)
