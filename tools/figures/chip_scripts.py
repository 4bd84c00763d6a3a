"""What the emulated chip is told to run for tools/figures/chip.py: MicroPython, as text.

KERNEL wires port, kernel and safety task as firmware/main.py does, with the waiting times before
power made short, so that a thousand closings fit minutes; what opens is untouched. INTERLOCK has
no kernel: an interrupt feeds the coil and opens it explicitly after a drop. LOAD is what goes on
in front of the interrupt: the largest message that the firmware takes, as JSON both ways, a
collection, TLS with both ends in this chip's memory, pages of the journal, blocks erased while the
contactor is open, bytes on two UARTs.
"""

import binascii
import json
from datetime import datetime, timedelta, timezone

LARGEST = 8192  # bytes of a message on this board: firmware/stores.py

_PORT = """
import gc, machine, micropython, time, board
from hal.rp2 import Port
gc.collect()
port = Port(board)
one = port.connectors[0]
micropython.alloc_emergency_exception_buf(100)
"""

KERNEL = (
    _PORT
    + """
from firmware.evse.kernel import Kernel
from firmware.evse.limit import Limit
from firmware.tasks.safety import Safety
quick = {"on_ms": 20, "duty_gap_ms": 20, "f_hold_ms": 20, "pwm_settle_ms": 10, "retry_ms": 20,
         "retries": 1000000}
limit = Limit(max_ma=board.max_ma, socket=board.socket, ventilation=board.ventilation, **quick)
kernel = Kernel(one, limit, False)
safety = Safety(port, [kernel], None)
port.arm_watchdog(8000)
port.beat(safety.beat)
time.sleep_ms(100)
kernel.facts.armed = True
kernel.facts.permit_ma = 16000
def well():
    kernel.meter_read(0, 2300)
    safety._unseen_ms = 0
    safety.look()
    return safety.faulted is None
def is_open():
    return not kernel.wishes.close
"""
)

INTERLOCK = (
    _PORT
    + """
coil = one.coils[0]
def feed(ms, news):
    coil.value(0 if coil.dropped else 1)
one.eye.expect(1000000, 1000000, 1000000)
port.beat(feed)
def well():
    return True
def is_open():
    return False
"""
)

IDLE = """
while well():
    time.sleep_ms(100)
"""

LOAD = """
import binascii, io, json, tls
text = %(message)r
key, cert = binascii.unhexlify(%(key)r), binascii.unhexlify(%(cert)r)
journal = port.region(board.file_blocks, board.journal_blocks)
page = bytes(range(256))
network = machine.UART(0, 921600, tx=machine.Pin(0), rx=machine.Pin(1), rxbuf=2048)
class End(io.IOBase):
    def __init__(self):
        self.held, self.other = b"", None
    def readinto(self, into):
        n = min(len(into), len(self.held))
        if not n:
            return None
        into[:n] = self.held[:n]
        self.held = self.held[n:]
        return n
    def write(self, data):
        self.other.held += bytes(data)
        return len(data)
    def ioctl(self, what, how):
        return how if what == 3 else 0
def shake():
    "TLS 1.2, verified; None when it is done, so often."
    near, far = End(), End()
    near.other, far.other = far, near
    server = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert, key)
    client = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cert)
    a = client.wrap_socket(near, server_hostname="localhost", do_handshake_on_connect=False)
    b = server.wrap_socket(far, server_side=True, do_handshake_on_connect=False)
    said = heard = None
    while not said or not heard:
        said = said or a.write(b"hello")
        heard = heard or b.read(5)
        yield
def work():
    done = {"json": 0, "tls": 0, "pages": 0, "erases": 0}
    block, at = 0, 0
    hands = shake()
    while well():
        json.loads(text)
        done["json"] += 1
        yield done
        gc.collect()
        try:
            next(hands)
        except StopIteration:
            done["tls"] += 1
            hands = shake()
        yield done
        json.dumps(json.loads(text))
        network.write(page)
        network.read()
        port.meter_uart.write(page[:8])
        yield done
        for _ in range(3):
            journal.writeblocks(block, page, at)
            done["pages"] += 1
            at += 256
            yield done
            if at == 4096:
                at, block = 0, (block + 1) %% board.journal_blocks
        if is_open():
            journal.ioctl(6, (block + 1) %% board.journal_blocks)
            done["erases"] += 1
last = None
for done in work():
    if done["json"] %% 50 == 1 and done["json"] != last:
        last = done["json"]
        print(done)
"""


def largest():
    """SendLocalList of as many idTags as LARGEST holds."""
    entry = {
        "idTag": "%020d",
        "idTagInfo": {
            "status": "Accepted",
            "parentIdTag": "FLEET",
            "expiryDate": "2030-01-01T00:00:00Z",
        },
    }
    many, text = [], ""
    while len(text) <= LARGEST:
        fits = text
        many.append(json.loads(json.dumps(entry) % len(many)))
        payload = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": many}
        text = json.dumps([2, "1" * 36, "SendLocalList", payload], separators=(",", ":"))
    return fits


def certificate():
    """(private key, certificate) of `localhost`, P-256, DER in hex."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begun = datetime(2020, 1, 1, tzinfo=timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun)
        .not_valid_after(begun + timedelta(days=10000))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    der = serialization.Encoding.DER
    private = key.private_bytes(
        der, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return binascii.hexlify(private), binascii.hexlify(made.public_bytes(der))


def script(base, loaded):
    if not loaded:
        return base + IDLE
    key, cert = certificate()
    return base + LOAD % {"message": largest(), "key": key, "cert": cert}
