"""make sim, from outside: it bills right, says why when it cannot, and leaves nothing behind."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import websockets.sync.client

from tests.scenarios import backend as scenario
from tools import csms_script as script
from tools.csms_backend import Backend
from tools.csms_frame import FROM, Frame, parse

ROOT = Path(__file__).resolve().parents[2]
SHORT = ["--wh", "400"]
PATIENCE_S = 60


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A sim of our own: `make sim` of a developer in the same tree is not disturbed."""
    monkeypatch.setenv("EVSE_SIM", str(tmp_path))
    return tmp_path


def sim(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tools/sim.py"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=dict(os.environ, **environment),
    )


def benches(folder):
    """Processes that still work with this folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def gone(folder):
    end = time.monotonic() + 10
    while benches(folder) and time.monotonic() < end:
        time.sleep(0.1)
    return not benches(folder)


def test_a_session_without_a_terminal(folder):
    """It plugs, swipes, charges, stops, unplugs; bill and picture are there; status 0; nothing
    is left running."""
    out, err = (process := sim(*SHORT)).communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    assert err == ""
    # The backend tells of its frames, the bench of the car and the contactor; the two observers
    # have no common order within a moment.
    for words in (
        ["BootNotification", "Authorize", "StartTransaction", "Charging", "SuspendedEV"],
        ["the car is plugged in", "contactor is closed", "contactor is open", "the car leaves"],
        ["the car is plugged in", "Authorize", "StopTransaction"],
        ["StopTransaction", "the car leaves", "billed right"],
    ):
        at = [out.index(word) for word in words]
        assert at == sorted(at), out
    assert "\x1b" not in out, "plain lines without a terminal"
    assert (folder / "session.png").read_bytes().startswith(b"\x89PNG")
    assert gone(folder)


def test_it_says_why(folder):
    """A session that cannot be ends with status 1 and one clear line."""
    out, err = (process := sim(*SHORT, EVSE_CODE="/no/such/firmware")).communicate(
        timeout=PATIENCE_S
    )
    assert process.returncode == 1
    assert "billed right" not in out
    assert err.startswith("sim: an accepted BootNotification did not come")
    assert gone(folder)


def test_it_ends_when_told(folder):
    """SIGTERM in the middle: status 1, and the bench and the firmware go with it."""
    process = sim()
    end = time.monotonic() + 20
    while not benches(folder) and time.monotonic() < end:
        time.sleep(0.1)
    assert benches(folder)
    time.sleep(2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 1
    assert gone(folder)


def test_its_bench_ends_with_it(folder):
    """Even SIGKILL of the sim leaves no bench and no firmware behind."""
    process = sim()
    end = time.monotonic() + 20
    while not benches(folder) and time.monotonic() < end:
        time.sleep(0.1)
    process.kill()
    process.communicate(timeout=20)
    assert gone(folder)


def read_until(fd, text, seconds):
    seen, end = b"", time.monotonic() + seconds
    while text.encode() not in seen:
        assert time.monotonic() < end, "%r did not come: %s" % (
            text,
            seen.decode(errors="replace")[-2000:],
        )
        if select.select([fd], [], [], 0.2)[0]:
            seen += os.read(fd, 65536)
    return seen.decode(errors="replace")


def test_a_terminal_may_play(folder):
    """With a terminal it stays up and takes verbs; a wrong one is an answer, not an end."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "tools/sim.py", *SHORT])
    try:
        read_until(fd, "It is yours", PATIENCE_S)
        read_until(fd, "connector 1", 20)
        for typed, seen in (
            ("help", "remote start"),
            ("jump", "lists the verbs"),
            ("plug", "Preparing"),
            ("swipe", "Charging"),
            ("state", "ocpp_status"),
            ("fault nonsense on", "is expected"),
            ("remote stop", "StopTransaction"),
        ):
            os.write(fd, typed.encode() + b"\n")
            read_until(fd, seen, 20)
        os.write(fd, b"quit\n")
        end = time.monotonic() + 20
        while (done := os.waitpid(pid, os.WNOHANG))[0] == 0 and time.monotonic() < end:
            if select.select([fd], [], [], 0.1)[0]:
                try:
                    os.read(fd, 65536)
                except OSError:
                    continue  # the other end is closed
        assert done[0] == pid and os.waitstatus_to_exitcode(done[1]) == 0
        pid = 0
    finally:
        if pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(fd)
    assert gone(folder)


# --- the backend itself --------------------------------------------------------------------------


@pytest.fixture
def csms():
    made = Backend().start()
    yield made
    made.stop()


def connect(csms, **how):
    return websockets.sync.client.connect(csms.url + "/CP", subprotocols=["ocpp1.6"], **how)


