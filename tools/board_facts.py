"""What a board.py may say: the vocabulary, and what the chip's pins can and must not do.

Each rule takes a Board and yields what is wrong. It reads literals, never runs a board's file.
"""

import ast
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/shim"))  # hal wants const
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from firmware.evse.limit import Limit
from hal import meter
from tools.board_kernel import MAY, METAL
from tools.chips import CHIPS, WIRED

NAMES: dict = {
    "NAME": str, "PORT": str, "CHIP": str, "connectors": int, "socket": bool, "max_ma": int,
    "phases": int, "ventilation": bool, "meter": (str, type(None)), "meter_units": tuple,
    "reader": (str, type(None)), "shared_reader": bool, "file_blocks": int, "journal_blocks": int,
    "slot_blocks": int, "event_blocks": int, "security_blocks": int, "pins": dict,
    "pilot_zero_mv": int, "pilot_gain_ppm": int, "limits": dict, "supply_mv": int,
    "proximity_pull_up_ohm": int, "temperature": (str, type(None)),
    "meter_uart": (tuple, type(None)), "reader_uart": (tuple, type(None)),
    "network": (str, type(None)), "network_facts": dict,
}  # fmt: skip
KINDS = {
    "out": "pilot pilot_cut contactor contactor_2 residual_test lock_a lock_b led_red led_green "
    "led_blue buzzer meter_direction net_cs net_reset net_power",
    "in": "feedback residual_trip ground lock_feedback button unlock net_irq",
    "analog": "pilot_sense proximity_sense temperature_sense",
    "uart": "meter_tx meter_rx reader_tx reader_rx net_tx net_rx link_tx link_rx",
    "wire": "reader_wire",
    "spi": "net_sck net_mosi net_miso",
    "clock": "net_mdc net_mdio net_clock",
}
ROLES = {role: kind for kind, roles in KINDS.items() for role in roles.split()}
NETWORKS = {
    None: "",
    "wifi": "",
    "w5500": "net_sck net_mosi net_miso net_cs",
    "lan8720": "net_mdc net_mdio net_clock",
    "ppp": "net_tx net_rx",
}
# What a driver is told beside its pins.
NETWORK_FACTS = {"w5500": {"spi", "hz"}, "lan8720": {"phy_address"}, "ppp": {"uart", "baud"}}
# The level of an output before the firmware runs and after it has failed.
RESTS = {"pilot": 1, "contactor": 0, "contactor_2": 0, "residual_test": 0}


class Board:
    """A folder of boards/: what board.py says, and the pages beside it."""

    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name
        self.facts, self.strange = _literals(folder / "board.py")
        page = folder / "board.md"
        self.page = page.read_text() if page.exists() else ""
        found = re.findall(r"^- GPIO(\d+): (.{20,})$", _section(self.page, "Exceptions"), re.M)
        self.excused = {int(gpio) for gpio, _ in found}
        self.used_excuses: set = set()

    @property
    def chip(self):
        return CHIPS[self.facts["CHIP"]]

    @property
    def kernel(self):
        return self.facts.get("kernel", "local")

    @property
    def satellite(self):
        return self.kernel == "local" and "link_uart" in self.facts

    @property
    def pins(self):
        return self.facts["pins"]

    def gpio(self, role):
        return self.pins[role][0]

    def limit(self, name):
        return self.facts["limits"].get(name, getattr(Limit, name))

    def section(self, title):
        return _section(self.page, title)


def _section(page, title):
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    return found.group(1) if found else ""


