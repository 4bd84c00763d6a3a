"""The ESP32 port: what the composition root takes from an ESP32, an S2 or an S3.

The safety task ticks every 10 ms and `beat` is None, because no interrupt of this port runs
Python while C runs: callbacks of timers and pins are queued and called between bytecodes, one
thread at a time (the GIL), so a TLS handshake delays a timer's tick exactly as it delays the
safety task's. How long that is says `stalls_ms`: tasks let such work wait for an open contactor.
The pilot's oscillator is hardware (LEDC) and goes on meanwhile.
Boundary: pins become drivers here; nothing here knows what a car, a card or a backend is.
"""

import errno
import json
import os
import time
import vfs

import machine
from micropython import const

from hal import link
from hal.button import Button
from hal.contactor import Contactor
from hal.esp32_base import PROVISIONING, Base, analog, input_pin, output
from hal.esp32_net import Resolver, bring_up
from hal.esp32_sampler import Quiet, Sampler
from hal.esp32_uart import open_uart
from hal.ground import Ground
from hal.lock import Lock
from hal.pilot import Pilot
from hal.proximity import Proximity
from hal.residual_current import ResidualCurrent
from hal.thermometer import MCP9700A, Thermometer

_PILOT_HZ = const(1000)
_REST_DUTY = const(65535)  # steady +12 V
_MILLION = const(1000000)
# Beyond this the converter may be saturated. Where calibrated readings end with 11 dB depends on
# the chip's reference: from 3060 mV on at the first ESP32, 2600 at the S2, 3100 at the S3 (IDF's
# tables, not verified). The SmartEVSE, whose +12 V are 3281 mV, tells A from 3055 mV on.
_CLIP_MV = {"esp32s2": 2600, "esp32s3": 3100}
_CLIP_FIRST_MV = const(3050)
_A_B_MV = const(10500)  # the edge between A and B, and its hysteresis, where `limits` say
_HYSTERESIS_MV = const(400)  # nothing of them (firmware/evse/limit.py)
_LINK_RX_BUFFER = const(1024)  # of a line to a satellite: two seconds of it


class Oscillator:
    """PWM-like, and tells the sampler what to expect."""

    def __init__(self, pwm, sampler):
        self._pwm = pwm
        self._sampler = sampler

    def duty_u16(self, duty):
        self._pwm.duty_u16(duty)
        self._sampler.expect(duty)


class Connector:
    """The connector's drivers; None for what the board has not. Where the contactor belongs to
    another chip (`kernel` of board.py), only the button is left."""

    eye = None  # of a port with an interrupt

    def __init__(self, board):
        self.contactor = self.pilot = self.residual_current = self.ground = None
        self.button = self.thermometer = self.lock = self.proximity = None
        if "button" in board.pins:
            self.button = Button(input_pin(board, "button"), board.pins["button"][3])
        if getattr(board, "kernel", "local") == "local":
            self._own(board)

    def _own(self, board):
        self.contactor = _contactor(board)  # first: constructing it opens it
        self.pilot = _pilot(board)
        self.residual_current = _residual_current(board)
        if "ground" in board.pins:
            self.ground = Ground(input_pin(board, "ground"), board.pins["ground"][3])
        if board.temperature == "MCP9700A":
            self.thermometer = Thermometer(Quiet(analog(board, "temperature_sense")), MCP9700A)
        if board.socket:
            self.lock = _lock(board)
            adc = Quiet(analog(board, "proximity_sense"))
            self.proximity = Proximity(adc, board.proximity_pull_up_ohm, board.supply_mv)


