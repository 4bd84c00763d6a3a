"""The bench from outside: its words, its faults, its clock, its death. The firmware is a small
fake one.
"""

import json
import os
import signal
import socket
import ssl
import subprocess
import time

import pytest

from tests.host.rig_bench import WAIT_S, Bench, Client, Peer, burn, launch

QUANTUM_MS = 10
UID = "04A2B3C4D5E6F7"


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_dead(pid):
    end = time.monotonic() + WAIT_S
    while alive(pid):
        assert time.monotonic() < end, "process %d lives" % pid
        time.sleep(0.01)


def test_state_has_every_field_of_the_protocol(tmp_path):
    """None may be missing, powered or not; what only the firmware knows is null without it."""
    top = "powered online boot queue parked utc heap_free heap_low uptime_ms flash connectors"
    top = top.split()
    own = "id pilot pilot_mv duty offered_a contactor coil locked amps meter_wh ocpp_status "
    own = (own + "error_code transaction").split()
    with Bench(tmp_path, connectors=2) as bench:
        client = bench.booted()
        for powered in (True, False):
            client.do("power", on=powered)
            state = client.do("state")
            assert set(top) <= set(state) and state["powered"] is powered
            assert [one["id"] for one in state["connectors"]] == [1, 2]
            assert all(set(own) <= set(one) for one in state["connectors"])
            assert (state["boot"] is None) is not powered
        assert state["connectors"][0]["ocpp_status"] is None and state["pid"] is None


def test_bad_input_is_an_error_line(tmp_path):
    lines = (
        b"x",
        b"[]",
        b"\xff\xfe",
        b"{}",
        b'{"cmd":7}',
        b'{"cmd":"fly"}',
        b'{"cmd":"plug","connector":9}',
        b'{"cmd":"plug","cable_a":"x"}',
        b'{"cmd":"plug","wing":1}',
        b'{"cmd":"ev","state":"A"}',
        b'{"cmd":"swipe","token":""}',
        b'{"cmd":"swipe","token":"123456789012345678901"}',
        b'{"cmd":"fault","kind":"rust"}',
        b'{"cmd":"power"}',
        b'{"cmd":"until","where":{"colour":1}}',
        b'{"cmd":"meter","wh":-1}',
        b'{"cmd":"meter","wh":1.5}',
        b"[" * 60000,
        b"y" * 70000,
        b'{"cmd":"unplug"}',
        b'{"cmd":"ev","state":"C"}',
        b'{"cmd":"until","where":null}',
    )
    with Bench(tmp_path) as bench:
        client = bench.client
        for line in lines:
            answer = client.raw(line)
            assert (
                answer["ok"] is False and isinstance(answer["error"], str) and answer["error"]
            ), line
        client.file.write(b"\n\r\n")
        assert client.raw(b'{"cmd":"state","id":{"a":1}}')["id"] == {"a": 1}
    assert "Traceback" not in bench.errors


def test_clients_do_not_wait_for_each_other(tmp_path):
    """An `until` in one connection holds up neither another client nor what follows it on its
    own.
    """
    with Bench(tmp_path) as bench:
        one, two = bench.booted(), Client(bench.port)
        one.file.write(
            b'{"id":"w","cmd":"until","where":{"plugged":true},"timeout":60}\n'
            b'{"id":"s","cmd":"state"}\n'
        )
        one.file.flush()
        assert json.loads(one.file.readline())["id"] == "s"
        two.do("plug")
        assert json.loads(one.file.readline())["id"] == "w"
        answer = two.ask("until", where={"plugged": False}, timeout=0.3)
        assert answer["ok"] is False and answer["connectors"][0]["plugged"] is True


