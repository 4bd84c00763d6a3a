"""The network of an RP2040 board: PPP over a UART, a W5500 behind SPI, or the Wi-Fi of a Pico W.

Comes up by itself and comes back by itself; asking whether it is up waits for nothing. Bringing a
W5500 up holds the loop for 0.4 s, once, before any connection (its reset and MicroPython's own
delays); the kernel goes on in its interrupt.
Boundary: an interface with an address. No socket, no name, no protocol above IP.
"""

import asyncio
import errno

import machine
import network
from machine import Pin
from micropython import const

_BEAT_MS = const(5)  # how long PPP's bytes may wait: 460 at 921600 baud
_COMING_MS = const(3000)  # PPP needs 0.2 s, Wi-Fi and DHCP some seconds
_LOOK_MS = const(50)
_PATIENCE_MS = const(20000)  # down for so long it begins anew,
_UNANSWERED = const(3)  # or after so many tries in a row that nobody answered
_NOWHERE = "0.0.0.0"
_RX_BUFFER = const(4096)
_TX_BUFFER = const(2048)


def _has_address(nic):
    return nic.ifconfig()[0] != _NOWHERE


class Interface:
    """What a network can be asked for; each kind says how."""

    beat_ms = 250  # how often poll() is called

    def up(self) -> bool:
        raise NotImplementedError

    def begin(self) -> None:
        raise NotImplementedError

    def end(self) -> None:
        """Before it begins anew."""

    def poll(self) -> None:
        """Interrupts and lwIP's timer do it."""


class Ppp(Interface):
    """A modem or a host on a UART. MicroPython says connected before there is an address."""

    beat_ms = _BEAT_MS

    def __init__(self, pins, facts, provisioning):
        uart = machine.UART(facts["uart"], facts["baud"], tx=Pin(pins["net_tx"][0]),
                            rx=Pin(pins["net_rx"][0]), rxbuf=_RX_BUFFER, txbuf=_TX_BUFFER)
        self._nic = network.PPP(uart)

    def up(self):
        return self._nic.isconnected() and _has_address(self._nic)

    def begin(self):
        if not self._nic.isconnected():
            self._nic.connect()

    def end(self):
        """Whatever state it is in: the next begin() starts with a new one."""
        self._nic.disconnect()

    def poll(self):
        self._nic.poll()


class W5500(Interface):
    """The cable may come and go; DHCP runs by itself."""

    def __init__(self, pins, facts, provisioning):
        spi = machine.SPI(facts["spi"], facts["hz"], sck=Pin(pins["net_sck"][0]),
                          mosi=Pin(pins["net_mosi"][0]), miso=Pin(pins["net_miso"][0]))
        self._nic = network.WIZNET5K(  # type: ignore[attr-defined]
            spi, Pin(pins["net_cs"][0]), Pin(pins["net_reset"][0]))

    def up(self):
        return self._nic.isconnected()

    def begin(self):
        if not self._nic.active():
            self._nic.active(True)


class Wifi(Interface):
    """`provisioning["wifi"]`: ssid and key."""

    def __init__(self, pins, facts, provisioning):
        given = provisioning.get("wifi")
        if not given:
            raise ValueError("no wifi in the provisioning")
        self._ssid = given["ssid"]
        self._key = given.get("key")
        self._nic = network.WLAN(network.STA_IF)

    def up(self):
        return self._nic.isconnected() and _has_address(self._nic)

    def begin(self):
        self._nic.active(True)
        self._nic.connect(self._ssid, self._key)

    def end(self):
        self._nic.disconnect()


_KINDS = {"ppp": Ppp, "w5500": W5500, "wifi": Wifi}


class Network:
    """run() brings it up, and anew what has died without saying so."""

    def __init__(self, board, provisioning):
        if board.network not in _KINDS:
            raise ValueError("no network %s on this chip" % board.network)
        self._nic: Interface = _KINDS[board.network](board.pins, board.network_facts, provisioning)
        self._unanswered = 0
        self.error = None  # the last one, for the console

    def up(self):
        """There is an address, now."""
        return self._nic.up()

    async def waited(self):
        """Until it is up; OSError when it takes long. The first connection brings it up."""
        left_ms = _COMING_MS
        while not self._nic.up():
            if left_ms <= 0:
                raise OSError(errno.EHOSTUNREACH)
            await asyncio.sleep_ms(_LOOK_MS)
            left_ms -= _LOOK_MS

    def answered(self, somebody):
        """Whoever tried to connect tells: did anybody answer, if only to refuse?"""
        self._unanswered = 0 if somebody else self._unanswered + 1

    async def run(self):
        """For ever."""
        nic = self._nic
        while True:
            try:
                nic.begin()
            except OSError as error:
                self.error = error
            down_ms = 0
            while down_ms < _PATIENCE_MS and self._unanswered < _UNANSWERED:
                nic.poll()
                await asyncio.sleep_ms(nic.beat_ms)
                down_ms = 0 if nic.up() else down_ms + nic.beat_ms
            self._unanswered = 0
            nic.end()
