"""What is told of a session: frames in few words, lines with the charge point's time, the panel
below them, the bill.

Promise: on a terminal a live panel under the scrolling story (rich), else plain lines; the same
words. Boundary: text only; it drives nothing.
"""

import json
import sys
import threading
import time

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tools.csms_frame import CALL, ERROR, FROM, RESULT
from tools.sim_panel import panel, plain

SHORT = {
    "connectorId": "connector",
    "transactionId": "transaction",
    "chargePointVendor": "vendor",
    "chargePointModel": "model",
    "firmwareVersion": "firmware",
    "requestedMessage": "message",
}
SKIPPED = ("timestamp", "currentTime", "chargeBoxSerialNumber")
LINE_CHARS = 100
REFRESH_HZ = 8


def sampled(payload):
    """MeterValues in words: energy and power."""
    words = []
    for one in payload["meterValue"][-1]["sampledValue"]:
        if one.get("phase") is None and one.get("measurand") == "Energy.Active.Import.Register":
            words.append("%s %s" % (one["value"], one.get("unit", "Wh")))
        elif one.get("phase") is None and one.get("measurand") == "Power.Active.Import":
            words.append("%s %s" % (one["value"], one.get("unit", "W")))
    return ", ".join(words)


def fields(payload):
    """A payload in few words."""
    if not isinstance(payload, dict):
        return json.dumps(payload)
    words = []
    for name, value in payload.items():
        if name in SKIPPED or (name == "errorCode" and value == "NoError"):
            continue
        if name == "idTagInfo":
            words.append(value.get("status", "?"))
        elif name == "status":
            words.insert(0, str(value))
        elif isinstance(value, (dict, list)):
            words.append("%s[%d]" % (SHORT.get(name, name), len(value)))
        else:
            words.append("%s %s" % (SHORT.get(name, name), value))
    return "  ".join(words)


def told(frame):
    """(arrow, action, words) of a frame; None for an answer that says nothing."""
    arrow = "──▶" if frame.direction == FROM else "◀──"
    if frame.kind == CALL:
        if frame.action == "MeterValues":
            return arrow, frame.action, sampled(frame.payload)
        return arrow, frame.action, fields(frame.payload)
    if frame.kind == RESULT:
        words = fields(frame.payload)
        return (arrow, frame.action or "", words) if words else None
    if frame.kind == ERROR:
        return arrow, "CALLERROR", str(frame.code)
    return arrow, "?", repr(frame.text)[:LINE_CHARS]


def clock(ms):
    return "%d:%02d" % (ms // 60000, ms // 1000 % 60)


class Story:
    """Lines may come from any thread. `now` gives the charge point's ms since the beginning."""

    def __init__(self, stream=None):
        self.console = Console(file=stream or sys.stdout, highlight=False, soft_wrap=True)
        self.rich = self.console.is_terminal
        self.now = lambda: 0
        self._actions = {}  # message id -> action, to name answers
        self._live = None
        self._lock = threading.Lock()
        self._last_share = -1
        self._shown = 0.0

    # --- lines ------------------------------------------------------------------------------

    def say(self, text, style="bold"):
        """Something happened in the world."""
        self._line(Text.assemble((" %6s  " % clock(self.now()), "dim"), (text, style)))

    def note(self, text, style="dim"):
        """About the simulation itself."""
        self._line(Text(text, style))

    def frame(self, frame):
        if frame.kind == CALL:
            self._actions[frame.id] = frame.action
        elif frame.action is None:
            frame.action = self._actions.get(frame.id)
        words = told(frame)
        if words is None:
            return
        arrow, action, rest = words
        style = "cyan" if frame.direction == FROM else "magenta"
        if frame.kind == ERROR or frame.violation:
            style = "red"
        if frame.kind == CALL:
            line = Text.assemble(
                (" %6s  " % clock(self.now()), "dim"),
                (arrow + " ", style),
                ("%-18s " % action, style + " bold"),
                rest,
            )
        else:
            line = Text.assemble(
                (" %6s  " % "", "dim"),
                (arrow + " ", "dim " + style),
                ("%-18s " % "", style),
                (rest, "dim"),
            )
        self._line(line)
        if frame.violation:
            self._line(Text("         !! not by the schema: %s" % frame.violation, "red"))

    def _line(self, text):
        with self._lock:
            self.console.print(text)
            if not self.rich:
                self.console.file.flush()

    # --- the panel --------------------------------------------------------------------------

    def open(self):
        if self.rich and self._live is None:
            self._live = Live(console=self.console, refresh_per_second=REFRESH_HZ, transient=True)
            self._live.start()

    def close(self):
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, sample, share):
        """The present moment; `share` of the energy wanted, 0 to 1. Without a terminal: a line
        now and then."""
        if self._live is not None:
            if time.monotonic() - self._shown > 1 / REFRESH_HZ:
                self._shown = time.monotonic()
                self._live.update(panel(sample, share))
        elif not self.rich and share is not None:
            tenth = int(share * 5)
            if tenth != self._last_share and share > 0:
                self._last_share = tenth
                self._line(Text(" %6s      %s" % (clock(self.now()), plain(sample, share))))


def bill_table(story, bill, meter_wh, right):
    """The bill, beside what the meter itself counted."""
    rows = [
        ("transaction", bill.id),
        ("idTag", bill.id_tag),
        ("started", bill.started),
        ("stopped", bill.stopped),
        ("reason", bill.reason),
        ("meter start", "%d Wh" % bill.meter_start),
        ("meter stop", "%s Wh" % bill.meter_stop),
        ("billed", "%s Wh" % bill.wh),
        ("the meter itself", "%d Wh" % meter_wh),
    ]
    if story.rich:
        table = Table(
            title="The bill", title_justify="left", show_header=False, box=None, padding=(0, 2)
        )
        for name, value in rows:
            table.add_row(Text(name, "dim"), Text(str(value), "bold"))
        story.console.print()
        story.console.print(table)
    else:
        story.note("")
        for name, value in rows:
            story.note("    %-17s %s" % (name, value))
    story.note("billed right" if right else "BILLED WRONG", "bold green" if right else "bold red")
