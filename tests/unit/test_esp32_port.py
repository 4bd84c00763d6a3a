"""The whole port over a chip in RAM: drivers from a board's literals, files, UARTs, network."""

import sys

from tests.skip import Skip
from tests.unit import fake_esp32 as fake

fake.hal()
chip = fake.chip
Board = fake.Board
WIFI = '{"url": "ws://x", "cpid": "1", "wifi": {"ssid": "yard", "key": "secret"}}'


def make(board=None, power=True):
    """A port on a chip that was just switched on, and the world on its pins."""
    if power:
        chip.power_on()
        chip.partitions = {"evse": 384}
    else:
        chip.boot(3)
    board = board or Board()
    world = fake.World(board)
    return fake.hal().Port(board), world


def refused(*words, **facts):
    try:
        make(Board(**facts))
    except ValueError as error:
        for word in words:
            assert word in str(error), error
        return
    raise AssertionError("taken")


def without(*roles, **facts):
    board = Board(**facts)
    for role in roles:
        del board.pins[role]
    return board


def on_micropython():
    if sys.implementation.name != "micropython":
        raise Skip("asyncio.sleep_ms and LittleFS are MicroPython's")


def provision(port, text):
    port.mount(64)
    with open("/flash/provision.json", "w") as file:
        file.write(text)


# --- pins -------------------------------------------------------------------------------------


def test_no_output_but_the_pilot_leaves_its_rest():
    """Constructing the port closes nothing, moves nothing, and connects the pilot last."""
    make()
    board = Board()
    moved = [gpio for gpio, level in chip.order if level != rest_of(board, gpio)]
    assert moved == [board.pins["pilot_cut"][0]]
    assert chip.order[-1] == (board.pins["pilot_cut"][0], 0)
    assert chip.pwm[27] == {"freq": 1000, "duty": 65535}


def rest_of(board, gpio):
    return next(facts[3] for facts in board.pins.values() if facts[0] == gpio)


def test_the_pilot_in_millivolts():
    """What a car shows at each duty comes out of divider, converter and burst."""
    port, world = make()
    pilot = port.connectors[0].pilot
    for letter in "ABCDE":
        world.letter = letter
        pilot.drive(10000)
        pilot.sample()
        assert abs(pilot.high_mv - fake.CP_MV[letter]) < 20, letter
    world.letter = "C"
    for duty in (1000, 2667, 5333, 8920):
        pilot.drive(duty)
        pilot.sample()
        assert abs(pilot.high_mv - 6000) < 20 and abs(pilot.low_mv + 12000) < 20, duty
    pilot.drive(0)
    pilot.sample()
    assert abs(pilot.high_mv + 12000) < 20 and chip.pwm[27]["duty"] == 0


def test_a_pilot_that_clips_is_refused():
    """SmartEVSE: +12 V are 3281 mV. With the firmware's own edge a car that leaves would never be
    seen; with a lower one it is."""
    smart = {"pilot_zero_mv": 1723, "pilot_gain_ppm": 129900}
    refused("3138", "a_b_mv", **smart)
    port, world = make(Board(limits={"a_b_mv": 10000, "hysteresis_mv": 200}, **smart))
    pilot = port.connectors[0].pilot
    pilot.sample()
    assert 10200 < pilot.high_mv < 11000  # clipped, and yet A
    world.letter = "B"
    pilot.sample()
    assert abs(pilot.high_mv - 9000) < 20
    refused(
        "2600",
        CHIP="esp32s2",
        pilot_zero_mv=1650,
        pilot_gain_ppm=125000,
        pins=dict(
            Board().pins, pilot_sense=(4, "CP", "analog", None), pilot_cut=(45, "CUT", "out", 1)
        ),
    )


def test_analog_pins_are_checked():
    for role in ("pilot_sense", "temperature_sense", "proximity_sense"):
        refused("ADC1", pins=dict(Board().pins, **{role: (4, "NET", "analog", None)}))


