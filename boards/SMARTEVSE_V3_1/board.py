"""SMARTEVSE_V3_1: SmartEVSE v3.1, an ESP32-MINI-1 with its flash inside (U4WDH). It cannot see a
welded contactor and drives the coil through a solid-state relay: read board.md before use.
Literals only.
"""

NAME = "SMARTEVSE_V3_1"
PORT = "esp32"
CHIP = "esp32u4wdh"

connectors = 1
socket = True            # type 2 socket with lock; False: tethered cable
max_ma = 32000           # rating of contactor, wiring and socket
phases = 3
ventilation = False      # state D is refused (IEC 61851-1 table A.1)

meter = "SDM630"
meter_units = (1,)
reader = None            # the maker's is 1-wire: no driver here yet
shared_reader = False

file_blocks = 288        # of 4 KiB at the beginning of the partition "evse" (384): LittleFS
journal_blocks = 64      # behind them: what is billed, raw
slot_blocks = 0          # no second tree
event_blocks = 4
security_blocks = 8

pins = {  # role: (GPIO, net, kind, rest level of an output | active level of an input)
    "pilot": (19, "CP_OUT", "out", 1),
    "pilot_cut": (15, "CP_OFF", "out", 1),
    "pilot_sense": (39, "CP_IN", "analog", None),
    "contactor": (32, "SSR1", "out", 0),
    "contactor_2": (27, "SSR2", "out", 0),
    "residual_trip": (38, "RCM_FAULT", "in", 1),
    "lock_a": (9, "ACTB", "out", 1),
    "lock_b": (10, "ACTA", "out", 1),
    "lock_feedback": (35, "LOCK_IN", "in", 1),
    "proximity_sense": (34, "PP_IN", "analog", None),
    "temperature_sense": (36, "TEMP", "analog", None),
    "button": (0, "BUTTON1", "in", 0),
    "led_red": (2, "LEDR", "out", 0),
    "led_green": (4, "LEDG", "out", 0),
    "led_blue": (12, "LEDB", "out", 0),
    "buzzer": (18, "BUZZER", "out", 0),
    "meter_tx": (21, "RS485_TX", "uart", None),
    "meter_rx": (37, "RS485_RX", "uart", None),
    "meter_direction": (22, "RS485_DIR", "out", 0),
    "reader_wire": (23, "SW_IN", "wire", None),
}

# Pilot: 40.2 kohm from CP (behind a follower), 10 kohm to 3.3 V, 15 kohm to 0 V: the gain is
# (1/40.2) / (1/40.2 + 1/10 + 1/15) = 0.1299, and at 0 V 3300 * (1/10) / (the same sum) = 1723 mV.
# +12 V 3282, +9 V 2892, +6 V 2502, +3 V 2113, 0 V 1723, -12 V 164 mV.
pilot_zero_mv = 1723
pilot_gain_ppm = 129900
limits = {
    # The ADC ends between 3050 and 3100 mV, 10.2 to 10.6 V at the pilot: A must begin below.
    # Entered above 10.2 V (3048 mV), left below 9.8 V; B is 8 to 10 V, and 9 V with a car.
    "a_b_mv": 10000,
    "hysteresis_mv": 200,
}

# Proximity: the plug's resistor R to PE under 1 kohm to 3.3 V: 3300 * R / (1000 + R) mV.
# 63 A (100) 300, 32 A (220) 595, 20 A (680) 1336, 13 A (1500) 1980, open 3300 mV.
supply_mv = 3300
proximity_pull_up_ohm = 1000
temperature = "MCP9700A"  # 500 mV at 0 C, 10 mV/K

meter_uart = (1, 9600)   # (UART, baud); UART0 is the console
reader_uart = None
network = "wifi"
network_facts = {}