class Port(Base):
    """Everything the composition root takes from this port."""

    beat = None
    # The longest known time in which nothing of ours runs: the key exchange and the proofs of a
    # TLS handshake, about 1.2 s (micropython-esp32 issue 131), and the margin of a guess. An
    # estimate: no hardware has been measured.
    stalls_ms = 1500

    def __init__(self, board):
        super().__init__(board)
        if board.connectors != 1:
            raise ValueError("connectors: this port drives one")
        self.connectors = [Connector(board)]
        self.meter_uart = open_uart(board, board.meter_uart, "meter_")
        self._reader = open_uart(board, board.reader_uart, "reader_")
        line = getattr(board, "link_uart", None)
        self.link_uart = open_uart(board, line, "link_", _LINK_RX_BUFFER)
        self.unique_id = machine.unique_id()
        self.ticks_ms = time.ticks_ms
        self.files = None
        self._at = None
        self._facts = None
        self._network = None
        self._resolver = Resolver()

    def reader_uart(self, index):
        if self._reader is None:
            raise ValueError("this board has no UART for a reader")
        return self._reader

    def reader_inbox(self, index):
        """A board has no other way in for a card."""

    @property
    def provisioning(self):
        """The manufacturer's file. Asking for it mounts the file system and brings the network
        up, which may take some 100 ms: it is asked for before any contactor can close."""
        if self._facts is None:
            self.mount(self._board.file_blocks)
            self._facts = _facts(self._at + PROVISIONING)
            self._network = bring_up(self._board, self._facts.get("wifi"))
        return self._facts

    async def connect(self, host, port, tls_context=None, server_hostname=None):
        """A Link: TCP to host:port, with TLS over it when a context is given. OSError at once
        while there is no network."""
        proxy = self.provisioning.get("net")
        if self._network is None or not self._network.up():
            raise OSError(errno.EHOSTUNREACH, "no network")
        address = await self._resolver.find(proxy[0] if proxy else host)
        if proxy:
            return await link.connect(
                host, port, tls_context, server_hostname, (address, proxy[1])
            )
        return await link.connect(address, port, tls_context, server_hostname or host)

    def tls(self, files):
        """The TLS context of a wss link; `files`: paths of ca, cert, key."""
        return link.tls(files)

    def mount(self, count, at="/flash"):
        """Mounts LittleFS on the first blocks; formats only where no file system ever was."""
        if self.files is not None:
            return
        part = self.flash.part(0, count, [0, 0, 0])
        blocks = part.littlefs_blocks()
        if blocks is None:
            vfs.VfsLfs2.mkfs(part)
        elif blocks != count:
            raise OSError(
                "flash: a file system of %d blocks, this board's has %d; erase the "
                "partition to start anew" % (blocks, count)
            )
        vfs.mount(vfs.VfsLfs2(part), at)  # type: ignore[abstract]
        self.files, self._at = part, at

    def entropy(self, n):
        """The chip's generator: true random numbers while the radio is on, else pseudo-random
        ones from a true start (IDF, "Random Number Generation")."""
        return os.urandom(n)


def _facts(path):
    try:
        with open(path) as file:
            return json.load(file)
    except OSError as error:
        raise ValueError("no %s: this board is not provisioned (%s)" % (path, error))


def _contactor(board):
    second = output(board, "contactor_2")
    feedback = input_pin(board, "feedback")
    closed = board.pins["feedback"][3] if feedback is not None else 1
    active = 1 - board.pins["contactor"][3]
    return Contactor(
        output(board, "contactor"), feedback, second, coil_active=active, feedback_closed=closed
    )


def _pilot(board):
    """The oscillator at rest, +12 V, then the relay or switch in the pilot's line closed."""
    limits = board.limits
    edge_mv = limits.get("a_b_mv", _A_B_MV) + limits.get("hysteresis_mv", _HYSTERESIS_MV)
    seen_mv = board.pilot_zero_mv + edge_mv * board.pilot_gain_ppm // _MILLION
    clip_mv = _CLIP_MV.get(board.CHIP, _CLIP_FIRST_MV)
    if seen_mv > clip_mv:
        raise ValueError(
            "pilot: A begins at %d mV of the ADC, which reads to %d; lower a_b_mv"
            % (seen_mv, clip_mv)
        )
    sampler = Sampler(analog(board, "pilot_sense").read_uv, time)
    pin = output(board, "pilot")
    pwm = machine.PWM(pin, freq=_PILOT_HZ, duty_u16=_REST_DUTY)
    cut = output(board, "pilot_cut")
    if cut is not None:
        cut.value(1 - board.pins["pilot_cut"][3])
    num, den = _MILLION, board.pilot_gain_ppm
    while num > 100000:  # the products of hal/pilot.py are to stay small integers
        num, den = num // 10, (den + 5) // 10
    return Pilot(Oscillator(pwm, sampler), sampler, (num, den), board.pilot_zero_mv)


def _residual_current(board):
    trip = input_pin(board, "residual_trip")
    if trip is None:
        return None
    test = output(board, "residual_test")
    active = 1 - board.pins["residual_test"][3] if test is not None else 1
    return ResidualCurrent(trip, test, board.pins["residual_trip"][3], active)


def _lock(board):
    feedback = input_pin(board, "lock_feedback")
    locked = board.pins["lock_feedback"][3] if feedback is not None else 1
    return Lock(
        output(board, "lock_a"),
        output(board, "lock_b"),
        feedback,
        rest=board.pins["lock_a"][3],
        locked_level=locked,
    )