@pytest.mark.parametrize(
    "config, words",
    [
        ("{", "not JSON"),
        ({"cpid": "x"}, "url"),
        ({"url": "http://x/", "cpid": "x"}, "ws://"),
        ({"url": "ws:///x", "cpid": "x"}, "no host"),
        ({"url": "ws://x"}, "cpid"),
        ({"url": "ws://x", "cpid": "x", "colour": 1}, "'colour'"),
        ({"url": "ws://x", "cpid": "x", "connectors": 0}, "connectors"),
        ({"url": "ws://x", "cpid": "x", "keys": {"A": 1}}, "keys.A"),
        ({"url": "ws://x", "cpid": "x", "tls": {"ca": "gone.pem"}}, "gone.pem"),
        ({"url": "ws://x", "cpid": "x", "board": {"phases": 2}}, "phases"),
        ({"url": "ws://x", "cpid": "x", "board": {"wings": 2}}, "'wings'"),
        ({"url": "ws://x", "cpid": "x", "board": {"socket": 1}}, "board.socket"),
    ],
)
def test_wrong_configuration_is_one_line_and_status_2(tmp_path, config, words):
    file = tmp_path / "c.json"
    file.write_text(config if isinstance(config, str) else json.dumps(config))
    ran = launch(
        ["--config", str(file), "--state", str(tmp_path / "d"), "--control", "127.0.0.1:0"]
    )
    _, errors = ran.communicate(timeout=WAIT_S)
    assert ran.returncode == 2 and words in errors and errors.count("\n") == 1, errors


def test_other_rigs_and_missing_files_are_status_2(tmp_path):
    with Bench(tmp_path) as bench:
        second = launch([*bench.arguments[:-3], "127.0.0.1:0"])
        _, errors = second.communicate(timeout=WAIT_S)
        assert second.returncode == 2 and "another bench" in errors
    for more in (["--rig", "hil"], ["--config", "/nowhere.json"], ["--speed", "0"]):
        ran = launch([*bench.arguments, *more])
        ran.communicate(timeout=WAIT_S)
        assert ran.returncode == 2, more


def test_a_charge_is_metered_read_and_bound_to_a_card(tmp_path):
    """Card through the PN532, register through Modbus, another idTag behind the driver; all
    survives power.
    """
    with Bench(tmp_path, speed=20) as bench:
        client = bench.booted()
        client.do("meter", wh=12345678)
        client.do("plug", auto=True, cable_a=32, max_a=16, phases=3)
        state = client.until(contactor=True, locked=True)
        assert (
            state["connectors"][0]["pilot"] == "C" and state["connectors"][0]["offered_a"] == 16.0
        )
        assert client.ask("unplug")["error"] == "locked"
        for token in (UID, "A1B2C3D4", "00112233445566778899"):
            client.do("swipe", token=token)
            client.until(transaction={"id_tag": token})
        state = client.until(meter_wh=12345700, timeout=60)
        assert state["connectors"][0]["amps"] == [16.0] * 3
        client.do("power", on=False)
        state = client.do("state")["connectors"][0]
        assert state["coil"] is False and state["locked"] is True and state["transaction"] is None
        client.until(contactor=False, timeout=0.1)
        kept = client.connector()["meter_wh"]
    with Bench(tmp_path) as bench:
        assert bench.booted().connector()["meter_wh"] == kept


def test_flash_and_counters_survive_the_bench(tmp_path):
    peer = Peer()
    with Bench(tmp_path, url=peer.url) as bench:
        client = bench.booted()
        peer.accept().command("write")
        first = client.do("state")["flash"]
        assert first["programs"] > 0 and first["bytes"] > 0 and first["erases"] >= 2
    with Bench(tmp_path, url=peer.url) as bench:
        again = bench.booted().do("state")["flash"]
        assert again["erases"] == first["erases"], "an existing file system was formatted anew"
    assert b"note.txt" in (bench.dir / "flash.img").read_bytes()


def events(bench):
    """Milliseconds of the bench's clock between a cause and its effects."""
    client, seen = bench.booted(), []

    def measure(command, **where):
        seen.append(client.effect_ms(command, where))

    measure({"cmd": "plug", "auto": True}, locked=True)
    client.until(amps=[16.0, 16.0, 16.0])
    measure({"cmd": "fault", "kind": "rcd"}, contactor=False)
    measure({"cmd": "fault", "kind": "rcd", "on": False}, contactor=True)
    measure({"cmd": "ev", "state": "B"}, contactor=False)
    measure({"cmd": "ev", "state": "C"}, contactor=True)
    measure({"cmd": "fault", "kind": "diode"}, contactor=False)
    return seen


def test_same_scenario_same_times(tmp_path):
    """Speed and load of the machine change when things happen on the wall, never on the bench's
    clock.
    """
    runs = []
    for name, speed, load in (("a", 1, 0), ("b", 20, 0), ("c", 20, 2), ("d", 5, 2)):
        others = burn(load) if load else []
        with Bench(tmp_path, speed=speed, name=name) as bench:
            runs.append(events(bench))
        for other in others:
            other.kill()
            other.wait()
    assert runs[1:] == runs[:1] * 3
    assert all(0 < ms <= 100 for ms in runs[0][1:]), runs[0]


