"""An ESP32 whose contactor belongs to another chip: it drives nothing of it, and has the line."""

from firmware.evse.limit import Limit
from firmware.evse.remote import RemoteKernel
from hal.remote import Line
from hal.remote_frame import FrameReader, Order, Report
from tests.unit import fake_esp32 as fake

fake.hal()
chip = fake.chip
OTHERS = ("pilot", "contactor", "residual", "feedback", "ground", "lock", "proximity", "temp")


def make(kernel="remote", **facts):
    chip.power_on()
    chip.partitions = {"evse": 384}
    board = fake.Board(**facts)
    if kernel is not None:
        board.kernel = kernel
        board.link_uart = (2, 115200)
        board.reader_uart = None
        for role in list(board.pins):
            if role.startswith(OTHERS):
                del board.pins[role]
        board.pins["link_tx"] = (17, "LINK_TX", "uart", None)
        board.pins["link_rx"] = (18, "LINK_RX", "uart", None)
    else:
        fake.World(board)
    return fake.hal().Port(board), board


def test_only_the_button_is_left_of_the_connector():
    """Also with a socket: its lock and its plug are the satellite's."""
    for kernel in ("remote", "rapi"):
        port, board = make(kernel, socket=kernel == "remote")
        parts = port.connectors[0]
        for name in vars_of(parts):
            assert (getattr(parts, name) is None) == (name != "button"), name
        assert not parts.button.pressed() and not chip.pwm
        outputs = [gpio for gpio, _ in chip.order]
        assert outputs == [board.pins["meter_direction"][0]]


def vars_of(parts):
    names = "contactor pilot residual_current ground button thermometer lock proximity".split()
    assert len(parts.__dict__) == len(names)
    return names


def test_the_line_has_a_buffer_of_two_seconds():
    port, _ = make()
    uart = chip.uarts[2]
    assert uart.pins == (17, 18) and uart.baudrate == 115200 and uart.rxbuf == 1024
    assert chip.uarts[1].rxbuf == 512  # the meter's
    port, _ = make(None)
    assert port.link_uart is None and port.connectors[0].pilot is not None


def test_an_order_leaves_and_a_report_is_heard():
    port, _ = make()
    uart = chip.uarts[2]
    kernel = RemoteKernel(Line(port.link_uart, Order(), Report(), 77), Limit(socket=True))
    kernel.tick(10)
    reader = FrameReader()
    reader.feed(uart.sent)
    _, kind, stamp, _ = reader.next()
    assert kind == Order.KIND and stamp[0] == 77

    class Wire:
        def read(self, count):
            data, uart.sent = uart.sent[:count], uart.sent[count:]
            return data or None

        def write(self, data):
            uart.inbox += data

    far = Line(Wire(), Report(), Order(), 88)
    far.said.letter, far.said.socket, far.said.rating_ma = 2, True, 16000
    for _ in range(4):
        far.poll(100)
        far.send()
        kernel.tick(100)
    assert kernel.facts.letter == "B" and not kernel.facts.faults
    assert kernel.limit.max_ma == 16000
