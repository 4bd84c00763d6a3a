"""OPENEVSE_GATEWAY: a WT32-ETH01 (ESP32, LAN8720) that makes a charge point of an OpenEVSE v5.5 or
v6: its own controller is the kernel, and is spoken to by RAPI (docs/remote.md). Literals only.
"""

NAME = "OPENEVSE_GATEWAY"
PORT = "esp32"
CHIP = "esp32"
kernel = "rapi"          # pilot, detector and contactor are OpenEVSE's controller's

connectors = 1
socket = False           # tethered cable: RAPI proves no lock
max_ma = 32000           # rating of contactor, wiring and cable; its own setting may be lower
phases = 1
ventilation = False      # state D is a fault of the controller

meter = "SDM230"         # the controller's own energy is no meter for a bill
meter_units = (1,)
reader = None            # RemoteStart; no UART is left
shared_reader = False

file_blocks = 288        # of 4 KiB at the beginning of the partition "evse" (384): LittleFS
journal_blocks = 64      # behind them: what is billed, raw
slot_blocks = 0          # no second tree
event_blocks = 4
security_blocks = 8

pins = {  # role: (GPIO, net, kind, rest level of an output | active level of an input)
    "link_tx": (17, "TXD", "uart", None),
    "link_rx": (5, "RXD", "uart", None),
    "meter_tx": (32, "RS485_TX", "uart", None),
    "meter_rx": (35, "RS485_RX", "uart", None),
    "meter_direction": (33, "RS485_DIR", "out", 0),
    "button": (4, "BUTTON", "in", 0),
    "led_blue": (12, "LED", "out", 0),
    "net_mdc": (23, "MDC", "clock", None),
    "net_mdio": (18, "MDIO", "clock", None),
    "net_clock": (0, "CLK", "clock", None),
    "net_power": (16, "OSC_EN", "out", 0),
}

limits = {}

link_uart = (2, 115200)  # (UART, baud); UART0 is the console
meter_uart = (1, 9600)
reader_uart = None
network = "lan8720"
network_facts = {"phy_address": 1}