def test_the_clock_keeps_its_pace(tmp_path):
    """At most N times the wall."""
    with Bench(tmp_path, speed=4) as bench:
        client = bench.booted()
        began, first = time.monotonic(), client.do("state")["clock_ms"]
        time.sleep(1)
        went, wall = client.do("state")["clock_ms"] - first, time.monotonic() - began
        assert 1000 < went <= 4000 * wall + 100


@pytest.mark.parametrize("how", ["stop", "loop"])
def test_a_hung_firmware_loses_the_coil_and_its_life(tmp_path, how):
    """The dead-man opens within 100 ms of the bench's clock, the watchdog reboots; car and meter
    stay.
    """
    peer = Peer()
    with Bench(tmp_path, speed=20, url=peer.url) as bench:
        client = bench.booted()
        peer.accept()
        client.do("plug", auto=True)
        state = client.until(contactor=True)
        start = state["clock_ms"]
        if how == "stop":
            os.kill(state["pid"], signal.SIGSTOP)
        else:
            peer.send("loop")
        start = client.do("state")["clock_ms"]
        opened = client.until(coil=False)
        assert opened["hung"] and opened["clock_ms"] - start <= 100 + 3 * QUANTUM_MS
        state = client.until(boots=2, boot="Accepted", timeout=10)
        assert client.until(contactor=True, timeout=5)["connectors"][0]["plugged"]
        assert not alive(opened["pid"]) and state["pid"] != opened["pid"]
    assert "watchdog" in bench.errors


def test_a_paused_firmware_is_waited_for_again(tmp_path):
    with Bench(tmp_path) as bench:
        client = bench.booted()
        pid = client.do("state")["pid"]
        os.kill(pid, signal.SIGSTOP)
        client.until(hung=True)
        os.kill(pid, signal.SIGCONT)
        state = client.until(hung=False, timeout=2)
        assert state["pid"] == pid and state["boots"] == 1


@pytest.mark.parametrize("word, cause, most_ms", [("reset", 3, 500), ("crash", 4, 1500)])
def test_reset_and_crash_reboot_with_their_cause(tmp_path, word, cause, most_ms):
    """A Reset is back within 0.5 s; the retained word survives it and dies with the power."""
    peer = Peer()
    with Bench(tmp_path, url=peer.url) as bench:
        client = bench.booted()
        peer.accept()
        start, wall = client.do("plug")["clock_ms"], time.monotonic()
        peer.send(word)
        state = client.until(boots=2, boot="Accepted")
        assert (
            state["clock_ms"] - start <= most_ms and time.monotonic() - wall < most_ms / 1000 + 1
        )
        assert state["connectors"][0]["plugged"]
        log = (bench.dir / "console.log").read_text()
        assert "cause %d" % cause in log.splitlines()[-1]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_the_firmware_never_outlives_the_bench(tmp_path, name):
    """Killed or asked to end; a stopped firmware dies as well; nothing is left in /dev/shm by an
    end.
    """
    with Bench(tmp_path) as bench:
        pid = bench.booted().do("state")["pid"]
        os.kill(pid, signal.SIGSTOP)
        mine = "evse-wires-%d-" % bench.process.pid
        assert [one for one in os.listdir("/dev/shm") if one.startswith(mine)]
        bench.process.send_signal(getattr(signal, name))
        bench.process.wait(WAIT_S)
        wait_dead(pid)
        if name != "SIGKILL":
            assert bench.process.returncode == 0
        else:
            with Bench(tmp_path, name="next"):  # clears what a killed one left
                pass
        assert not [one for one in os.listdir("/dev/shm") if one.startswith(mine)]


def test_dropped_link_holds_everything_and_gives_it_back(tmp_path):
    """A pulled cable: silence, no close; on return what was sent arrives, and a closed end is
    noticed then.
    """
    peer = Peer()
    with Bench(tmp_path, url=peer.url) as bench:
        client = bench.booted()
        peer.accept().command("one")
        client.until(online=True)
        client.do("link", up=False)
        peer.send("two")
        peer.link.settimeout(0.5)
        with pytest.raises(socket.timeout):
            peer.link.recv(1)
        assert client.do("state")["online"] is True
        client.do("link", up=True)
        peer.link.settimeout(WAIT_S)
        assert peer.link.recv(8, socket.MSG_WAITALL) == b"did two\n"
        client.do("link", up=False)
        peer.link.close()
        assert client.ask("until", where={"online": False}, timeout=1)["ok"] is False
        client.do("link", up=True)
        peer.accept().command("three")


