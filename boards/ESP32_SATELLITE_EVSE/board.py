"""ESP32_SATELLITE_EVSE: an ESP32-S3 with Wi-Fi whose contactor belongs to a satellite
(PICO_SATELLITE) at the other end of a UART: docs/remote.md. It has the meter, the reader and the
backend. Literals only.
"""

NAME = "ESP32_SATELLITE_EVSE"
PORT = "esp32"
CHIP = "esp32s3"
kernel = "remote"        # pilot, detector, lock and contactor are the satellite's

connectors = 1
socket = True            # as the satellite's board says
max_ma = 32000           # may be less than the satellite's rating, which it is told
phases = 3
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
    "link_tx": (17, "LINK_TX", "uart", None),
    "link_rx": (18, "LINK_RX", "uart", None),
    "meter_tx": (4, "RS485_TX", "uart", None),
    "meter_rx": (5, "RS485_RX", "uart", None),
    "meter_direction": (6, "RS485_DIR", "out", 0),
    "reader_tx": (15, "RFID_TX", "uart", None),
    "reader_rx": (16, "RFID_RX", "uart", None),
    "button": (0, "BOOT", "in", 0),
    "led_red": (10, "LED_R", "out", 0),
    "led_green": (11, "LED_G", "out", 0),
    "led_blue": (12, "LED_B", "out", 0),
}

limits = {}              # the satellite judges; these would be the session's alone

link_uart = (0, 115200)  # (UART, baud); the console is USB
meter_uart = (1, 9600)
reader_uart = (2, 115200)
network = "wifi"
network_facts = {}
