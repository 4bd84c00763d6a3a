"""What the journal costs: bytes and erases a record, capacity of 256 KiB, heap, time to recover.

Run by CPython it starts build/micropython (or $MICROPYTHON) on itself. The heap is that of a
64-bit machine, about twice a chip's; times are this machine's, reads and erases are the same
everywhere.
"""

import json
import sys

# MicroPython's own; a checker would look them up in CPython's.
gc, time = (__import__(name) for name in ("gc", "time"))

ROOT = __file__.rpartition("tools/")[0] or "."
BLOCKS = 64  # of 4 KiB: 256 KiB
SAMPLES = 24  # of a transaction: two hours, one each five minutes


def run_in_micropython():
    import os
    import subprocess

    binary = os.environ.get("MICROPYTHON") or ROOT + "/build/micropython/bin/micropython"
    return subprocess.run([binary, "-X", "heapsize=16m", __file__]).returncode


class Flash:
    """In RAM; counts what a chip would do."""

    def __init__(self, blocks, fill=b"\xff"):
        self.blocks = blocks
        self.data = bytearray(fill * (blocks * 4096))
        self.erases = [0] * blocks
        self.reads = 0

    def readblocks(self, block, buf, offset):
        at = block * 4096 + offset
        buf[:] = memoryview(self.data)[at : at + len(buf)]
        self.reads += 1

    def writeblocks(self, block, buf, offset):
        at = block * 4096 + offset
        self.data[at : at + len(buf)] = buf

    def ioctl(self, op, argument):
        if op == 6:
            self.erases[argument] += 1
            at = argument * 4096
            for i in range(at, at + 4096):
                self.data[i] = 0xFF
        return self.blocks if op == 4 else 4096 if op == 5 else 0


def sample(value, measurand, unit, phase=None):
    entry = {"value": value, "context": "Sample.Periodic", "measurand": measurand, "unit": unit}
    if phase:
        entry["phase"] = phase
    return entry


def energy(k):
    return [sample(str(1234567 + 917 * k), "Energy.Active.Import.Register", "Wh")]


def eight(k):
    values = energy(k) + [sample(str(11040 - k), "Power.Active.Import", "W")]
    for i in "123":
        values.append(sample("15.%d" % (k % 9 + 1), "Current.Import", "A", "L" + i))
        values.append(sample("230.%d" % (k % 9 + 1), "Voltage", "V", "L" + i + "-N"))
    return values


def transaction(number, samples, most=SAMPLES):
    """(action, role, payload) of each billable message, as the outbox keeps them."""
    time = "2026-11-22T%02d:%02d:53Z"
    start = {"connectorId": 1, "idTag": "04A2B3C4D5E6F7", "meterStart": 1234567}
    start["timestamp"] = time % (10, 0)
    yield "StartTransaction", 0, start
    for k in range(most):
        value = {"timestamp": time % (10 + k // 12, k % 12 * 5), "sampledValue": samples(k)}
        yield "MeterValues", 3, {"connectorId": 1, "meterValue": [value]}
    stop = {"meterStop": 1260000, "timestamp": time % (12, 0), "reason": "EVDisconnected"}
    stop["idTag"] = "04A2B3C4D5E6F7"
    yield "StopTransaction", 1, stop


def message_id(count):
    return "%08x%08x%08x%08x" % (count * 2654435761 & 0xFFFFFFFF, count, 0x9E3779B9, 0x7F4A7C15)


def records(samples, most=SAMPLES):
    count = 0
    number = 1
    while True:
        start = count + 1
        for action, role, payload in transaction(number, samples, most):
            count += 1
            yield "queued", message_id(count), action, start, role, 17, payload
        number += 1


def capacity(journal, samples, percent, most=SAMPLES):
    """Records until the store says it is so full, or takes no more."""
    count = 0
    for record in records(samples, most):
        try:
            journal.append(record)
        except OSError:
            break
        count += 1
        if journal.used_percent() >= percent:
            break
    return count


def turnover(journal, samples, total=16000):
    """Each is answered some records later."""
    waiting = []
    count = 0
    for record in records(samples):
        waiting.append(journal.append(record))
        count += 1
        if len(waiting) > 30:
            number = waiting.pop(0)
            journal.discard(journal.append(("confirmed", number, 1, 3, None), True))
            journal.discard(number)
            count += 1
        if count >= total:
            break
    return count


def size_and_room(name, samples, journal_of):
    record = records(samples)
    next(record)
    journal = journal_of(Flash(4))
    before = journal._used_bytes
    record = next(record)
    journal.append(record)
    text = json.dumps(record, separators=(",", ":"))
    say = "%-13s MeterValues: JSON %d B, packed %d B, on flash %d B"
    packed = len(journal._codec.encode(record))
    print(say % (name, len(text), packed, journal._used_bytes - before))
    for percent, until in ((75, "thinning begins"), (101, "nothing more fits")):
        count = capacity(journal_of(Flash(BLOCKS)), samples, percent)
        say = "%-13s until %s: %d transactions of 26 messages, %d records"
        print(say % (name, until, count // (SAMPLES + 2), count))
    for most in (16, 14, 13, 12, 8, 6):
        count = capacity(journal_of(Flash(BLOCKS)), samples, 90, most)
        say = "%-13s thinned to %d of 24, at 90 %%: %d transactions"
        print(say % (name, most, count // (most + 2)))
    flash = Flash(BLOCKS, b"\x00")  # nothing is erased beforehand, every block is counted
    count = turnover(journal_of(flash), samples)
    say = "%-13s %.4f erases a record, %d to %d a block"
    print(say % (name, sum(flash.erases) / count, min(flash.erases), max(flash.erases)))


def took_us(function):
    began = time.ticks_us()
    function()
    return time.ticks_diff(time.ticks_us(), began)


def recovery(journal_of):
    flash = Flash(BLOCKS)
    took = took_us(lambda: journal_of(flash))
    print("empty region: %d ms, %d reads" % (took // 1000, flash.reads))
    count = capacity(journal_of(flash), energy, 101)
    gc.collect()
    before = gc.mem_alloc()
    flash.reads = 0
    found = []
    took = took_us(lambda: found.append(journal_of(flash)))
    gc.collect()
    heap = gc.mem_alloc() - before
    print("recovery of %d records: %d ms, %d reads" % (count, took // 1000, flash.reads))
    print("heap: %d B, %d B for 1000 records" % (heap, heap * 1000 // count))
    journal = found[0]
    took = took_us(lambda: [number for number, _ in journal.records()])
    print("records(): %d ms" % (took // 1000))
    took = took_us(lambda: [journal.discard(number) for number in range(1, 1001)])
    print("discard, front to back: %d us each" % (took // 1000))
    took = took_us(lambda: [journal.discard(number) for number in range(2000, 1000, -1)])
    print("discard, back to front: %d us each" % (took // 1000))


def main():
    from firmware.store.journal import Journal
    from firmware.ocpp.v16.vocabulary import SHAPES, WORDS

    def journal_of(flash):
        return Journal(flash, WORDS, SHAPES)

    size_and_room("energy only", energy, journal_of)
    size_and_room("8 measurands", eight, journal_of)
    recovery(journal_of)


if sys.implementation.name == "micropython":
    sys.path.insert(0, ROOT)
    main()
else:
    sys.exit(run_in_micropython())
