"""What a satellite takes of flash, heap and time, measured in its image while it charges; printed
with `pytest -s`. The line is in memory there: what it costs is its frames.
"""

from tests.emulated import board, satellite
from tools import image_figures

FIGURES = """
import gc, machine, micropython, time
machine.WDT(timeout=8388)
micropython.alloc_emergency_exception_buf(100)
gc.collect()
empty = gc.mem_alloc()
import firmware.satellite as module, board
del board.pins["feedback"]  # nobody follows the coil here
from hal.remote import Line
from hal.remote_frame import Order, Report
gc.collect()
imported = gc.mem_alloc()
sat = module.Satellite(module._port(), board)
gc.collect()
made = gc.mem_alloc()
print(empty, imported, made, gc.mem_free())

class End:
    data = b""
    peer = None
    def read(self, n):
        data, self.data = self.data[:n], self.data[n:]
        return data
    def write(self, data):
        self.peer.data = bytes(data)

near, far = End(), End()
near.peer, far.peer = far, near
master = Line(near, Order(), Report(), 7)
real = sat.line._uart
sat.line._uart = far
worst = spent = beats = 0
def tick(ms, news):
    global worst, spent, beats
    begun = time.ticks_us()
    sat._beat(ms, news)
    took = time.ticks_diff(time.ticks_us(), begun)
    spent += took
    beats += 1
    if took > worst:
        worst = took
turns = [0, 0, 0, 0]  # the longest that only looks, has an order, a report, both
def run(ms, permit_ma):
    global worst, spent, beats
    worst = spent = beats = 0
    for _ in range(ms // 5):
        master.poll(5)
        kind = bool(far.data)
        begun = time.ticks_us()
        sat.turn(5)
        took = time.ticks_diff(time.ticks_us(), begun)
        kind += 2 * bool(near.data)
        turns[kind] = max(turns[kind], took)
        if master.due:
            master.said.armed = permit_ma > 0
            master.said.permit_ma = permit_ma
            master.said.reading_ms = 0
            master.send()
        time.sleep_ms(4)
    facts = sat.kernel.facts
    print(facts.letter, facts.faults, sat.kernel.wishes.close, facts.permit_ma, worst,
          spent // beats, sat.faulted)
def figures():
    run(1500, 0)
    run(3500, 16000)
    turns[:] = [0, 0, 0, 0]
    run(2000, 16000)
    print(turns)
    begun = time.ticks_us()
    real.write(bytes(49))
    print(time.ticks_diff(time.ticks_us(), begun))
    gc.collect()
    print(gc.mem_alloc())
sat._port.beat(tick)  # from here on no name is made: it looks them up
figures()
"""
WORLD = ("--pin", "3=1,11=1,22=1", "--adc", "1=595,2=750", "--pilot", "2:0:2400:150")


def with_a_prompt(image, folder):
    """The same image, its console open: main.py, which shuts it, is frozen under another name."""
    data = (image / "firmware.bin").read_bytes()
    names = b"_boot.py\0main.py\0board.py\0"
    assert data.count(names) == 1
    opened = folder / "open.bin"
    opened.write_bytes(data.replace(names, names.replace(b"main", b"shut")))
    return opened


def test_what_a_satellite_takes(tmp_path):
    made = satellite.folder()
    sizes = image_figures.figures(made)
    image = with_a_prompt(made, tmp_path)
    ran = board.run(tmp_path, FIGURES, *WORLD, "--wire", "12=7", image=image)
    empty, imported, live, free = ran.numbers(0)
    waiting, _, charging = (line.split() for line in ran.lines[1:4])
    quiet_us, order_us, report_us, _ = ran.numbers(4)
    print(f"image {sizes['image']:,} bytes, frozen {sizes['frozen']:,}, heap {sizes['heap']:,}")
    print(f"heap in use: {empty:,} before, {imported:,} imported, {live:,} made, {free:,} free")
    for told in (waiting, charging):
        print(f"beat, closed {told[2]}: worst {told[4]} us, mean {told[5]} us")
    print(f"turn: {quiet_us} us, with an order {order_us}, with a report {report_us}")
    assert charging[:4] == ["C", "0", "True", "16000"]
    for told in (waiting, charging):
        assert told[6] == "None", "no beat failed"
        assert int(told[4]) < 1000 and int(told[5]) < 500
    assert sizes["image"] < 400_000 and live < 40_000
    assert 0 < order_us < 25_000 and 0 < report_us < 25_000, "the beats go on meanwhile"
