"""docs/figures.md: the table of what the emulated RP2040 must reach, from what
tools/figures/chip.py has measured.

`ROWS` is the order: name, bounds, which measurements a row is read from. A row whose measurement
is not there says so. A cell is text and the number that is held against must and aim.
"""

import statistics

MEASURES = ("pilot", "trip", "stuck", "beat", "allocations", "calls", "heap", "image", "boot")
KB = 1024


def worst(found):
    return max(max(times) for times in found.values())


def count(found):
    return sum(len(times) for times in found.values())


def phases(run, names):
    """What the probe saw in these phases, of every boot of a run."""
    return [seen for one in run["results"] for name, seen in one["seen"].items() if name in names]


def most(seen, key):
    return max([one[key].get("most") or 0 for one in seen], default=0)


def stops(run, key="stops"):
    return [ms for one in run["results"] for ms in one[key]]


def pilot(store):
    both = store["pilot"]
    cells = []
    for which in ("idle", "loaded"):
        found = both[which]["found"]
        by_letter = ", ".join("%s %.1f" % (name, max(found[name])) for name in "BAEF")
        cells.append(("%.1f ms (%s)" % (worst(found), by_letter), worst(found)))
    some, within, events = [], [], []
    for name in ("whole", "tls"):
        if name in store:
            some += stops(store[name])
            within += stops(store[name], "erasing")
    if some:
        text, number = cells[1]
        cells[1] = ("%s; whole firmware %.1f ms" % (text, max(some)), max(number, max(some)))
        events.append("%d of the whole firmware" % len(some))
    if within:
        text, number = cells[1]
        text += "; begun with an erase %.1f ms" % max(within)
        cells[1] = (text, max(number, max(within)))
        events.append("%d at an erase" % len(within))
    numbers = "%d and %d" % (count(both["idle"]["found"]), count(both["loaded"]["found"]))
    return cells + [", ".join([numbers, *events])]


def trip(store):
    both = store["trip"]
    cells = [
        ("%.3f µs" % (1000 * worst(both[w]["found"])), 1000 * worst(both[w]["found"]))
        for w in ("idle", "loaded")
    ]
    return cells + ["%d and %d" % tuple(count(both[w]["found"]) for w in ("idle", "loaded"))]


def stuck(store):
    both = store["stuck"]
    cells = [
        ("%.2f ms" % worst(both[w]["found"]), worst(both[w]["found"])) for w in ("idle", "loaded")
    ]
    return cells + ["%d and %d" % tuple(count(both[w]["found"]) for w in ("idle", "loaded"))]


QUIET = ("idle", "charging")
LOUD = ("profiles", "stop", "shake")


def runs(store, names):
    """Of the whole firmware, with and without TLS, as far as they were measured."""
    if "whole" not in store:
        raise KeyError("whole")
    return [one for key in ("whole", "tls") if key in store for one in phases(store[key], names)]


def beat_time(store):
    cells, numbers = [], []
    for names in (QUIET, LOUD):
        seen = runs(store, names)
        share = 100 * sum(one["us"]["sum"] for one in seen) / sum(one["ns"] / 1e3 for one in seen)
        median = statistics.median(one["us"]["median"] for one in seen)
        p99, top = max(one["us"]["p99"] for one in seen), most(seen, "us")
        text = "median %.0f, 99 %% %.0f, worst %.0f µs; %.0f %% of the CPU"
        cells.append((text % (median, p99, top, share), top))
        numbers.append(sum(one["us"]["count"] for one in seen))
    return cells + ["{:,} and {:,}".format(*numbers)]


def beat_jitter(store):
    """Loaded: of the beats with a closed contactor; the others wait for erases."""
    cells, numbers = [], []
    for names, key in ((QUIET, "late"), (LOUD, "lateClosed")):
        seen = runs(store, names)
        top, beats = most(seen, key), sum(one[key]["count"] for one in seen)
        text = duration(top)
        if key == "lateClosed":
            text += ", above 100 µs %d times" % sum(one["late100"] for one in seen)
        cells.append((text, top))
        numbers.append(beats)
    return cells + ["{:,} and {:,} (contactor closed)".format(*numbers)]


def duration(us):
    return "%.1f ms" % (us / 1000) if us >= 10000 else "%.0f µs" % us


def allocations(store):
    cells, numbers = [], []
    for names in (QUIET, ("begin",) + LOUD):
        seen = runs(store, names)
        beats = sum(one["us"]["count"] for one in seen)
        failed = sum(run["faulted"] for run in (store.get("whole"), store.get("tls")) if run)
        cells.append(("%d" % failed, failed))
        numbers.append(beats)
    return cells + ["{:,} and {:,}".format(*numbers)]


