"""The picture of a session: power, energy, pilot and status over one time axis.

Promise: small multiples that share the time axis, labelled with units, readable in black and
white. Boundary: samples and events in, a PNG file out.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INK, FAINT, GRID = "#1f2933", "#7b8794", "#e4e7eb"
POWER, ENERGY, PILOT, OFFER = "#2166ac", "#1b7837", "#762a83", "#92c5de"
STATUS = {
    "Available": "#d9d9d9",
    "Preparing": "#fdd49e",
    "Charging": "#74c476",
    "SuspendedEV": "#9ecae1",
    "SuspendedEVSE": "#bcbddc",
    "Finishing": "#fdae6b",
    "Unavailable": "#969696",
    "Faulted": "#ef3b2c",
    "Reserved": "#fff7bc",
    None: "#ffffff",
}
LETTERS = "FEDCBA"
LETTER = {"A": "no car", "B": "car", "C": "asks", "D": "fan", "E": "short", "F": "off"}


def prepare():
    """Imports the drawing library; its font list is kept inside build/."""
    os.environ.setdefault("MPLCONFIGDIR", str(ROOT / "build/matplotlib"))
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def runs(samples, name):
    """(from, to, value) of each stretch of time in which samples[name] did not change."""
    found = []
    for sample in samples:
        if found and found[-1][2] == sample[name]:
            found[-1][1] = sample["minute"]
        else:
            if found:
                found[-1][1] = sample["minute"]
            found.append([sample["minute"], sample["minute"], sample[name]])
    return found


def draw(path, samples, events, bill, values):
    """`samples`: dicts with minute, power_kw, offered_kw, energy_wh, pilot, status. `events`:
    (minute, words). `values`: (minute, Wh) as MeterValues told the backend."""
    pyplot = prepare()
    _style(pyplot)
    figure, axes = pyplot.subplots(
        4,
        1,
        sharex=True,
        figsize=(10, 7.2),
        gridspec_kw={"height_ratios": [3, 3, 1.5, 0.9], "hspace": 0.14},
    )
    minutes = [sample["minute"] for sample in samples]
    _power(axes[0], minutes, samples)
    _energy(axes[1], minutes, samples, bill, values)
    _pilot(axes[2], minutes, samples)
    _status(axes[3], samples)
    _frame(axes, minutes, events)
    _title(figure, bill)
    figure.subplots_adjust(left=0.12, right=0.975, top=0.86, bottom=0.115)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, facecolor="white")
    pyplot.close(figure)


def _style(pyplot):
    pyplot.rcParams.update(
        {
            "font.size": 9,
            "axes.edgecolor": FAINT,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": FAINT,
            "ytick.color": FAINT,
            "font.family": "DejaVu Sans",
        }
    )


def _title(figure, bill):
    figure.suptitle(
        "A charging session: %.2f kWh billed to %s" % (bill.wh / 1000, bill.id_tag),
        x=0.12,
        y=0.975,
        ha="left",
        fontsize=13,
        fontweight="bold",
    )
    figure.text(
        0.12,
        0.928,
        "transaction %d, %s to %s" % (bill.id, bill.started, bill.stopped),
        ha="left",
        color=FAINT,
    )


def _power(axis, minutes, samples):
    offered = [sample["offered_kw"] for sample in samples]
    power = [sample["power_kw"] for sample in samples]
    axis.step(
        minutes, offered, where="post", color=OFFER, linewidth=1.2, label="offered by the pilot"
    )
    axis.fill_between(minutes, power, step="post", color=POWER, alpha=0.25, linewidth=0)
    axis.step(minutes, power, where="post", color=POWER, linewidth=1.6, label="drawn by the car")
    axis.set_ylabel("power\nkW")
    axis.set_ylim(0, max(1, *offered, *power) * 1.15)
    axis.legend(loc="center left", bbox_to_anchor=(0.09, 0.5), frameon=False, fontsize=8)


def _energy(axis, minutes, samples, bill, values):
    axis.plot(
        minutes,
        [sample["energy_wh"] / 1000 for sample in samples],
        color=ENERGY,
        linewidth=1.6,
        label="the meter's register",
    )
    if values:
        axis.plot(
            [at for at, _ in values],
            [wh / 1000 for _, wh in values],
            "o",
            color=ENERGY,
            markersize=4,
            markerfacecolor="white",
            label="MeterValues on the wire",
        )
    _bill_lines(axis, bill)
    axis.set_ylabel("energy\nkWh")
    span = max(0.1, (bill.meter_stop - bill.meter_start) / 1000)
    axis.set_ylim(bill.meter_start / 1000 - span * 0.06, bill.meter_stop / 1000 + span * 0.12)
    axis.legend(loc="upper left", bbox_to_anchor=(0.09, 0.8), frameon=False, fontsize=8)


def _bill_lines(axis, bill):
    """What the backend was told, beside what the register says."""
    for wh, words, at, side in (
        (bill.meter_start, "meterStart", 0.9, "right"),
        (bill.meter_stop, "meterStop", 0.1, "left"),
    ):
        axis.axhline(wh / 1000, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
        axis.annotate(
            "%s %d Wh" % (words, wh),
            (at, wh / 1000),
            xycoords=("axes fraction", "data"),
            ha=side,
            xytext=(0, 4 if side == "right" else -11),
            textcoords="offset points",
            fontsize=8,
            color=FAINT,
        )


def _pilot(axis, minutes, samples):
    seen = [sample["pilot"] for sample in samples]
    shown = [letter for letter in LETTERS if letter in seen or letter in "ABC"]
    axis.step(
        minutes, [shown.index(letter) for letter in seen], where="post", color=PILOT, linewidth=1.6
    )
    axis.set_yticks(range(len(shown)), ["%s  %s" % (LETTER[letter], letter) for letter in shown])
    axis.set_ylim(-0.5, len(shown) - 0.5)
    axis.set_ylabel("pilot\nstate")


def _status(axis, samples):
    named = set()
    for begin, end, word in runs(samples, "status"):
        axis.barh(
            0,
            end - begin,
            left=begin,
            height=1,
            color=STATUS.get(word, "#ffffff"),
            edgecolor="white",
            label=None if word in named or word is None else word,
        )
        named.add(word)
    axis.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.85),
        ncols=len(named),
        frameon=False,
        fontsize=8,
        handlelength=1.4,
        columnspacing=1.6,
    )
    axis.set_yticks([])
    axis.set_ylim(-0.5, 0.5)
    axis.set_ylabel("OCPP\nstatus")
    axis.set_xlabel("minutes of the charge point's clock")


def _frame(axes, minutes, events):
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(length=2, labelsize=8)
        if axis is not axes[-1]:
            axis.grid(axis="y", color=GRID, linewidth=0.7)
            axis.set_axisbelow(True)
        for minute, _ in events:
            axis.axvline(minute, color=INK, linewidth=0.7, linestyle=(0, (1, 2)), zorder=3)
        axis.yaxis.set_label_coords(-0.088, 0.5)
        axis.set_xlim(minutes[0], minutes[-1])
    _event_words(axes[0], minutes, events)


def _event_words(axis, minutes, events):
    """The words above the first panel; what would overlap goes a line higher."""
    whole = minutes[-1] - minutes[0] or 1
    ends = [-1.0, -1.0, -1.0]
    for minute, words in events:
        at = (minute - minutes[0]) / whole
        width = 0.0086 * len(words) + 0.01
        to_the_left = at + width > 1
        begin = at - width if to_the_left else at
        row = next((n for n, end in enumerate(ends) if end <= begin), 0)
        ends[row] = begin + width
        axis.annotate(
            words,
            (at, 1),
            xycoords="axes fraction",
            xytext=(-1 if to_the_left else 1, 3 + 10 * row),
            ha="right" if to_the_left else "left",
            textcoords="offset points",
            fontsize=8,
            color=INK,
        )
