"""TEMPLATE: copy this folder, give it your board's name, change what differs. As it stands it is
the least that charges: a Raspberry Pi Pico, a W5500 breakout, a tethered cable, no reader. The
words are explained here; docs/hardware.md leads through the rest. Literals only.
"""

NAME = "TEMPLATE"        # the folder's name, 24 characters at most; update packages carry it
PORT = "rp2"             # "rp2" or "esp32": which hal/ file drives it
CHIP = "rp2040"          # a chip of tools/chips.py: what its pins can do

connectors = 1
socket = False           # True: type 2 socket; needs lock_a, lock_b and proximity_sense
max_ma = 16000           # the least of contactor, wiring and cable; never more
phases = 1
ventilation = False      # True only where state D may charge (IEC 61851-1 table A.1)

meter = "SDM230"         # a name of hal/meter/: Eastron, ABB, Carlo Gavazzi
meter_units = (1,)       # Modbus address for each connector
reader = None            # "pn532", and then reader_uart and its two pins
shared_reader = False

file_blocks = 176        # of 4 KiB at the beginning of 1 MiB of storage (256): LittleFS
journal_blocks = 64      # behind them: what is billed, raw
slot_blocks = 0          # each of two slots for an update; 0: updates are not taken
event_blocks = 4
security_blocks = 8

pins = {  # role: (GPIO, net, kind, rest level of an output | active level of an input)
    "pilot": (2, "CP_PWM", "out", 1),             # rest 1: +12 V, nothing offered
    "pilot_sense": (26, "CP_SENSE", "analog", None),
    "contactor": (6, "RELAY", "out", 0),          # rest 0: open, also while the chip is in reset
    "feedback": (11, "RELAY_AUX", "in", 0),       # active: the main contacts are closed
    "residual_trip": (7, "RCM_FAULT", "in", 1),   # active: tripped
    "residual_test": (12, "RCM_TEST", "out", 0),
    "led_green": (15, "LED_G", "out", 0),
    "meter_tx": (4, "RS485_TX", "uart", None),
    "meter_rx": (5, "RS485_RX", "uart", None),
    "meter_direction": (10, "RS485_DIR", "out", 0),
    "net_miso": (16, "W5500_MISO", "spi", None),
    "net_cs": (17, "W5500_CS", "out", 1),
    "net_sck": (18, "W5500_SCK", "spi", None),
    "net_mosi": (19, "W5500_MOSI", "spi", None),
    "net_reset": (20, "W5500_RST", "out", 1),
}

# Pilot: 120 kohm from CP, 30 kohm to 3.3 V, 40 kohm to 0 V, conductances 1 : 4 : 3, so that
# ADC = (CP + 4 * 3300) / 8 mV.
# +12 V 3150, +9 V 2775, +6 V 2400, +3 V 2025, 0 V 1650, -12 V 150 mV.
pilot_zero_mv = 1650     # 4 * 3300 / 8: what the ADC sees with the pilot at 0 V
pilot_gain_ppm = 125000  # 1 / 8: ADC millivolts for a pilot millivolt, millionths
limits = {}              # names of firmware/evse/limit.py that must differ here

supply_mv = 3300         # proximity: this, over proximity_pull_up_ohm, over the plug's resistor
proximity_pull_up_ohm = 1000
temperature = None       # "MCP9700A", and then temperature_sense

meter_uart = (1, 9600)   # (UART, baud)
reader_uart = None
network = "w5500"        # "wifi", "lan8720", "ppp"
network_facts = {"spi": 0, "hz": 20000000}
