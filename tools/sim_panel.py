"""The charge point at this moment, for a screen: a panel, or one plain line.

Promise: the same facts in both. Boundary: one state of a connector in, text out; sim_story.py
shows it.
"""

from rich.console import Group
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

PILOT = {
    "A": "no car",
    "B": "car",
    "C": "car asks",
    "D": "car asks, ventilated",
    "E": "short",
    "F": "not ready",
}


def plain(sample, share):
    return "%3d %%  pilot %s  %s  contactor %s  %d Wh  %s" % (
        share * 100,
        sample["pilot"],
        amps(sample),
        "closed" if sample["contactor"] else "open",
        sample["meter_wh"],
        sample["ocpp_status"],
    )


def amps(sample):
    return "/".join("%.1f" % value for value in sample["amps"]) + " A"


def facts(sample):
    """What a driver would ask, as a table."""
    closed = sample["contactor"]
    table = Table.grid(padding=(0, 3))
    for _ in range(5):
        table.add_column(justify="left")
    table.add_row(
        Text("pilot", "dim"),
        Text("offered", "dim"),
        Text("drawn", "dim"),
        Text("contactor", "dim"),
        Text("meter", "dim"),
    )
    table.add_row(
        Text("%s  %s" % (sample["pilot"], PILOT.get(sample["pilot"], "")), "bold"),
        Text("%g A" % sample["offered_a"]),
        Text(amps(sample), "bold"),
        Text("closed" if closed else "open", "bold green" if closed else "bold"),
        Text("%d Wh" % sample["meter_wh"], "bold"),
    )
    return table


def panel(sample, share):
    """The charge point now; `share` of the energy wanted, None when nothing is charged."""
    parts: list = [facts(sample)]
    if share is not None:
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=1, completed=min(1, share), width=58), Text("%3d %%" % (share * 100))
        )
        parts += [Text(""), bar]
    return Panel(
        Group(*parts),
        title="connector 1: %s" % (sample["ocpp_status"] or "no power"),
        title_align="left",
        width=76,
        border_style="green" if sample["contactor"] else "blue",
    )