def _literals(path):
    """({name: value}, lines that are neither)"""
    facts, strange = {}, []
    for node in ast.parse(path.read_text(), str(path)).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        try:
            assert isinstance(node, ast.Assign)
            facts[node.targets[0].id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
        except (AssertionError, ValueError, AttributeError):
            strange.append(node.lineno)
    return facts, strange


def vocabulary(board):
    facts = board.facts
    for line in board.strange:
        yield f"line {line}: not NAME = literal"
    needed = NAMES.keys() - (METAL if board.kernel != "local" else ())
    for name in needed - facts.keys():
        yield f"does not say {name}"
    for name in facts.keys() - needed - MAY.keys():
        yield f"{name}: no such word" + (f" with kernel {board.kernel!r}" if name in NAMES else "")
    for name, kind in {**NAMES, **MAY}.items():
        if name in facts and not isinstance(facts[name], kind):
            yield f"{name}: {facts[name]!r} is of the wrong type"


def words(board):
    facts = board.facts
    if facts["NAME"] != board.name or len(board.name) > 24:
        yield f"NAME {facts['NAME']!r}: the folder's is expected, 24 characters at most"
    if facts["CHIP"] not in CHIPS or CHIPS[facts["CHIP"]].port != facts["PORT"]:
        yield f"CHIP {facts['CHIP']!r} on port {facts['PORT']!r}: no such chip there"
    if facts["network"] not in NETWORKS:
        yield f"network {facts['network']!r}: unknown"
    for name in facts["limits"]:
        if not hasattr(Limit, name):
            yield f"limits: no {name} in firmware/evse/limit.py"
    if not board.satellite:
        try:
            meter.find(facts["meter"] or "")
        except ValueError as error:
            yield f"meter: {error}"
    if facts.get("temperature") not in ("MCP9700A", None):
        yield f"temperature {facts['temperature']!r}: no curve"
    missing = NETWORK_FACTS.get(facts["network"], set()) - facts["network_facts"].keys()
    if missing:
        yield f"network_facts: no {', '.join(sorted(missing))}"


def numbers(board):
    """What the ports can drive."""
    facts = board.facts
    if facts["connectors"] != 1 or len(facts["meter_units"]) != (not board.satellite):
        yield "connectors, meter_units: hal/rp2.py and hal/esp32.py drive one"
    if facts["slot_blocks"] and facts["PORT"] == "esp32":
        yield "slot_blocks: hal/esp32.py has no second tree"
    if not 6000 <= facts["max_ma"] <= 80000 or facts["phases"] not in (1, 2, 3):
        yield "max_ma, phases: 6000 to 80000, 1 to 3"


def roles(board):
    for role, pin in board.pins.items():
        if role not in ROLES:
            yield f"{role}: no such role"
        elif len(pin) != 4 or pin[2] != ROLES[role]:
            yield f"{role}: (GPIO, net, {ROLES[role]!r}, level) is expected"
        elif (pin[3] not in (0, 1)) if pin[2] in ("out", "in") else (pin[3] is not None):
            yield f"{role}: level {pin[3]!r}"
        elif pin[3] != RESTS.get(role, pin[3]):
            yield f"{role} rests at {pin[3]}: a chip in reset would leave it driven"
    if "contactor" in board.pins and board.gpio("contactor") in board.chip.high:
        yield f"contactor: GPIO{board.gpio('contactor')} is pulled up in reset"


def needs(board):
    """Which roles follow from what else the board says."""
    facts = board.facts
    needed = NETWORKS[facts["network"]]
    needed += "" if board.satellite else " meter_tx meter_rx"
    needed += " link_tx link_rx" if "link_uart" in facts else ""
    if board.kernel == "local":
        needed += " pilot pilot_sense contactor"
        needed += " lock_a lock_b proximity_sense" if facts["socket"] else ""
        needed += " temperature_sense" if facts["temperature"] else ""
    if facts["network"] == "w5500" and facts["PORT"] == "esp32":
        needed += " net_irq"  # IDF's driver waits for it
    needed += " reader_tx reader_rx" if facts["reader_uart"] else ""
    for role in needed.split():
        if role not in board.pins:
            yield f"{role}: not in pins, but needed"
    if bool(facts["reader"]) != bool(facts["reader_uart"]):
        yield "reader and reader_uart: both or none"
    if bool(facts["meter"]) != bool(facts["meter_uart"]):
        yield "meter and meter_uart: both or none"


def pins(board):
    """What the chip has where."""
    chip, seen = board.chip, {}
    for role, (gpio, _, kind, _level) in board.pins.items():
        if gpio in seen:
            yield f"GPIO{gpio}: {seen[gpio]} and {role}"
        seen[gpio] = role
        if gpio not in chip.gpios:
            yield f"{role}: there is no GPIO{gpio}"
        if kind == "analog" and gpio not in chip.analog:
            yield f"{role}: GPIO{gpio} has no ADC that works beside the radio"
        if gpio in chip.input_only and drives(role, kind):
            yield f"{role}: GPIO{gpio} is an input only"
        if gpio in chip.fixed:
            yield f"{role}: GPIO{gpio} belongs to {chip.fixed[gpio]}"
        if gpio in chip.taken and not excuse(board, gpio):
            yield f"{role}: GPIO{gpio} belongs to {chip.taken[gpio]}; say why under Exceptions"


def wiring(board):
    """What a module has soldered."""
    seen = {pin[0]: role for role, pin in board.pins.items()}
    for module, wired in WIRED.items():
        for role, gpio in wired.items() if board.name.startswith(module) else ():
            if role in board.pins and board.gpio(role) != gpio:
                yield f"{role}: the module has it on GPIO{gpio}"
            if seen.get(gpio, role) != role:
                yield f"{seen[gpio]}: GPIO{gpio} is the module's {role}"


def drives(role, kind):
    tx = kind == "uart" and role.endswith("_tx")
    return tx or kind in ("out", "wire", "clock") or (kind == "spi" and role != "net_miso")


def excuse(board, gpio):
    board.used_excuses.add(gpio)
    return gpio in board.excused
