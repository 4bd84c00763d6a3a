"""Every rule of tools/boards.py fires on a board that breaks it; ours keep them all."""

import shutil
from pathlib import Path

import pytest

from tools import board_parts, boards

ROOT = Path(__file__).resolve().parents[2]
W5500, PICO, RIG = "W5500_EVB_PICO_EVSE", "PICO_W_EVSE", "RP2040_RIG"
SMART, SMART1, S2DA, KITC = (
    "SMARTEVSE_V3",
    "SMARTEVSE_V3_1",
    "ESP32_EVSE_S2DA",
    "ESP32_DEVKITC_EVSE",
)
SAT, MASTER, RAPI = "PICO_SATELLITE", "ESP32_SATELLITE_EVSE", "OPENEVSE_GATEWAY"

# (board, file, text, its replacement, what must be said)
BREAKS = [
    # the vocabulary
    (W5500, "board.py", "max_ma = 32000", "max_ma = 16000 + 16000", "not NAME = literal"),
    (W5500, "board.py", "phases = 3\n", "", "does not say phases"),
    (W5500, "board.py", "phases = 3", "phases = 3\nfases = 3", "fases: no such word"),
    (W5500, "board.py", "phases = 3", 'phases = "3"', "wrong type"),
    (W5500, "board.py", 'NAME = "W5500', 'NAME = "W5501', "the folder's is expected"),
    (W5500, "board.py", 'CHIP = "rp2040"', 'CHIP = "esp32"', "no such chip there"),
    (W5500, "board.py", 'CHIP = "rp2040"', 'CHIP = "rp2041"', "no such chip there"),
    (W5500, "board.py", 'network = "w5500"', 'network = "w5100"', "network 'w5100'"),
    (W5500, "board.py", "limits = {}", 'limits = {"a_b": 1}', "no a_b in"),
    (W5500, "board.py", '"SDM630"', '"SDM631"', "unknown meter"),
    (W5500, "board.py", '"MCP9700A"', '"LM35"', "no curve"),
    (W5500, "board.py", "connectors = 1", "connectors = 2", "drive one"),
    (W5500, "board.py", "meter_units = (1,)", "meter_units = ()", "drive one"),
    (W5500, "board.py", "max_ma = 32000", "max_ma = 32", "6000 to 80000"),
    (W5500, "board.py", "phases = 3", "phases = 4", "1 to 3"),
    (S2DA, "board.py", "slot_blocks = 0", "slot_blocks = 9", "has no second tree"),
    (W5500, "board.py", '"hz": 20', '"baud": 20', "network_facts: no hz"),
    (KITC, "board.py", 'network = "wifi"', 'network = "lan8720"', "network_facts: no phy"),
    (KITC, "board.py",
     '"wifi"\nnetwork_facts = {}', '"w5500"\nnetwork_facts = {"spi": 1, "hz": 2}',
     "net_irq: not in pins"),
    # whose the contactor is
    (MASTER, "board.py", '"remote"', '"distant"', "kernel 'distant': unknown"),
    (MASTER, "board.py", "link_uart = (0, 115200)", "", "no link_uart to whom"),
    (MASTER, "board.py", "limits = {}", "limits = {}\nsupply_mv = 1", "no such word with kernel"),
    (MASTER, "board.py", "limits = {}", "limits = {}\nrapi_checks = 2", "rapi_checks: no such"),
    (MASTER, "board.py", '"esp32"\nCHIP = "esp32s3"', '"rp2"\nCHIP = "rp2040"', "has its own"),
    (KITC, "board.py", "limits = {}", "limits = {}\nlink_uart = (0, 1)", "runs on an RP2040"),
    (MASTER, "board.py", '"led_red": (10, "LED_R", "out", 0)', '"contactor": (10, "K", "out", 0)',
     "contactor: with kernel 'remote' it is wired to the other chip"),
    (MASTER, "board.py", '"link_rx": (18', '"led_red": (18', "link_rx: not in pins"),
    (MASTER, "board.py", 'meter = "SDM630"', "meter = None", "unknown meter"),
    (MASTER, "board.py", "meter_uart = (1, 9600)", "meter_uart = None", "meter and meter_uart"),
    (MASTER, "board.py", "link_uart = (0,", "link_uart = (1,", "UART1: meter and link"),
    (RAPI, "board.md", "   TXD --", "   TX --", "Front end does not show TXD"),
    (MASTER, "board.md", "| 17 | link_tx |", "| 7 | link_tx |", "Pins lacks | 17 | link_tx |"),
    (MASTER, "manifest.py", "opt=2)", 'opt=2)\nmodule("firmware/satellite.py", base_path="../..")',
     "freezes firmware/satellite.py, which does not ship"),
    (RAPI, "board.py", "socket = False", "socket = True", "RAPI proves no lock"),
    (RAPI, "board.py", "link_uart = (2,", "link_uart = (0,", "link: UART0 is the console"),
    (RAPI, "board.py", '"link_tx": (17', '"link_tx": (35', "link_tx: GPIO35 is an input only"),
    (RAPI, "board.py", '"net_power": (16', '"led_red": (16', "GPIO0 must be 1 in reset"),
    (RAPI, "board.md", "- GPIO0: ", "- GPIO: ", "net_clock: GPIO0 is a strapping pin"),
    (W5500, "board.py", "limits = {}", 'kernel = "remote"\nlink_uart = (0, 1)\nlimits = {}',
     "no such word with kernel"),
    (SAT, "board.py", 'kernel = "local"', 'kernel = "remote"', "no such word with kernel 'rem"),
    (SAT, "board.py", "meter = None", 'meter = "SDM630"', "meter: not of a satellite"),
    (SAT, "board.py", "file_blocks = 0", "file_blocks = 1", "file_blocks: not of a satellite"),
    (SAT, "board.py", "network = None", 'network = "ppp"', "network: not of a satellite"),
    (SAT, "board.py", "meter_units = ()", "meter_units = (1,)", "drive one"),
    (SAT, "board.py", "link_uart = (0, 115200)", "", "unknown meter"),
    (SAT, "board.py", "link_uart = (0, 1", 'link_uart = ("pio", 1', "for a reader only"),
    (SAT, "board.py", "link_uart = (0,", "link_uart = (1,", "link_tx: GPIO0 is no TX of UART1"),
    (SAT, "board.py", '"link_rx": (1,', '"button": (1,', "button: (GPIO, net, 'in'"),
    (SAT, "board.py", '"lock_b": (9, "LOCK_B", "out", 0),', "", "lock_b: not in pins"),
    (SAT, "manifest.py", 'port="rp2", satellite=True', 'port="rp2"',
     "does not freeze firmware/satellite.py"),
    (SAT, "manifest.py", 'port="rp2", satellite=True', 'port="rp2"',
     "freezes firmware/ocpp/v16/station.py, which does not ship"),
    (SAT, "manifest.py", '"../rp2/manifest.py", satellite=True', '"../rp2/manifest.py"',
     "takes $(MPY_DIR)/extmod/asyncio"),
    (SAT, "manifest.py", '"../rp2/manifest.py", satellite=True', '"../rp2/manifest.py"',
     "frozen/main.py, not "),
    ("rp2", "satellite/main.py", "firmware.satellite.run()", "pass", "does not run firmware.sat"),
    # the roles
    (W5500, "board.py", '"buzzer": (', '"beeper": (', "beeper: no such role"),
    (W5500, "board.py", '"BUZZER", "out", 0', '"BUZZER", "in", 0', "buzzer: (GPIO, net, 'out'"),
    (W5500, "board.py", '"BUZZER", "out", 0', '"BUZZER", "out", None', "buzzer: level None"),
    (W5500, "board.py", '"TEMP", "analog", None', '"TEMP", "analog", 0', "temperature_sense: lev"),
    (W5500, "board.py", '"CP_PWM", "out", 1', '"CP_PWM", "out", 0', "pilot rests at 0"),
    (W5500, "board.py", '"RELAY", "out", 0', '"RELAY", "out", 1', "contactor rests at 1"),
    (W5500, "board.py", '"RCM_TEST", "out", 0', '"RCM_TEST", "out", 1', "residual_test rests"),
    (SMART, "board.py", '"SSR2", "out", 0', '"SSR2", "out", 1', "contactor_2 rests at 1"),
    (SMART, "board.py", '"contactor": (32', '"contactor": (14', "GPIO14 is pulled up in reset"),
    (W5500, "board.py", '"pilot_sense": (26', '"ground": (26', "pilot_sense: not in pins"),
    (W5500, "board.py", '"lock_b": (9, "LOCK_B", "out", 0),', "", "lock_b: not in pins"),
    (W5500, "board.py", '"proximity_sense": (27', '"led_blue": (27', "proximity_sense: not in"),
    (W5500, "board.py", '"net_cs": (17, "W5500_CS", "out", 1),', "", "net_cs: not in pins"),
    (W5500, "board.py", '"reader_rx": (1, "RFID_RX", "uart", None),', "", "reader_rx: not in"),
    (W5500, "board.py", '"temperature_sense": (28, "TEMP", "analog", None),', "", "temperature_s"),
    (W5500, "board.py", 'reader = "pn532"', "reader = None", "both or none"),
    # the chip's pins
    (W5500, "board.py", '"buzzer": (13', '"buzzer": (12', "GPIO12: residual_test and buzzer"),
    (W5500, "board.py", '"buzzer": (13', '"buzzer": (30', "there is no GPIO30"),
    (SMART, "board.py", '"led_green": (4', '"led_green": (24', "there is no GPIO24"),
    (W5500, "board.py", '"temperature_sense": (28', '"temperature_sense": (29', "no ADC"),
    (SMART, "board.py", '"temperature_sense": (36', '"temperature_sense": (14', "no ADC"),
    (S2DA, "board.py", '"pilot_sense": (4', '"pilot_sense": (12', "no ADC"),
    (SMART, "board.py", '"led_green": (4', '"led_green": (37', "GPIO37 is an input only"),
    (SMART, "board.py", '"meter_tx": (21', '"meter_tx": (38', "GPIO38 is an input only"),
    (S2DA, "board.py", '"led_green": (36', '"led_green": (46', "GPIO46 is an input only"),
    (SMART, "board.py", '"lock_a": (18', '"lock_a": (9', "GPIO9 belongs to the flash"),
    (SMART1, "board.py", '"led_green": (4', '"led_green": (16', "GPIO16 belongs to the flash"),
    (S2DA, "board.py", '"led_green": (36', '"led_green": (27', "GPIO27 belongs to the flash"),
    (SMART, "board.py", '"led_green": (4', '"led_green": (3', "belongs to the console; say why"),
    (SMART1, "board.md", "- GPIO9: ", "- GPIO9 ", "GPIO9 belongs to the flash of other modules"),
    (S2DA, "board.md", "- GPIO20: ", "- GPIO: ", "GPIO20 belongs to USB"),
    (S2DA, "board.md", "- GPIO26: ", "- ", "GPIO26 belongs to a PSRAM"),
    (PICO, "board.py", '"led_blue": (20', '"led_blue": (25', "GPIO25 belongs to the module's"),
    (W5500, "board.py", '"net_irq": (21, "W5500_INT", "in", 0)', '"button": (21, "B", "in", 0)',
     "GPIO21 is the module's net_irq"),
    (W5500, "board.py", '"net_reset": (20', '"net_reset": (22', "the module has it on GPIO20"),
    # strapping pins
    (SMART, "board.md", "- GPIO15: ", "- GPIO14: ", "pilot_cut: GPIO15 is a strapping pin"),
    (SMART, "board.md", "- GPIO12: blue LED. Rests low", "- GPIO12: so.\n- it", "GPIO12 is a str"),
    (SMART, "board.md", "- GPIO0: ", "- GPIO5: it has no use at all\n- GPIO0: ", "needs none"),
    (SMART, "board.py", '"LEDB", "out", 0', '"LEDB", "out", 1', "GPIO12 must be 0 in reset"),
    (SMART, "board.py", '"BUTTON1", "in", 0', '"BUTTON1", "in", 1', "GPIO0 must be 1 in reset"),
    (SMART, "board.py", '"residual_trip": (13', '"residual_trip": (12', "GPIO12 must be 0"),
    (S2DA, "board.py", '"residual_trip": (41', '"residual_trip": (45', "GPIO45 must be 0"),
    # what the parts need
    (W5500, "board.py", "reader_uart = (0, 115200)", "reader_uart = (1, 115200)", "UART1: meter"),
    (W5500, "board.py", "meter_uart = (1, ", "meter_uart = (2, ", "there is no UART2"),
    (S2DA, "board.py", "meter_uart = (1, ", "meter_uart = (2, ", "there is no UART2"),
    (SMART, "board.py", "meter_uart = (1, ", "meter_uart = (0, ", "UART0 is the console"),
    (KITC, "board.py", "(2, 115200)", '("pio", 115200)', "this chip has no PIO"),
    (W5500, "board.py", '"meter_tx": (4', '"meter_tx": (21', "GPIO21 is no TX of UART1"),
    (W5500, "board.py", '"reader_rx": (1', '"reader_rx": (3', "GPIO3 is no RX of UART0"),
    (RIG, "board.py", '{"uart": 0, ', '{"uart": 1, ', "UART1: meter and net"),
    (RIG, "board.py", '"net_tx": (0', '"net_tx": (2', "net_tx: GPIO2 is no TX of UART0"),
    ("TEMPLATE", "board.py", '"net_sck": (18', '"net_sck": (17', "GPIO17 is not on SPI0"),
    ("TEMPLATE", "board.py", '{"spi": 0', '{"spi": 2', "there is no SPI2"),
    ("TEMPLATE", "board.py", '{"spi": 0', '{"spi": 1', "not on SPI1"),
    (PICO, "board.py", '"buzzer": (13', '"buzzer": (19', "both on PWM slice 1"),
    # the flash
    (W5500, "board.py", "file_blocks = 176", "file_blocks = 179", "257 blocks of flash wanted"),
    (W5500, "board.py", "slot_blocks = 0", "slot_blocks = 2", "258 blocks of flash wanted"),
    (PICO, "mpconfigboard.h", "(848 * 1024)", "(512 * 1024)", "the image leaves 128"),
    (PICO, "mpconfigboard.h", "FLASH_STORAGE_BYTES (", "FLASH_BYTES (", "no storage bytes"),
    (S2DA, "board.py", "file_blocks = 288", "file_blocks = 388", "the image leaves 384"),
    (S2DA, "board.py", "journal_blocks = 64", "journal_blocks = 8", "16 each are the least"),
    # the front end
    (SMART, "board.py", '"a_b_mv": 10000,', "", "a_b_mv: "),
    (SMART, "board.py", '"hysteresis_mv": 200,', '"hysteresis_mv": 1300,', "overlap"),
    (KITC, "board.py", "limits = {}", 'limits = {"diode_mv": -11800}', "cannot be told from less"),
    (W5500, "board.py", "pilot_zero_mv = 1650", "pilot_zero_mv = 1653", "by board.md"),
    (W5500, "board.md", "Divider: 120000", "Divider: 110000", "by board.md, not 1650"),
    (S2DA, "board.md", "+9 V 2251", "+9 V 2281", "by board.md, not 1330"),
    (S2DA, "board.md", "Measured: ", "Seen: ", "no `Divider:` and no `Measured:`"),
    # the page
    (KITC, "board.md", "- ground: ", "- earth: ", "does not name ground"),
    (KITC, "board.md", "The interlock is external", "There is one", "does not say `inter"),
    (W5500, "board.md", "# W5500", "# W5501", "does not begin with"),
    (W5500, "board.md", "Status: ", "State: ", "no line `Status: `"),
    (W5500, "board.md", "## Sources", "## Origin", "no section Sources"),
    (W5500, "board.md", "| GPIO | Role |", "| Role | GPIO |", "Pins is headed"),
    (W5500, "board.md", "| 13 | buzzer |", "| 3 | buzzer |", "Pins lacks | 13 | buzzer |"),
    (W5500, "board.md", "| 13 | buzzer |", "| 3 | buzzer |", "Pins has | 3 | buzzer |"),
    (W5500, "board.md", "| RELAY | out | rest 0 |", "| RELAY | out | rest 1 |", "lacks | 6 |"),
    (W5500, "board.md", "| +6 V | 2400 mV |", "| +6 V | 2401 mV |", "lacks | CP | +6 V | 2400"),
    (W5500, "board.md", "680 ohm | 1336 mV", "680 ohm | 1335 mV", "lacks | PP | 20 A, 680 ohm"),
    (W5500, "board.md", "| the W5500 |", "|  |", "is empty"),
    (W5500, "board.md", "-- RELAY_AUX ", "-- AUX ", "Front end does not show RELAY_AUX"),
    (W5500, "board.md", "-- PP_SENSE ", "-- PROX ", "Front end does not show PP_SENSE"),
    (W5500, "board.md", "| CP | 0 V | 1650 mV |", "| CP | 0 V | 1650 mV |\n| CP | 0 V | 1650 mV |",
     "| CP | 0 V | 1650 mV | twice"),
    # the manifest
    (W5500, "manifest.py", 'module("board.py", opt=2)', "", "does not freeze board.py"),
    (W5500, "manifest.py", 'port="rp2"', 'port="esp32"', "does not freeze hal/rp2_base.py"),
    (W5500, "manifest.py", 'port="rp2"', 'port="esp32"', "freezes hal/esp32_base.py, which does"),
    (W5500, "manifest.py", 'include("../rp2/manifest.py")', "", "does not freeze main.py"),
    (W5500, "manifest.py", 'include("../rp2/manifest.py")', "", "extmod/asyncio of MicroPython"),
    (W5500, "manifest.py", "../rp2/", "../esp32/", "does not take $(PORT_DIR)/modules/rp2.py"),
    (W5500, "manifest.py", "opt=2)", 'opt=2)\nmodule("board.py")', "freezes board.py twice"),
    (W5500, "manifest.py", '("board.py"', '("board.py", base_path="../BENCH"', "BENCH/board.py"),
    (W5500, "manifest.py", "opt=2)", 'opt=2)\ninclude("$(MPY_DIR)/x")', "takes $(MPY_DIR)/x of"),
    (W5500, "manifest.py", "../../manifest", "../manifest", "FileNotFoundError"),
    (W5500, "manifest.py", "include(", "exclude(", "NameError"),
    ("rp2", "frozen/main.py", "firmware.start.run()", "pass", "does not run firmware.start"),
    ("rp2", "frozen/_boot.py", '"""Instead', 'import vfs\n"""Instead', "_boot.py: does something"),
]  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    into = tmp_path_factory.mktemp("boards")
    for room in ("boards", "firmware", "hal"):
        shutil.copytree(ROOT / room, into / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manifest.py", into)
    return into


@pytest.fixture
def replace(copy):
    """replace(file, old, new), until the end of the test."""
    before = {}

    def do(name, old, new):
        path = copy / name
        before[path] = path.read_text()
        assert old in before[path], f"{name} does not say {old}"
        path.write_text(before[path].replace(old, new))

    yield do
    for path, text in before.items():
        path.write_text(text)


def offences(root, board):
    return boards.offences(boards.Board(root / "boards" / board))


def said(root, capsys):
    status = boards.main([str(root)])
    return status, capsys.readouterr().out.splitlines()


def test_the_boards_keep_every_rule(copy, capsys):
    status, out = said(copy, capsys)
    assert status == 0 and out == [f"boards: {len(list(boards.boards(ROOT)))} boards, 0 offences"]


@pytest.mark.parametrize(
    ("board", "file", "old", "new", "why"), BREAKS, ids=[f"{b[0]}-{b[4][:40]}" for b in BREAKS]
)
def test_a_broken_rule_is_named(copy, replace, board, file, old, new, why):
    replace(f"boards/{board}/{file}", old, new)
    starts = SAT if "satellite" in file else W5500
    found = offences(copy, starts if board == "rp2" else board)
    assert [said for said in found if why in said], found


def test_an_offence_is_printed_with_its_board(copy, replace, capsys):
    replace(f"boards/{PICO}/board.py", '"buzzer": (13', '"buzzer": (12')
    status, out = said(copy, capsys)
    assert status == 1 and f"boards/{PICO}: GPIO12: residual_test and buzzer" in out


@pytest.mark.parametrize("name", ["firmware/evse/new.py", "hal/rp2_new.py", "hal/new.py"])
def test_what_is_new_ships_by_itself(copy, name):
    (copy / name).write_text('"""New."""\n')
    try:
        # A driver may be the satellite's too; hal/rp2_net.py and hal/meter are not.
        assert [offences(copy, board) for board in (PICO, SMART, SAT)] == [[], [], []]
    finally:
        (copy / name).unlink()


def test_what_the_root_manifest_forgets_is_found(copy, replace):
    replace("manifest.py", 'files_of("hal")', 'files_of("hal/meter")')
    assert "manifest.py: does not freeze hal/pilot.py" in offences(copy, PICO)


def test_metal_of_another_port_does_not_ship(copy, replace):
    replace("manifest.py", "if p != options.port", 'if p != options.port and p != "unix"')
    why = "manifest.py: freezes hal/unix.py, which does not ship on esp32"
    assert why in offences(copy, SMART)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("0x280000, 0x180000", "0x27f000, 0x180000", "evse begins inside"),
        ("0x280000, 0x180000", "0x280000, 0x181000", "more than the flash"),
        ("0x10000,  0x270000", "0x10000,  0x1f0000", "the image does not fit"),
        ("evse,     data", "vfs,      data", "the image leaves 0"),
    ],
)
def test_a_partition_table_is_proven(copy, replace, old, new, why):
    replace("boards/esp32/partitions-4MiB.csv", old, new)
    found = offences(copy, S2DA)
    assert [said for said in found if why in said], found


