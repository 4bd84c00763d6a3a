# needs: ffi
"""The pin-likes of the unix port over a file of wires. Only MicroPython has ffi and uctypes."""

import sys

from tests.skip import Skip

if sys.implementation.name != "micropython":
    raise Skip("the wires of the unix port need MicroPython's ffi")

import os
import struct

import micropython

from hal.pilot import Pilot
from hal.proximity import OPEN_OHM, Proximity
from hal.thermometer import MCP9700A, Thermometer
from hal.unix_wires import (
    PULL_UP_OHM,
    SUPPLY_MV,
    WireDivider,
    WireMCP9700A,
    WirePin,
    WirePWM,
    WireSampler,
    map_wires,
)

MAGIC = 0x45565345
AT = 40


def wires(magic=MAGIC):
    path = (os.getenv("TMPDIR") or "/tmp") + "/evse-wires.test"
    with open(path, "wb") as file:
        file.write(struct.pack("<i", magic) + bytes(4092))
    try:
        return map_wires(path)
    finally:
        os.remove(path)


def test_what_is_no_wires_file_is_refused():
    for call in (lambda: wires(7), lambda: map_wires("/nowhere/wires")):
        try:
            call()
        except OSError:
            continue
        raise AssertionError("no error")


def test_pins_keep_to_their_slot_and_bit():
    slot = wires()
    whole, a, b = WirePin(slot, AT), WirePin(slot, AT + 1, 0), WirePin(slot, AT + 1, 1)
    whole.value(5)
    a.value(1)
    b.value(1)
    a.value(0)
    assert (whole.value(), a.value(), b.value()) == (1, 0, 1)
    assert [slot[AT + i] for i in (-1, 0, 1, 2)] == [0, 1, 2, 0]


def test_duty_arrives_as_it_was_driven():
    """All of 0..10000 through the 16-bit duty register."""
    slot = wires()
    pilot = Pilot(WirePWM(slot, AT), WireSampler(slot, AT + 1))
    for duty in range(10001):
        pilot.drive(duty)
        assert slot[AT] == duty


def test_analogue_values_arrive_through_their_drivers():
    slot = wires()
    proximity = Proximity(WireDivider(slot, AT), PULL_UP_OHM, SUPPLY_MV)
    for ohm in (100, 220, 680, 1500):
        slot[AT] = ohm
        assert abs(proximity.read_ohm() - ohm) * 100 <= ohm, ohm
    slot[AT] = 1000000
    assert proximity.read_ohm() == OPEN_OHM
    thermometer = Thermometer(WireMCP9700A(slot, AT), MCP9700A)
    for dc in (-100, 0, 250, 850):
        slot[AT] = dc
        assert thermometer.read_dc() == dc


def test_the_kernel_side_allocates_nothing():
    """It may run in a hard interrupt on a board: the same code must do without the heap here."""
    slot = wires()
    slot[AT + 1], slot[AT + 2] = 5996, -12000
    pilot = Pilot(WirePWM(slot, AT), WireSampler(slot, AT + 1))
    coil, motor = WirePin(slot, AT + 3), WirePin(slot, AT + 4, 1)
    micropython.heap_lock()
    try:
        pilot.sample()
        pilot.drive(2667)
        coil.value(1)
        motor.value(1)
        seen = coil.value() + motor.value()
    finally:
        micropython.heap_unlock()
    assert (pilot.high_mv, pilot.low_mv, slot[AT], seen) == (5996, -12000, 2667, 2)
