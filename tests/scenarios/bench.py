"""The bench as a test drives it: tools/sim_bench.py, and the sentences only a test says."""

from tools import sim_bench
from tools.sim_bench import ROOT, Refused

__all__ = ["ROOT", "Bench", "Refused"]


class Bench(sim_bench.Bench):
    def within(self, seconds, request, connector=1, **where):
        """The request, and that its effect is there so many seconds of the bench's clock later."""
        until = {"cmd": "until", "connector": connector, "where": where, "timeout": seconds}
        return self.wire.ask(request, until)[1]

    def never(self, seconds, connector=1, **where):
        """For so many seconds the state does not match."""
        try:
            found = self.until(connector, seconds, **where)
        except Refused as e:
            assert e.error == "timeout", e
            return
        raise AssertionError(
            "this should not have come: %s: %s" % (where, found["connectors"][connector - 1])
        )
