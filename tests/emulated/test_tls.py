"""TLS on the emulated RP2040: MicroPython's own Mbed TLS in 210 KB of heap, the pilot watched
meanwhile.
"""

from tests.scenarios.authority import Authority
from tests.scenarios.conftest import charger

ROOT = Authority()
STRANGER = Authority("Somebody else")
OWNER = Authority("Operator's charge points")
CLIENT = OWNER.client("CP001")
KEY = bytes(range(20))
SECOND = {"AuthorizationKey": KEY.hex(), "SecurityProfile": "2"}
CA = {"ca": ROOT.pem}
OURS = dict(CA, cert=CLIENT[0], key=CLIENT[1])


@charger(server=ROOT.server(), tls=CA, password=KEY, keys=SECOND)
def test_a_session_over_tls(rig, csms, bench):
    """Profile 2 (A00.FR.301 to 323): TLS 1.2 with a suite of the whitepaper, and an exact bill."""
    version, suite, client = csms.links[0]["tls"]
    assert version == "TLSv1.2" and "GCM" in suite and not client
    rig.begin()
    bench.run(10)
    assert bench.state()["heap_free"] > 10000
    assert rig.finish().wh > 20


@charger(server=STRANGER.server(), tls=CA, password=KEY, keys=SECOND, booted=False)
def test_an_unknown_authority_is_refused(rig, csms, bench):
    """A00.FR.309: no link, and the event says why."""
    bench.run(40)
    assert not csms.links
    assert "security: InvalidCentralSystemCertificate" in bench.console


@charger(server=ROOT.server(clients=OWNER), tls=OURS, keys={"SecurityProfile": "3"})
def test_our_own_certificate_and_key(rig, csms, bench):
    """Profile 3: the key is kept as PEM; the chip reads it so and signs with it."""
    assert csms.links[0]["tls"][2]
    assert bench.state()["online"]


@charger(server=ROOT.server(), tls=CA, password=KEY, keys=SECOND)
def test_a_car_that_says_stop_while_the_handshake_computes(rig, csms, bench, net):
    """The kernel has an interrupt of its own: C to B opens within 100 ms, whatever TLS does. The
    car goes to and fro from the loss of the link until it is back, the handshake of 1.4 s within.
    """
    rig.begin()
    bench.run(5)
    net.cut("reset")
    bench.until(online=False)
    net.mend()
    csms.mark()
    opened = 0
    while not bench.state()["online"]:
        assert opened < 60
        bench.within(10, {"cmd": "ev", "connector": 1, "state": "C"}, contactor=True)
        before = bench.state()["clock_ms"]
        after = bench.within(1, {"cmd": "ev", "connector": 1, "state": "B"}, contactor=False)
        assert after["clock_ms"] - before <= 150, opened
        opened += 1
    assert opened > 1
