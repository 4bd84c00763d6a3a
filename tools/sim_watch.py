"""The watch beside the session: looks at the bench all the time.

Promise: samples for the picture, the panel and the clock of the story, from a thread of its own;
it ends with the bench or by end(). Boundary: it reads the state, and drives nothing.
"""

import threading

from tools.sim_bench import Broken

KV = 0.23


class Watch(threading.Thread):
    """`keep`: whether samples are kept for the picture."""

    def __init__(self, bench, story, look_s, keep):
        super().__init__(name="watch", daemon=True)
        self._bench, self._story = bench, story
        self._look_s, self._keep = look_s, keep
        self.samples = []
        self.began = bench.state()["clock_ms"]
        self.now_ms = 0
        self.wanted = None  # (Wh at the start, Wh wanted), while charging
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(self._look_s):
            try:
                self.look()
            except Broken:
                return  # the bench is going down; whoever talks to it says so

    def look(self):
        state = self._bench.state()
        one = state["connectors"][0]
        self.now_ms = state["clock_ms"] - self.began
        if self._keep:
            self.samples.append(sample(self.now_ms, one))
        share = None
        if self.wanted is not None:
            share = min(1.0, (one["meter_wh"] - self.wanted[0]) / self.wanted[1])
        self._story.show(one, share)
        return one

    def end(self):
        self._end.set()
        self.join()


def sample(now_ms, one):
    """What the picture shows of this moment."""
    used = sum(1 for ampere in one["amps"] if ampere) or 3
    return {
        "minute": now_ms / 60000,
        "power_kw": sum(one["amps"]) * KV,
        "offered_kw": one["offered_a"] * used * KV,
        "energy_wh": one["meter_wh"],
        "pilot": one["pilot"],
        "status": one["ocpp_status"],
    }
