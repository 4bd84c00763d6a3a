"""P-256: keys, signatures and what is none, by published vectors and by what could be forged."""

import binascii
import hashlib

from firmware.crypto import curve, nonce, p256, run
from firmware.crypto.curve import ORDER, PRIME

# RFC 6979 A.2.5
PRIVATE = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
PUBLIC = (
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
SIGNED = (  # message, nonce, r, s
    (
        b"sample",
        0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60,
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    ),
    (
        b"test",
        0xD16B6AE827F17175E040871A1C7EC3500192C4C92677336EC2537ACAEE0008E0,
        0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
        0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
    ),
)
# CAVS 11.0, FIPS 186-3 KeyPair.rsp: private, x, y
PAIRS = (
    (
        0xC9806898A0334916C860748880A541F093B579A9B1F32934D86C363C39800357,
        (
            "D0720DC691AA80096BA32FED1CB97C2B620690D06DE0317B8618D5CE65EB728F"
            "9681B517B1CDA17D0D83D335D9C4A8A9A9B0B1B3C7106D8F3C72BC5093DC275F"
        ),
    ),
    (
        0x710735C8388F48C684A97BD66751CC5F5A122D6B9A96A2DBE73662F78217446D,
        (
            "F6836A8ADD91CB182D8D258DDA6680690EB724A66DC3BB60D2322565C39E4AB9"
            "1F837AA32864870CB8E8D0AC2FF31F824E7BEDDC4BB7AD72C173AD974B289DC2"
        ),
    ),
)
# The same, SigVer.rsp: SHA-256 of the message, x, y, r, s, good
CHECKED = (
    (
        b"D1B8EF21EB4182EE270638061063A3F3C16C114E33937F69FB232CC833965A94",
        (
            "E424DC61D4BB3CB7EF4344A7F8957A0C5134E16F7A67C074F82E6E12F49ABF3C"
            "970EED7AA2BC48651545949DE1DDDAF0127E5965AC85D1243D6F60E7DFAEE927"
        ),
        0xBF96B99AA49C705C910BE33142017C642FF540C76349B9DAB72F981FD9347F4F,
        0x17C55095819089C2E03B9CD415ABDF12444E323075D98F31920B9E0F57EC871C,
        True,
    ),
    (
        b"A82C31412F537135D1C418BD7136FB5FDE9426E70C70E7C2FB11F02F30FDEAE2",
        (
            "87F8F2B218F49845F6F10EEC3877136269F5C1A54736DBDF69F89940CAD41555"
            "E15F369036F49842FAC7A86C8A2B0557609776814448B8F5E84AA9F4395205E9"
        ),
        0xD19FF48B324915576416097D2544F7CBDF8768B1454AD20E0BAAC50E211F23B0,
        0xA3E81E59311CDFFF2D4784949F7A2CB50BA6C3A91FA54710568E61ACA3E847C6,
        False,
    ),
)
HIGH_X = (  # whose point has x = ORDER + 3; OpenSSL takes it too
    "95F68B98D457B069F73BDE9BBB7B6006D1E0EA8F6898D9D338DF6117EBFB77E4"
    "C4F44A4B05E99A980E0B3E3B30CEFB28087A445E3C2009E3BECCA3BA90DFEF9E"
)
HIGH_X_S = 0x1234567890ABCDEF00000000000000000000000000000007


class Dice:
    """Entropy that is another on each call, and the same in each run of a test."""

    def __init__(self, seed):
        self.state = seed.to_bytes(4, "big")

    def __call__(self, count):
        data = b""
        while len(data) < count:
            self.state = hashlib.sha256(self.state).digest()
            data += self.state
        return data[:count]


def key(text):
    return b"\x04" + binascii.unhexlify(text)


def sha256(message):
    return hashlib.sha256(message).digest()


def test_signs_as_published():
    """RFC 6979 A.2.5, with SHA-256; whatever the blinding is."""
    for seed, (message, number, r, s) in enumerate(SIGNED):
        assert next(nonce.nonces(PRIVATE, sha256(message), ORDER)) == number
        for other in (0, 1):
            blind = Dice(seed * 2 + other)
            assert run(p256.sign(PRIVATE, sha256(message), blind)) == (r, s)
        assert run(p256.verify(key(PUBLIC), sha256(message), r, s))


def test_public_key_as_published():
    for private, text in PAIRS + ((PRIVATE, PUBLIC),):
        assert run(p256.public_key(private, Dice(1))) == key(text)


def test_least_and_greatest_key():
    """1 and -1 are the base point and its mirror; 2 doubles, 3 adds."""
    x, y, _ = curve.BASE
    assert run(p256.public_key(1, Dice(2))) == curve.encode(x, y)
    assert run(p256.public_key(ORDER - 1, Dice(3))) == curve.encode(x, PRIME - y)
    twice = curve.double(curve.BASE)
    for private, point in ((2, twice), (3, curve.add(twice, curve.BASE))):
        assert run(p256.public_key(private, Dice(4))) == curve.encode(*run(curve.affine(point)))


def test_sum_is_complete():
    """Equal, opposite and infinite points are no case apart."""
    x, y, _ = curve.BASE
    nothing = (0, 1, 0)
    mirror = (x, PRIME - y, 1)
    assert run(curve.affine(curve.add(curve.BASE, nothing))) == (x, y)
    assert run(curve.affine(curve.add(nothing, curve.BASE))) == (x, y)
    assert curve.add(curve.BASE, mirror)[2] == 0 and curve.add(curve.BASE, mirror)[1]
    assert curve.add(nothing, nothing)[2] == 0 and curve.double(nothing)[2] == 0
    twice = run(curve.affine(curve.double(curve.BASE)))
    assert run(curve.affine(curve.add(curve.BASE, curve.BASE))) == twice


def test_verifies_as_published():
    """FIPS 186-3 SigVer.rsp, one good and one whose s was changed."""
    for digest, text, r, s, good in CHECKED:
        assert run(p256.verify(key(text), binascii.unhexlify(digest), r, s)) is good


def test_another_message_key_or_signature():
    message, _, r, s = SIGNED[0]
    digest = sha256(message)
    assert not run(p256.verify(key(PUBLIC), sha256(b"sampld"), r, s))
    assert not run(p256.verify(key(PAIRS[0][1]), digest, r, s))
    assert not run(p256.verify(key(PUBLIC), digest, r + 1, s))
    assert not run(p256.verify(key(PUBLIC), digest, r, s - 1))
    assert not run(p256.verify(key(PUBLIC), digest, s, r))
    assert run(p256.verify(key(PUBLIC), digest, r, ORDER - s))  # ECDSA has two of each


def test_range_of_a_signature():
    """FIPS 186-5 6.4.2 step 1: r and s are 1..n - 1. Any other is refused at once."""
    message, _, r, s = SIGNED[0]
    digest = sha256(message)
    for bad_r, bad_s in (
        (0, s), (r, 0), (0, 0), (ORDER, s), (r, ORDER), (r + ORDER, s), (r, s + ORDER),
        (r - ORDER, s), (r, s - ORDER), (-r, s), (r, -s), (r + (1 << 256), s), (r, s + (1 << 300)),
    ):  # fmt: skip
        assert stops_at_once(p256.verify(key(PUBLIC), digest, bad_r, bad_s))


def stops_at_once(check):
    """Refused before any work was done."""
    try:
        next(check)
    except StopIteration as end:
        return end.value is False
    return False


def test_what_is_no_public_key():
    """SP 800-56A 5.6.2.3.3: in range, on the curve, not at infinity; and only the long form."""
    message, _, r, s = SIGNED[0]
    good = key(PUBLIC)
    x, y = good[1:33], good[33:]
    prime = PRIME.to_bytes(32, "big")
    high = (int.from_bytes(x, "big") + PRIME) & ((1 << 256) - 1)
    for bad in (
        b"",
        b"\x00",
        bytes(65),
        good[:64],
        good + b"\x00",
        good[:33] + b"\x00" + good[33:],
        good[1:],
        b"\x02" + x,
        b"\x03" + x,
        b"\x06" + good[1:],
        b"\x05" + good[1:],
        b"\x04" + y + x,
        b"\x04" + bytes(64),
        b"\x04" + x + (int.from_bytes(y, "big") ^ 1).to_bytes(32, "big"),
        b"\x04" + high.to_bytes(32, "big") + y,
        b"\x04" + prime + y,
        b"\x04" + x + prime,
        b"\xff" * 65,
    ):
        assert curve.decode(bad) is None, bad
        assert stops_at_once(p256.verify(bad, sha256(message), r, s))


def test_coordinate_above_the_prime():
    """(x + p, y) means the point (x, y): taken, one key would have two forms. Small ones fit."""
    for x in (0, 5):
        y = pow(x**3 - 3 * x + curve._B, (PRIME + 1) // 4, PRIME)
        assert curve.decode(curve.encode(x, y)) == (x, y, 1)
        assert curve.decode(curve.encode(x + PRIME, y)) is None


def test_sum_at_infinity():
    """Where both halves cancel, there is no x to compare with r (FIPS 186-5 6.4.2 step 6)."""
    _, _, r, s = SIGNED[0]
    digest = (-r * PRIVATE % ORDER).to_bytes(32, "big")
    assert not run(p256.verify(key(PUBLIC), digest, r, s))


def test_key_that_is_the_base_point():
    """Both halves of the check then add the same point, or a point and its mirror."""
    for private in (1, 2, ORDER - 1, ORDER - 2):
        public = run(p256.public_key(private, Dice(5)))
        r, s = run(p256.sign(private, sha256(b"x"), Dice(6)))
        assert run(p256.verify(public, sha256(b"x"), r, s))
        assert not run(p256.verify(public, sha256(b"y"), r, s))


def test_x_above_the_order():
    """r is x modulo the order: 3 stands for x = 3 and for x = n + 3."""
    assert run(p256.verify(key(HIGH_X), sha256(b"large x"), 3, HIGH_X_S))
    assert not run(p256.verify(key(HIGH_X), sha256(b"large x"), 4, HIGH_X_S))


def test_generated_key_signs():
    pairs = [run(p256.generate(Dice(seed))) for seed in (7, 8)]
    assert pairs[0] != pairs[1]
    for private, public in pairs:
        assert 0 < private < ORDER and run(p256.public_key(private, Dice(9))) == public
        r, s = run(p256.sign(private, sha256(b"x"), Dice(9)))
        assert run(p256.verify(public, sha256(b"x"), r, s))


def test_every_key_can_come():
    """FIPS 186-5 A.2.1: 384 bits of entropy modulo n - 1, plus 1."""
    for data, private in (
        (bytes(47) + b"\x05", 6),
        ((ORDER - 2).to_bytes(48, "big"), ORDER - 1),
        ((ORDER - 1).to_bytes(48, "big"), 1),
    ):
        source, dice = [data], Dice(10)
        entropy = lambda n, s=source, d=dice: s.pop() if s else d(n)  # noqa: E731
        assert run(p256.generate(entropy))[0] == private


def test_dead_entropy():
    """A source that gives too little, or one byte over and over, makes no key, blinds nothing."""
    for source in (lambda n: bytes(n), lambda n: b"\xff" * n, lambda n: b"\x01\x02" * (n // 4)):
        for work in (p256.generate(source), p256.sign(PRIVATE, sha256(b"x"), source)):
            assert refuses(work, "entropy")


def test_callers_mistakes():
    for private in (0, -1, ORDER, ORDER + 1):
        assert refuses(p256.sign(private, sha256(b"x"), Dice(1)), "private")
        assert refuses(p256.public_key(private, Dice(1)), "private")
    for digest in (b"", bytes(31), bytes(33), bytes(64)):
        assert refuses(p256.sign(PRIVATE, digest, Dice(1)), "SHA-256")
        assert refuses(p256.verify(key(PUBLIC), digest, 1, 1), "SHA-256")


def refuses(work, word):
    try:
        run(work)
    except ValueError as e:
        return word in str(e)
    return False