def ask(link, action, payload, message_id="1"):
    link.send(json.dumps([2, message_id, action, payload]))
    return json.loads(link.recv(5))


START = {"connectorId": 1, "idTag": "A", "meterStart": 5, "timestamp": "2026-11-22T06:00:00Z"}


def test_backend_books_a_repeated_message_once(csms):
    """A message that comes again under its id is answered alike and booked once."""
    with connect(csms) as link:
        first, again = ask(link, "StartTransaction", START), ask(link, "StartTransaction", START)
        assert first == again
        other = ask(link, "StartTransaction", START, "2")
        assert other[2]["transactionId"] != first[2]["transactionId"]
    assert len(csms.ledger.transactions) == 2 and csms.ledger.repeated == ["1"]


def test_backend_notes_what_breaks_the_schema(csms):
    """Every frame of the charge point is judged: type, length, names, and answers too."""
    with connect(csms) as link:
        assert ask(link, "Heartbeat", {})[0] == 3
        assert not csms.record.violations()
        assert ask(link, "StartTransaction", dict(START, meterStart="5"))[0] == 4
        assert ask(link, "Heartbeat", {"more": 1}, "3")[0] == 4
        link.send('[3,"nobody-asked",{}]')
        link.send("rubbish")
        assert csms.wait(lambda: len(csms.record.violations()) == 4, 5), csms.record.violations()


@pytest.mark.parametrize(
    ("bend", "seen"),
    [
        (script.answer({"status": 1}), lambda text: json.loads(text)[2] == {"status": 1}),
        (
            script.error("GenericError"),
            lambda text: json.loads(text)[:3] == [4, "1", "GenericError"],
        ),
        (script.wrong_id({}), lambda text: json.loads(text)[1] != "1"),
        (script.garbage("nonsense"), lambda text: text == "nonsense"),
        (script.garbage(b"\x01"), lambda text: text == b"\x01"),
        (script.late(0.2), lambda text: json.loads(text)[0] == 3),
        (
            script.altered(lambda payload: dict(payload, x=1)),
            lambda text: json.loads(text)[2]["x"] == 1,
        ),
    ],
    ids=["answer", "error", "wrong_id", "garbage", "binary", "late", "altered"],
)
def test_backend_bends_one_answer(csms, bend, seen):
    """A bend changes the answer it is for, once, and no other."""
    csms.bend("Heartbeat", bend)
    with connect(csms) as link:
        link.send('[2,"1","Heartbeat",{}]')
        assert seen(link.recv(5))
        assert "currentTime" in ask(link, "Heartbeat", {}, "2")[2]
        assert len(bend.hits) == 1


@pytest.mark.parametrize("bend", [script.deaf(), script.lost()], ids=["deaf", "lost"])
def test_backend_keeps_silent(csms, bend):
    """deaf() does not book, lost() does; neither answers."""
    csms.bend("StartTransaction", bend)
    with connect(csms) as link:
        link.send(json.dumps([2, "1", "StartTransaction", START]))
        with pytest.raises(TimeoutError):
            link.recv(0.3)
        assert len(csms.ledger.transactions) == (0 if bend.deaf else 1)


@pytest.mark.parametrize(
    ("header", "lets_in"), [(None, False), ("CP:wrong", False), ("CP:secret", True)]
)
def test_backend_wants_a_password(header, lets_in):
    """With a password only Basic credentials that carry it come in; others see 401."""
    import base64

    csms = Backend(password="secret").start()
    headers = {}
    if header:
        headers["Authorization"] = "Basic " + base64.b64encode(header.encode()).decode()
    try:
        if lets_in:
            with connect(csms, additional_headers=headers) as link:
                assert ask(link, "Heartbeat", {})[0] == 3
        else:
            with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
                with connect(csms, additional_headers=headers):
                    raise AssertionError("let in")
            assert refused.value.response.status_code == 401
    finally:
        csms.stop()


def status(link, word, number=1):
    return parse(
        Frame(
            FROM,
            json.dumps(
                [
                    2,
                    "x",
                    "StatusNotification",
                    {"connectorId": number, "errorCode": "NoError", "status": word},
                ]
            ),
            link,
        )
    )


def test_the_oracle_sees_what_is_wrong():
    """A change outside the table is seen, on one link; a new link starts from what is told."""
    assert scenario.wrong_words([status(0, "Available"), status(0, "Finishing")])
    assert not scenario.wrong_words([status(0, "Available"), status(1, "Finishing")])
    assert scenario.wrong_words([status(0, "Charging", 0)])
    assert not scenario.wrong_words(
        [status(0, "Charging"), status(0, "Charging"), status(0, "Available")]
    )