def test_what_a_board_has_not_is_none():
    bare = without(
        "pilot_cut",
        "contactor_2",
        "feedback",
        "residual_trip",
        "residual_test",
        "ground",
        "lock_a",
        "lock_b",
        "lock_feedback",
        "proximity_sense",
        "button",
        "temperature_sense",
        socket=False,
        temperature=None,
        reader_uart=None,
    )
    port, _ = make(bare)
    parts = port.connectors[0]
    for name in ("residual_current", "ground", "lock", "proximity", "thermometer", "button"):
        assert getattr(parts, name) is None, name
    assert parts.contactor.closed() is None
    assert port.reader_inbox(0) is None and port.beat is None and port.stalls_ms > 0
    try:
        port.reader_uart(0)
    except ValueError:
        return
    raise AssertionError("a reader")


def test_both_coils_and_the_feedback():
    port, world = make()
    contactor = port.connectors[0].contactor
    assert contactor.closed() is False
    contactor.drive(True)
    assert (world.level("contactor"), world.level("contactor_2")) == (1, 1)
    assert contactor.closed() is True
    contactor.drive(False)
    assert (world.level("contactor"), world.level("contactor_2")) == (0, 0)


def test_an_inverted_coil():
    board = Board()
    board.pins["contactor"] = (26, "RELAY", "out", 1)
    board.pins["contactor_2"] = (16, "RELAY_2", "out", 1)
    port, world = make(board)
    assert world.level("contactor") == 1
    port.connectors[0].contactor.drive(True)
    assert world.level("contactor") == world.level("contactor_2") == 0


def test_detector_lock_and_analogue_parts():
    port, world = make()
    parts = port.connectors[0]
    assert not parts.residual_current.tripped()
    parts.residual_current.test(True)
    assert parts.residual_current.tripped()
    parts.residual_current.test(False)
    assert not parts.residual_current.tripped() and parts.ground.ok()
    parts.lock.drive(True)
    assert (world.level("lock_a"), world.level("lock_b")) == (1, 0)
    parts.lock.tick(600)
    assert (world.level("lock_a"), world.level("lock_b")) == (1, 1)  # it brakes at rest
    assert parts.lock.locked()
    parts.lock.drive(False)
    assert (world.level("lock_a"), world.level("lock_b")) == (0, 1)
    parts.lock.tick(600)
    assert not parts.lock.locked()
    world.ohm = 220
    assert abs(parts.proximity.read_ohm() - 220) < 2
    world.ohm = 1000000
    assert parts.proximity.read_ohm() > 4500
    assert parts.thermometer.read_dc() == 250
    assert not parts.button.pressed()
    chip.drives[0] = 0
    assert parts.button.pressed()


def test_one_connector():
    refused("connectors", connectors=2)


# --- UARTs ------------------------------------------------------------------------------------


def test_a_driver_sends_until_the_last_bit_is_out():
    """Then it listens: a meter may answer 3.5 characters later."""
    port, world = make()
    uart, timer = chip.uarts[1], chip.timers[1]
    assert uart.pins == (25, 32) and uart.baudrate == 9600
    assert world.level("meter_direction") == 0
    assert port.meter_uart.write(b"12345678") == 8
    assert world.level("meter_direction") == 1 and uart.sent == b"12345678"
    assert 8 * 11 * 1000 // 9600 < timer.period <= 8 * 11 * 1000 // 9600 + 2
    timer.callback(timer)  # a byte is still in the shift register
    assert world.level("meter_direction") == 1 and timer.period == 1
    uart.sending = False
    timer.callback(timer)
    assert world.level("meter_direction") == 0


def test_uarts_read_what_is_there():
    port, _ = make()
    for line, number in ((port.meter_uart, 1), (port.reader_uart(0), 2)):
        assert line.read(4) is None and line.any() == 0
        chip.uarts[number].inbox = b"abcdef"
        assert line.any() == 6
        assert line.read(4) == b"abcd" and line.read(4) == b"ef"
        assert line.stream is chip.uarts[number]


def test_a_line_without_a_driver_has_no_direction():
    board = without("meter_direction")
    port, _ = make(board)
    port.meter_uart.write(b"1")
    assert chip.uarts[1].sent == b"1" and not chip.timers