def calls(store):
    cells = []
    for names in (QUIET, ("boot", "begin") + LOUD):
        seen = runs(store, names)
        deepest, on_top = max(s["depth"] for s in seen), max(s["depthOfBeat"] for s in seen)
        stack = max(one["stack"] for one in seen)
        frames = max(one["frameBytes"] for one in seen)
        text = "%d, and %d of the beat on top; {:,} of 10,240 bytes of stack" % (deepest, on_top)
        text += ", {:,} of 4,096 of frames"
        cells.append((text.format(stack, frames), deepest))
    return cells + [
        "every call of %d s"
        % (sum(s["ns"] for s in runs(store, QUIET + LOUD + ("boot", "begin"))) / 1e9)
    ]


def heap(store):
    """KB of 1,024 bytes. Idle: nothing loaded by the backend."""
    plain = store["whole"]
    quiet, loaded, loud = (
        max(one["heap"] for one in phases(plain, names))
        for names in (QUIET, ("profiles",), ("stop",))
    )
    idle = "{:,} bytes; after a collection at boot {:,}".format(quiet, plain["live"])
    if "heap32" in store:
        idle += "; 32-bit unix build, no port, no link, collected: {:,}".format(store["heap32"])
    text = "all profiles {:,}; with messages of 8 KB {:,}".format(loaded, loud)
    if "tls" in store:
        found = [
            max(one["heap"] for one in phases(store["tls"], names))
            for names in (("profiles",), ("stop",), ("boot", "shake"))
        ]
        text += "; with TLS {:,}, {:,} and in handshakes {:,}".format(*found)
    return [
        (idle, quiet / KB),
        (text, loud / KB),
        "every collection of %d s" % (sum(one["ns"] for one in phases(plain, QUIET + LOUD)) / 1e9),
    ]


def image(store):
    above = store["image"]["image"] - store["image"]["stock"]
    text = "{:,} bytes ({:,} less {:,})".format(
        above, store["image"]["image"], store["image"]["stock"]
    )
    return [(text, above / KB), ("", 0), "1 image"]


def boot(store):
    """Idle: the first of an empty flash. Loaded: after a power cut, with all that was kept."""
    first, *again = store["whole"]["boots_ms"]
    idle, loaded = "%.1f s" % (first / 1000), "%.1f s" % (max(again) / 1000)
    numbers = ["1 and %d boots" % len(again)]
    if "tls" in store:
        idle += "; with TLS %.1f s" % (store["tls"]["boots_ms"][0] / 1000)
        numbers.append("1 with TLS")
    return [(idle, first / 1000), (loaded, max(again) / 1000), ", ".join(numbers)]


# name, unit of the bounds, must, aim, the measure (a name for tools/figures/chip.py), the cell
ROWS = (
    ("C→B, C→A, E, F seen → coil off", "ms", 40, 10, "pilot", pilot),
    ("RCD input → coil off (PIO)", "µs", 10, 1, "trip", trip),
    ("CPU stuck (interrupts off) → coil off", "ms", 120, 100, "stuck", stuck),
    ("kernel tick, time", "µs", 200, 60, "beat", beat_time),
    ("kernel tick, jitter", "µs", 100, 10, "beat", beat_jitter),
    ("allocations in a tick", "", 0, 0, "allocations", allocations),
    ("deepest Python call chain", "", 22, 18, "calls", calls),
    ("heap in use at its peak", "KB", 90, 45, "heap", heap),
    ("image flash above stock MicroPython", "KB", 250, 150, "image", image),
    ("boot → BootNotification sent", "s", 3, 1, "boot", boot),
)


def met(cells, must, aim):
    number = max(number for _, number in cells)
    return "aim" if number <= aim else "must" if number <= must else "**no**"


def row(store, name, unit, must, aim, measure, cell):
    command = "`chip.py %s`" % measure
    bounds = ["%d %s" % (bound, unit) if unit else str(bound) for bound in (must, aim)]
    try:
        idle, loaded, events = cell(store)
    except KeyError:
        return [name, *bounds, "not measured", "not measured", "0", "", command]
    return [
        name,
        *bounds,
        idle[0],
        loaded[0] or "the same",
        events,
        met((idle, loaded), must, aim),
        command,
    ]


def table(store):
    head = [
        "figure",
        "must",
        "aim",
        "idle",
        "loaded",
        "events (idle and loaded)",
        "met",
        "command",
    ]
    lines = [head, ["---"] * len(head)] + [row(store, *one) for one in ROWS]
    return "\n".join("| %s |" % " | ".join(cells) for cells in lines)
