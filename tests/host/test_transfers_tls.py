"""firmware/tasks/transfers.py over HTTPS, in MicroPython, with certificates made by trustme."""

import datetime
import hashlib
import random
import ssl
import time

import pytest
import trustme

from tests.host.transfer_rig import one, pattern, reply, says, server

DATA = random.Random(6).randbytes(60_000)
DIGEST = hashlib.sha256(DATA).hexdigest()
FILE = reply(200, f"Content-Length: {len(DATA)}", 'ETag: "v1"', body=DATA)
NAME = "files.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """(a CA, the file a charger would be given)."""
    ca = trustme.CA(key_type=trustme.KeyType.ECDSA)
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, str(path)


def context(ca, *names, **options):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names, key_type=trustme.KeyType.ECDSA, **options).configure_cert(made)
    return made


def test_a_file_from_a_server_we_trust(authority):
    ca, path = authority
    with server(says(FILE), context(ca, NAME)) as (port, requests):
        report, job = one(url=f"https://u:p@{NAME}:{port}/f", tls={"ca": path})
    assert job["ended"] == [None] and report["digests"] == [DIGEST]
    assert requests[0].fields["host"] == f"{NAME}:{port}" and requests[0].fields["authorization"]


def test_a_file_to_a_server_we_trust(authority):
    def answer(connection, request):
        connection.sendall(reply(100))
        kept.append(request.read_body())
        connection.sendall(reply(204))

    kept: list = []
    ca, path = authority
    with server(answer, context(ca, NAME)) as (port, _):
        _, job = one(url=f"https://{NAME}:{port}/logs", name="d", size=60_000, tls={"ca": path})
    assert job["ended"] == [None] and kept == [pattern(60_000)]


def test_another_name_is_not_the_server(authority):
    """RFC 6125: the certificate must be of the host in the URL."""
    ca, path = authority
    with server(says(FILE), context(ca, "other.example")) as (port, requests):
        _, job = one(url=f"https://{NAME}:{port}/f", tls={"ca": path})
    assert refused(job) and requests == []


def test_an_unknown_authority_is_not_trusted(authority):
    stranger = trustme.CA(key_type=trustme.KeyType.ECDSA)
    with server(says(FILE), context(stranger, NAME)) as (port, requests):
        _, job = one(url=f"https://{NAME}:{port}/f", tls={"ca": authority[1]})
    assert refused(job) and requests == []


def test_without_an_authority_nobody_is_trusted(authority):
    with server(says(FILE), context(authority[0], NAME)) as (port, requests):
        _, job = one(url=f"https://{NAME}:{port}/f")
    assert refused(job) and requests == []


def refused(job):
    """For its certificate, before a byte of the request was said."""
    (error,) = job["ended"]
    words = ("certificate", "No CA Chain")
    return job["started"] == 0 and any(word in error for word in words)


def test_a_server_that_does_not_speak_tls(authority):
    with server(says(), first=b"220 files.example FTP\r\n" * 50) as (port, _):
        _, job = one(url=f"https://{NAME}:{port}/f", tls={"ca": authority[1]})
    assert job["ended"][0] and job["started"] == 0


def test_a_handshake_that_stalls_is_given_up(authority):
    with server(lambda connection, request: time.sleep(3)) as (port, _):
        _, job = one(url=f"https://{NAME}:{port}/f", tls={"ca": authority[1]}, speed=20)
    assert job["ended"] == ["no answer within 30 s"]


def test_what_breaks_off_arrives_whole(authority):
    def answer(connection, request):
        asked = request.fields.get("range", "bytes=0-")
        first = int(asked[6:-1])
        end = f"{len(DATA) - 1}/{len(DATA)}"
        status = 206 if first else 200
        fields = [f"Content-Length: {len(DATA) - first}", 'ETag: "v1"']
        if first:
            fields.append(f"Content-Range: bytes {first}-{end}")
        connection.sendall(reply(status, *fields, body=DATA[first : first + 17_000]))

    ca, path = authority
    with server(answer, context(ca, NAME)) as (port, requests):
        report, job = one(url=f"https://{NAME}:{port}/f", tls={"ca": path}, again=9)
    assert job["ended"] == [None] and report["digests"] == [DIGEST] and len(requests) == 4


def test_a_redirect_into_tls_is_followed_and_out_of_it_is_not(authority):
    """Who can answer for a server by plain HTTP could send us anything."""
    ca, path = authority
    with server(says(FILE), context(ca, NAME)) as (secure, seen):
        there = says(reply(302, f"Location: https://{NAME}:{secure}/f"))
        with server(there) as (open_, _):
            report, job = one(url=f"http://u:p@{NAME}:{open_}/f", tls={"ca": path})
            assert job["ended"] == [None] and report["digests"] == [DIGEST]
            assert "authorization" not in seen[0].fields
            back = says(reply(302, f"Location: http://{NAME}:{open_}/f"))
            with server(back, context(ca, NAME)) as (port, _):
                _, job = one(url=f"https://{NAME}:{port}/f", tls={"ca": path})
    assert job["ended"] == ["redirect from https to http"]


def test_the_heap_does_not_grow_with_the_file(authority):
    """MicroPython's, that is: on this port the TLS library has its buffers elsewhere."""
    ca, path = authority
    peaks = []
    for size in (65536, 1048576):
        answer = reply(200, f"Content-Length: {size}", body=bytes(size))
        with server(says(answer), context(ca, NAME)) as (port, _):
            report, job = one(url=f"https://{NAME}:{port}/f", tls={"ca": path})
        assert job["ended"] == [None] and job["offset"] == size
        peaks.append(report["peak"])
    assert max(peaks) < 32768 and abs(peaks[1] - peaks[0]) < 8192, peaks


def test_a_certificate_that_has_expired(authority):
    ca, path = authority
    past = datetime.datetime(2020, 1, 1)
    with server(says(FILE), context(ca, NAME, not_after=past)) as (port, requests):
        _, job = one(url=f"https://{NAME}:{port}/f", tls={"ca": path})
    assert refused(job) and requests == []