# --- files ------------------------------------------------------------------------------------


def test_formats_only_where_no_file_system_ever_was():
    if sys.implementation.name == "micropython":
        raise Skip("seen on LittleFS itself, below")
    port, _ = make()
    port.mount(64)
    port.mount(64)  # once for provisioning, once for the stores
    assert chip.looks == ["mkfs 64", "mount 64 /flash"]
    del chip.looks[:]
    port, _ = make(power=False)
    port.mount(64)
    assert chip.looks == ["mount 64 /flash"] and port.files.ioctl(4, 0) == 64


def test_files_survive_and_count():
    on_micropython()
    port, _ = make()
    port.mount(64)
    with open("/flash/note", "w") as file:
        file.write("kept")
    assert port.files.wear()[0] > 0 and port.files.wear() == port.flash.wear()
    port, _ = make(power=False)
    port.mount(64)
    with open("/flash/note") as file:
        assert file.read() == "kept"
    assert port.files.wear()[0] == 0  # mounted, not made anew


def test_a_file_system_of_another_size_is_not_made_anew():
    port, _ = make()
    port.mount(64)
    before = {block: bytes(chip.flash[block]) for block in chip.flash}
    port, _ = make(Board(file_blocks=32), power=False)
    try:
        port.mount(32)
        raise AssertionError("mounted")
    except OSError as error:
        assert "64" in str(error) and "32" in str(error)
    assert before == {block: bytes(chip.flash[block]) for block in chip.flash}


def test_provisioning():
    on_micropython()
    port, _ = make(Board(network="wifi"))
    provision(port, WIFI)
    assert port.provisioning["cpid"] == "1"
    assert chip.nic.asked == [("yard", "secret")] and chip.nic.pm == 0
    assert port.provisioning is port.provisioning and len(chip.nic.asked) == 1


def test_without_provisioning():
    on_micropython()
    port, _ = make()
    for text in (None, '{"url": "ws://x"}'):
        if text:
            port, _ = make(Board(network="wifi"), power=False)
            provision(port, text)
        try:
            print(port.provisioning)
        except ValueError as error:
            assert ("wifi" if text else "/flash/provision.json") in str(error)
            continue
        raise AssertionError(text)


# --- network ----------------------------------------------------------------------------------


def test_wifi_is_asked_again():
    """The driver gives up on some failures for good; asking whether it is up never waits."""
    chip.boot(1)
    net = fake.hal("esp32_net")
    wifi = net.bring_up(Board(network="wifi"), {"ssid": "yard"})
    assert not wifi.up()
    chip.clock.us += 19999000
    assert not wifi.up() and chip.nic.asked == [("yard", None)]
    chip.clock.us += 1000000
    assert not wifi.up() and chip.nic.asked == [("yard", None), None, ("yard", None)]
    assert not wifi.up() and len(chip.nic.asked) == 3
    chip.nic.address = True
    chip.clock.us += 99000000
    assert wifi.up() and len(chip.nic.asked) == 3


def test_ethernet_with_a_lan8720():
    board = Board(network="lan8720", network_facts={"phy_address": 1})
    board.pins = {
        "net_mdc": (23, "MDC", "spi", None),
        "net_mdio": (18, "MDIO", "spi", None),
        "net_clock": (0, "CLK", "clock", None),
    }
    chip.boot(1)
    cable = fake.hal("esp32_net").bring_up(board, None)
    how = chip.lan.how
    assert (how["mdc"].id, how["mdio"].id, how["power"]) == (23, 18, None)
    assert (how["phy_type"], how["phy_addr"]) == (1, 1)
    assert (how["ref_clk"].id, how["ref_clk_mode"]) == (0, fake.Pin.IN)
    assert chip.lan.on and not cable.up()
    chip.lan.address = True
    assert cable.up()
    board.network_facts["clock_out"] = True
    fake.hal("esp32_net").bring_up(board, None)
    assert chip.lan.how["ref_clk_mode"] == fake.Pin.OUT