def test_reset_link_resets_both_ends_and_refuses(tmp_path):
    peer = Peer()
    with Bench(tmp_path, url=peer.url) as bench:
        client = bench.booted()
        peer.accept().command("one")
        client.do("link", up=False, how="reset")
        with pytest.raises(ConnectionResetError):
            peer.link.recv(1)
        client.until(online=False, timeout=2)
        peer.server.settimeout(2)
        with pytest.raises(socket.timeout):
            peer.server.accept()
        client.do("link", up=True)
        peer.server.settimeout(WAIT_S)
        peer.accept().command("two")
        client.do("link", up=True, how="reset")
        with pytest.raises(ConnectionResetError):
            peer.link.recv(1)
        peer.accept().command("three")


def test_a_connect_hangs_while_the_cable_is_out(tmp_path):
    peer = Peer()
    with Bench(tmp_path, url=peer.url) as bench:
        bench.client.do("power", on=False)
        bench.client.do("link", up=False)
        bench.client.do("power", on=True)
        peer.server.settimeout(1)
        with pytest.raises(socket.timeout):
            while True:
                peer.server.accept()[0].close()  # what was under way before the power went
        bench.client.do("link", up=True)
        peer.server.settimeout(WAIT_S)
        peer.accept()


def test_two_benches_side_by_side(tmp_path):
    with Bench(tmp_path, name="a") as a, Bench(tmp_path, name="b") as b:
        one, two = a.booted(), b.booted()
        one.do("plug")
        assert one.connector()["plugged"] and not two.connector()["plugged"]


def test_console_goes_to_a_listener_and_back(tmp_path):
    with Bench(tmp_path) as bench:
        bench.booted()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    bench.arguments += ["--console", "127.0.0.1:%d" % port]
    with bench:
        bench.client.do("power", on=False)
        with socket.create_connection(("127.0.0.1", port), WAIT_S) as listener:
            time.sleep(0.1)
            bench.client.do("power", on=True)
            listener.settimeout(WAIT_S)
            assert b"fake firmware on BENCH cause 1" in listener.recv(4096)
            listener.sendall(b"nobody reads this\n")


def test_launcher_works_from_any_folder_and_through_a_link(tmp_path):
    """Also with a caller's Python that must not leak in."""
    from tests.host.rig_bench import ROOT

    env = dict(os.environ, PYTHONHOME="/nowhere", PYTHONPATH="/nowhere")
    (tmp_path / "rig.py").write_text("raise SystemExit('the wrong rig')")
    ran = subprocess.run(
        [str(ROOT / "tools/bench"), "--help"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )
    assert ran.returncode == 0 and "--control" in ran.stdout, ran.stderr


def certificate(folder):
    """A self-signed one for the peer, that the firmware is told to trust."""
    files = [str(folder / "key.pem"), str(folder / "cert.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", files[0], "-out", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    return context


def test_tls_passes_through_whole(tmp_path):
    """End to end: the bench sees only bytes; a cable out and in again does not break a record."""
    context, peer = certificate(tmp_path), Peer()
    url = peer.url.replace("ws://127.0.0.1", "wss://localhost")
    with Bench(tmp_path, url=url, tls={"ca": "cert.pem"}) as bench:
        client = bench.booted()
        peer.accept(context).command("one")
        client.do("link", up=False)
        peer.send("two")
        client.do("link", up=True)
        assert peer.take(8) == b"did two\n"


def test_power_may_come_and_go_at_any_moment(tmp_path):
    with Bench(tmp_path, speed=5) as bench:
        client = bench.booted()
        client.do("plug", auto=True)
        for wait_ms in (0, 1, 2, 5, 10, 20, 50, 100, 0, 0, 200):
            client.do("power", on=False)
            assert client.connector()["coil"] is False
            client.do("power", on=True)
            time.sleep(wait_ms / 1000)
        client.until(boot="Accepted", contactor=True)
    assert "Traceback" not in bench.errors, bench.errors
