"""PICO_W_EVSE: the carrier of W5500_EVB_PICO_EVSE for a Raspberry Pi Pico W: Wi-Fi in place of
Ethernet, and the pins that this frees: a push button, a blue lamp. Literals only.
"""

NAME = "PICO_W_EVSE"
PORT = "rp2"
CHIP = "rp2040"

connectors = 1
socket = True            # type 2 socket with lock; False: tethered cable
max_ma = 32000           # rating of contactor, wiring and socket
phases = 3
ventilation = False      # state D is refused (IEC 61851-1 table A.1)

meter = "SDM630"
meter_units = (1,)
reader = "pn532"
shared_reader = False

file_blocks = 144        # of 4 KiB at the beginning of 848 KiB of storage (212): LittleFS
journal_blocks = 48      # behind them: what is billed, raw
slot_blocks = 0          # no second tree: 2 MiB hold one image and its storage
event_blocks = 4
security_blocks = 8

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
    "button": (21, "BUTTON", "in", 0),
    "unlock": (16, "UNLOCK", "in", 0),
    "led_red": (14, "LED_R", "out", 0),
    "led_green": (15, "LED_G", "out", 0),
    "led_blue": (20, "LED_B", "out", 0),
    "buzzer": (13, "BUZZER", "out", 0),
    "meter_tx": (4, "RS485_TX", "uart", None),
    "meter_rx": (5, "RS485_RX", "uart", None),
    "meter_direction": (10, "RS485_DIR", "out", 0),
    "reader_tx": (0, "RFID_TX", "uart", None),
    "reader_rx": (1, "RFID_RX", "uart", None),
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

meter_uart = (1, 9600)   # (UART, baud)
reader_uart = (0, 115200)
network = "wifi"
network_facts = {}
