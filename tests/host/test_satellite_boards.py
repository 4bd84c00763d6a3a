"""The boards whose contactor is another chip's, as boards/ has them, on the ESP32's port."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from firmware.evse.limit import Limit
from firmware.evse.rapi import RapiKernel
from hal.rapi import OpenEVSE
from tests.unit import fake_esp32 as fake
from tools.boards import Board

ROOT = Path(__file__).resolve().parents[2]
SATELLITE = "PICO_SATELLITE"


def literals(name):
    return Board(ROOT / "boards" / name)


def port_of(name):
    fake.hal()
    fake.chip.power_on()
    fake.chip.partitions = {"evse": 384}
    return fake.hal().Port(SimpleNamespace(**literals(name).facts))


@pytest.mark.parametrize(
    ("name", "number", "pins"),
    [("ESP32_SATELLITE_EVSE", 0, (17, 18)), ("OPENEVSE_GATEWAY", 2, (17, 5))],
)
def test_the_port_takes_the_board(name, number, pins):
    port = port_of(name)
    uart = fake.chip.uarts[number]
    assert uart.pins == pins and uart.baudrate == 115200
    assert port.link_uart.stream is uart and port.connectors[0].contactor is None


def test_the_gateway_speaks_rapi():
    port = port_of("OPENEVSE_GATEWAY")
    facts = literals("OPENEVSE_GATEWAY").facts
    limit = Limit(max_ma=facts["max_ma"], socket=facts["socket"], **facts["limits"])
    kernel = RapiKernel(OpenEVSE(port.link_uart), limit)
    kernel.tick(10)
    assert fake.chip.uarts[2].sent.startswith(b"$S")


def test_both_ends_are_one_charge_point():
    """Of what both say: the same outlet, the same line, and no rating above the satellite's."""
    here, there = literals("ESP32_SATELLITE_EVSE").facts, literals(SATELLITE).facts
    for word in ("socket", "phases", "ventilation", "connectors"):
        assert here[word] == there[word], word
    assert here["link_uart"][1] == there["link_uart"][1]
    assert here["max_ma"] <= there["max_ma"]


def test_the_satellite_has_the_safety_pins_of_the_reference_board():
    mine, its = literals(SATELLITE), literals("W5500_EVB_PICO_EVSE")
    shared = mine.pins.keys() - {"link_tx", "link_rx"}
    assert {role: mine.pins[role] for role in shared} == {role: its.pins[role] for role in shared}
    assert not {"meter_tx", "net_cs", "reader_tx"} & shared
    for word in ("pilot_zero_mv", "pilot_gain_ppm", "limits", "temperature", "max_ma"):
        assert mine.facts[word] == its.facts[word], word