def test_ethernet_with_a_w5500():
    board = Board(network="w5500", network_facts={"spi": 2, "hz": 20000000})
    board.pins = {
        "net_sck": (18, "", "spi", None),
        "net_mosi": (23, "", "spi", None),
        "net_miso": (19, "", "spi", None),
        "net_cs": (5, "", "out", 1),
        "net_irq": (4, "", "in", 0),
    }
    chip.boot(1)
    fake.hal("esp32_net").bring_up(board, None)
    how = chip.lan.how
    assert how["spi"].facts == (2, 20000000, 18, 23, 19)
    assert (how["cs"].id, how["int"].id, how["reset"], how["phy_type"]) == (5, 4, None, 102)
    assert chip.lan.on


def test_no_network_and_an_unknown_one():
    net = fake.hal("esp32_net")
    assert net.bring_up(Board(), None) is None
    try:
        net.bring_up(Board(network="ppp"), None)
    except ValueError:
        return
    raise AssertionError("taken")


class Sockets:
    """The module socket: a name takes a while, one does not exist."""

    def __init__(self):
        self.asked = []

    def getaddrinfo(self, name, port):
        import time

        self.asked.append(name)
        time.sleep(0.05)
        if name == "nowhere":
            raise OSError(-202)
        return [(2, 1, 0, "", ("10.0.0.7", port))]


class NoThread:
    def start_new_thread(self, function, arguments):
        raise OSError(12)


def test_names_are_looked_up_beside_the_loop():
    """The safety task goes on while lwIP waits; a failure is raised where it was asked for."""
    on_micropython()
    import asyncio

    net = fake.hal("esp32_net")
    net.socket = Sockets()
    resolver = net.Resolver()
    ticks = []

    async def safety():
        while True:
            ticks.append(1)
            await asyncio.sleep_ms(5)

    async def main():
        asyncio.create_task(safety())
        assert await resolver.find("192.168.1.20") == "192.168.1.20"
        assert not net.socket.asked and not ticks
        both = await asyncio.gather(resolver.find("a.example"), resolver.find("b.example"))
        assert both == ["10.0.0.7", "10.0.0.7"] and net.socket.asked == ["a.example", "b.example"]
        try:
            await resolver.find("nowhere")
            raise AssertionError("found")
        except OSError as error:
            assert error.errno == -202
        assert await resolver.find("c.example") == "10.0.0.7"
        real, net._thread = net._thread, NoThread()
        try:
            await resolver.find("d.example")
            raise AssertionError("found")
        except OSError as error:
            assert error.errno == 12
        finally:
            net._thread = real
        assert await resolver.find("e.example") == "10.0.0.7"

    asyncio.run(main())
    assert len(ticks) > 10


def test_a_connection_is_the_links():
    """OSError at once without a network; an address and the name for TLS with one; a bench's
    proxy where provisioning names it."""
    on_micropython()
    import asyncio

    port, _ = make(Board(network="wifi"))
    provision(port, WIFI)
    calls = []

    async def connect(*given):
        calls.append(given)
        return "link"

    esp32 = sys.modules["hal.esp32"]
    esp32.link = type("Link", (), {"connect": lambda self, *given: connect(*given)})()
    sys.modules["hal.esp32_net"].socket = Sockets()
    try:
        asyncio.run(port.connect("csms.example", 443))
        raise AssertionError("connected")
    except OSError as error:
        assert error.errno == 113
    chip.nic.address = True
    assert asyncio.run(port.connect("csms.example", 443, "tls")) == "link"
    asyncio.run(port.connect("csms.example", 443, "tls", "other"))
    port.provisioning["net"] = ["192.168.4.1", 9000]
    asyncio.run(port.connect("csms.example", 443))
    assert calls == [
        ("10.0.0.7", 443, "tls", "csms.example"),
        ("10.0.0.7", 443, "tls", "other"),
        ("csms.example", 443, None, None, ("192.168.4.1", 9000)),
    ]


def test_identity_and_entropy():
    port, _ = make()
    assert len(port.unique_id) == 6
    assert len(port.entropy(16)) == 16 and port.entropy(16) != port.entropy(16)
    assert port.ticks_ms() == chip.clock.us // 1000
