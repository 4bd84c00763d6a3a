"""ESP32_DEVKITC_EVSE: an ESP32-DevKitC on the carrier that esp32-evse describes. Tethered cable;
it has no residual-current input, no lock and no sight of the contactor: read board.md before
use. Literals only.
"""

NAME = "ESP32_DEVKITC_EVSE"
PORT = "esp32"
CHIP = "esp32"

connectors = 1
socket = False           # tethered cable: the carrier has no lock
max_ma = 32000           # rating of contactor, wiring and cable
phases = 1               # one relay output
ventilation = False      # state D is refused (IEC 61851-1 table A.1)

meter = "SDM630"
meter_units = (1,)
reader = "pn532"
shared_reader = False

file_blocks = 288        # of 4 KiB at the beginning of the partition "evse" (384): LittleFS
journal_blocks = 64      # behind them: what is billed, raw
slot_blocks = 0          # no second tree
event_blocks = 4
security_blocks = 8

pins = {  # role: (GPIO, net, kind, rest level of an output | active level of an input)
    "pilot": (27, "PILOT", "out", 1),
    "pilot_sense": (36, "PILOT_ADC", "analog", None),
    "contactor": (26, "AC_RELAY", "out", 0),
    "proximity_sense": (39, "PROXIMITY", "analog", None),
    "button": (0, "BUTTON", "in", 0),
    "led_red": (18, "LED_ERROR", "out", 0),
    "led_green": (19, "LED_CHARGING", "out", 0),
    "led_blue": (17, "LED_WIFI", "out", 0),
    "meter_tx": (25, "RS485_TXD", "uart", None),
    "meter_rx": (32, "RS485_RXD", "uart", None),
    "meter_direction": (33, "RS485_RTS", "out", 0),
    "reader_tx": (15, "UART_TXD", "uart", None),
    "reader_rx": (2, "UART_RXD", "uart", None),
}

# Pilot: the divider is not published. A line through the four points its author measured, +12 V
# 2560, +9 V 2251, +6 V 1948, +3 V 1636 mV, is ADC = 1330 + 0.1025 * CP; his edges lie on it too.
# +12 V 2560, +9 V 2253, +6 V 1945, +3 V 1638, 0 V 1330, -12 V 100 mV (the ADC shows about 140).
pilot_zero_mv = 1330
pilot_gain_ppm = 102500
limits = {}

# Proximity: the plug's resistor R to PE under 1 kohm to 3.3 V: 3300 * R / (1000 + R) mV.
# 63 A (100) 300, 32 A (220) 595, 20 A (680) 1336, 13 A (1500) 1980, open 3300 mV.
supply_mv = 3300
proximity_pull_up_ohm = 1000
temperature = None       # DS18B20 on 1-wire: no driver here

meter_uart = (1, 9600)   # (UART, baud); UART0 is the console
reader_uart = (2, 115200)
network = "wifi"
network_facts = {}