def test_no_board_at_all_is_an_error(tmp_path, capsys):
    assert said(tmp_path, capsys) == (1, ["boards: 0 boards, 0 offences"])


def test_the_tables_of_a_page_can_be_printed(capsys):
    assert boards.main(["--table", W5500]) == 0
    out = capsys.readouterr().out
    assert "| 6 | contactor | RELAY | out | rest 0 |\n" in out
    assert "| CP | -12 V | 150 mV |\n" in out
    assert "| PP | 13 A, 1500 ohm | 1980 mV |\n" in out


def has(board, role):
    return "yes" if role in board.pins else "no"


def test_the_table_of_the_documentation_tells_what_each_board_has():
    told = {}
    for line in (ROOT / "docs/hardware.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").replace("**", "").split("|")]
        if line.startswith("| [") and len(cells) == 12:
            told[cells[0][1:].split("]")[0]] = cells[3:9] + [cells[11]]
    for board in boards.boards(ROOT):
        facts, lock = board.facts, "yes" if board.facts["socket"] else "-"
        outlet = "socket" if facts["socket"] else "cable"
        parts = [
            f"{has(board, 'residual_trip')} / {has(board, 'residual_test')}",
            has(board, "feedback"),
            has(board, "ground"),
            has(board, "temperature_sense"),
            lock,
        ]
        assert told.pop(board.name) == [
            f"{outlet}, {facts['phases']} x {facts['max_ma'] // 1000} A",
            *({"remote": ["satellite"] * 5, "rapi": ["OpenEVSE"] * 5}.get(board.kernel, parts)),
            "yes" if facts["slot_blocks"] else "no",
        ]
    assert not told


def test_a_line_through_what_was_measured():
    """Least squares by hand: the points of y = 1000 + x / 10 and one 8 mV off at the end."""
    zero, ppm = board_parts.line_through([("+0", "1000"), ("+3", "1300"), ("+6", "1608")])
    assert (round(zero, 3), round(ppm)) == (998.667, 101333)
