"""PICO_SATELLITE: the safety kernel alone, on a Raspberry Pi Pico beside a charge point that is an
ESP32 (docs/remote.md). It has the safety pinout of W5500_EVB_PICO_EVSE and a UART to its charge
point; no network, no meter, no reader, nothing on flash. Literals only.
"""

NAME = "PICO_SATELLITE"
PORT = "rp2"
CHIP = "rp2040"
kernel = "local"         # with a link_uart: a satellite

connectors = 1
socket = True            # type 2 socket with lock; False: tethered cable
max_ma = 32000           # rating of contactor, wiring and socket
phases = 3
ventilation = False      # state D is refused (IEC 61851-1 table A.1)

meter = None             # what these say is the charge point's
meter_units = ()
reader = None
shared_reader = False

file_blocks = 0
journal_blocks = 0
slot_blocks = 0
event_blocks = 0
security_blocks = 0

pins = {  # role: (GPIO, net, kind, rest level of an output | active level of an input)
    "pilot": (2, "CP_PWM", "out", 1),
    "pilot_sense": (26, "CP_SENSE", "analog", None),
    "contactor": (6, "RELAY", "out", 0),
    "feedback": (11, "RELAY_AUX", "in", 0),
    "residual_trip": (7, "RCM_FAULT", "in", 1),
    "residual_test": (12, "RCM_TEST", "out", 0),
    "ground": (3, "PE_OK", "in", 1),
    "lock_a": (8, "LOCK_A", "out", 0),
    "lock_b": (9, "LOCK_B", "out", 0),
    "lock_feedback": (22, "LOCK_FB", "in", 1),
    "proximity_sense": (27, "PP_SENSE", "analog", None),
    "temperature_sense": (28, "TEMP", "analog", None),
    "link_tx": (0, "LINK_TX", "uart", None),
    "link_rx": (1, "LINK_RX", "uart", None),
}

# Pilot: 120 kohm from CP, 30 kohm to 3.3 V, 40 kohm to 0 V, conductances 1 : 4 : 3, so that
# ADC = (CP + 4 * 3300) / 8 mV.
# +12 V 3150, +9 V 2775, +6 V 2400, +3 V 2025, 0 V 1650, -12 V 150 mV.
pilot_zero_mv = 1650     # 4 * 3300 / 8
pilot_gain_ppm = 125000  # 1 / 8
limits = {}              # the edges of firmware/evse/limit.py fit this divider

# Proximity: the plug's resistor R to PE under 1 kohm to 3.3 V: 3300 * R / (1000 + R) mV.
# 63 A (100) 300, 32 A (220) 595, 20 A (680) 1336, 13 A (1500) 1980, open 3300 mV.
supply_mv = 3300
proximity_pull_up_ohm = 1000
temperature = "MCP9700A"  # 500 mV at 0 C, 10 mV/K

link_uart = (0, 115200)  # (UART, baud)
meter_uart = None
reader_uart = None
network = None
network_facts = {}
