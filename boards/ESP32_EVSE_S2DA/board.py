"""ESP32_EVSE_S2DA: ESP32-S2-DA of esp32-evse. Socket with lock, residual-current input with test;
no sight of the contactor. Only with the custom image, since its lock is on the pins of USB:
read board.md before use. Literals only.
"""

NAME = "ESP32_EVSE_S2DA"
PORT = "esp32"
CHIP = "esp32s2"

connectors = 1
socket = True            # type 2 socket with lock; False: tethered cable
max_ma = 32000           # rating of contactor, wiring and socket
phases = 3
ventilation = False      # state D is refused (IEC 61851-1 table A.1)

meter = "SDM630"
meter_units = (1,)
reader = None            # UART0 is the console and this chip has two
shared_reader = False

file_blocks = 288        # of 4 KiB at the beginning of the partition "evse" (384): LittleFS
journal_blocks = 64      # behind them: what is billed, raw
slot_blocks = 0          # no second tree
event_blocks = 4
security_blocks = 8

pins = {  # role: (GPIO, net, kind, rest level of an output | active level of an input)
    "pilot": (33, "PILOT", "out", 1),
    "pilot_sense": (4, "PILOT_ADC", "analog", None),
    "contactor": (21, "AC_RELAY", "out", 0),
    "residual_trip": (41, "RCM", "in", 1),
    "residual_test": (26, "RCM_TEST", "out", 0),
    "lock_a": (20, "LOCK_A", "out", 1),
    "lock_b": (19, "LOCK_B", "out", 1),
    "lock_feedback": (34, "LOCK_DETECT", "in", 0),
    "proximity_sense": (3, "PROXIMITY", "analog", None),
    "button": (0, "BUTTON", "in", 0),
    "led_red": (37, "LED_ERROR", "out", 0),
    "led_green": (36, "LED_CHARGING", "out", 0),
    "led_blue": (35, "LED_WIFI", "out", 0),
    "meter_tx": (38, "RS485_TXD", "uart", None),
    "meter_rx": (40, "RS485_RXD", "uart", None),
    "meter_direction": (39, "RS485_RTS", "out", 0),
}

# Pilot: the divider is not published. A line through the four points its author measured, +12 V
# 2560, +9 V 2251, +6 V 1948, +3 V 1636 mV, is ADC = 1330 + 0.1025 * CP; his edges lie on it too.
# +12 V 2560, +9 V 2253, +6 V 1945, +3 V 1638, 0 V 1330, -12 V 100 mV (the ADC shows about 140).
pilot_zero_mv = 1330
pilot_gain_ppm = 102500
limits = {
    "lock_try_ms": 2500,  # 600 ms of motor, and the position contact is sure one second later
}

# Proximity: the plug's resistor R to PE under 1 kohm to 3.3 V: 3300 * R / (1000 + R) mV.
# 63 A (100) 300, 32 A (220) 595, 20 A (680) 1336, 13 A (1500) 1980, open 3300 mV.
supply_mv = 3300
proximity_pull_up_ohm = 1000
temperature = None       # DS18B20 on 1-wire: no driver here

meter_uart = (1, 9600)   # (UART, baud); UART0 is the console
reader_uart = None
network = "wifi"
network_facts = {}
