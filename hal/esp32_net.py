"""The network of an ESP32: Wi-Fi, the chip's own Ethernet MAC with a LAN8720, or a W5500.

Comes up by itself and again after every loss; asking whether it is up never waits. Names are
looked up in a thread: lwIP waits for an answer, but lets go of the interpreter meanwhile
(modsocket.c), so that the safety task goes on.
Boundary: no socket is opened here but by the name resolver of lwIP.
"""

import _thread
import asyncio
import socket
import time

import machine
import network
from micropython import const

_AGAIN_MS = const(20000)  # a Wi-Fi that has not come up by then is asked anew
_BEAT_MS = const(20)


class Wifi:
    """A station. The driver reconnects by itself; what it has given up (a wrong password, an
    access point that was away for long) is asked for again here."""

    def __init__(self, ssid, key):
        self._ssid = ssid
        self._key = key
        self._nic = network.WLAN(network.STA_IF)
        self._nic.active(True)
        # No power saving: it delays what arrives by a beacon interval and more.
        self._nic.config(pm=network.WLAN.PM_NONE)
        self._ask()

    def up(self):
        """Is there an address."""
        if self._nic.isconnected():
            return True
        if time.ticks_diff(time.ticks_ms(), self._asked) >= _AGAIN_MS:
            self._nic.disconnect()
            self._ask()
        return False

    def _ask(self):
        self._asked = time.ticks_ms()
        self._nic.connect(self._ssid, self._key)


class Ethernet:
    """A cable: the driver follows it, the address comes by DHCP."""

    def __init__(self, nic):
        self._nic = nic
        nic.active(True)

    def up(self):
        return self._nic.isconnected()


def bring_up(board, wifi):
    """The network of `board`, None where it has none. `wifi`: {"ssid", "key"} of provisioning."""
    if board.network is None:
        return None
    if board.network == "wifi":
        if not wifi:
            raise ValueError('provisioning: "wifi" with "ssid" and "key" is missing')
        return Wifi(wifi["ssid"], wifi.get("key"))
    if board.network == "lan8720":
        return Ethernet(_lan8720(board))
    if board.network == "w5500":
        return Ethernet(_w5500(board))
    raise ValueError("no such network on this port: " + board.network)


def _pin(board, role):
    return machine.Pin(board.pins[role][0]) if role in board.pins else None


def _lan8720(board):
    """network_facts: "phy_address", and "clock_out" where this chip makes the 50 MHz clock."""
    facts = board.network_facts
    mode = machine.Pin.OUT if facts.get("clock_out") else machine.Pin.IN
    return network.LAN(  # type: ignore[call-arg]
        0,
        mdc=_pin(board, "net_mdc"),
        mdio=_pin(board, "net_mdio"),
        power=_pin(board, "net_power"),
        phy_type=network.PHY_LAN8720,
        phy_addr=facts["phy_address"],
        ref_clk=_pin(board, "net_clock"),
        ref_clk_mode=mode,
    )


def _w5500(board):
    """network_facts: "spi", "hz". The driver behind it is IDF's: it needs the interrupt pin."""
    facts = board.network_facts
    spi = machine.SPI(
        facts["spi"],
        baudrate=facts["hz"],
        sck=_pin(board, "net_sck"),
        mosi=_pin(board, "net_mosi"),
        miso=_pin(board, "net_miso"),
    )
    return network.LAN(  # type: ignore[call-arg]
        0,
        spi=spi,
        cs=_pin(board, "net_cs"),
        int=_pin(board, "net_irq"),
        reset=_pin(board, "net_reset"),
        phy_type=network.PHY_W5500,
        phy_addr=0,
    )


class Resolver:
    """Names to addresses, one at a time: each look-up has a thread, and that its stack."""

    def __init__(self):
        self._busy = False

    async def find(self, name):
        """The IPv4 address of `name` as text."""
        if name.replace(".", "").isdigit():
            return name
        while self._busy:
            await asyncio.sleep_ms(_BEAT_MS)
        self._busy = True
        answer = []
        try:
            _thread.start_new_thread(self._ask, (name, answer))
        except Exception:  # no memory for its stack: OSError, or MemoryError
            self._busy = False
            raise
        while not answer:
            await asyncio.sleep_ms(_BEAT_MS)
        if isinstance(answer[0], Exception):
            raise answer[0]
        return answer[0]

    def _ask(self, name, answer):
        """In the thread. Whoever waited may be gone; the next may ask when this is over."""
        try:
            answer.append(socket.getaddrinfo(name, 0)[0][-1][0])
        except Exception as error:
            answer.append(error)
        finally:
            self._busy = False
