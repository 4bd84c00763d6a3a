"""From a certificate up to a root that was installed: may it be trusted for this purpose, now?

verify() promises that what it accepts has a signature of a key this room can verify at every
step, right names, CA and key usage flags, path lengths and purposes (RFC 5280 §6.1), keys and
algorithms of A00.FR.501 to 506, and is valid at `at`. Everything else is refused with a short
reason. Revocation is not looked up: the whitepaper leaves that to the Central System (A00.FR.702,
706), and a root that was deleted is not among `roots`.

Time that is not known opens no door. With `at` None (the clock was never set) all is refused,
but for a caller that says with `earliest` which moment has surely passed: what expired before it
is refused then, what starts later cannot be told apart. That is for the way to the time itself,
the first connection after a power cut; ask again once the clock is set. A firmware certificate
is never accepted without the time. A clock behind `earliest` is wrong, and `earliest` is used.
"""

from hashlib import sha256

from micropython import const

from firmware.crypto import algorithm, extension, signature
from firmware.crypto.der import upper_hex

SERVER = "server"
CLIENT = "client"  # the charge point's own
FIRMWARE = "firmware"
AUTHORITY = "authority"  # a new root, signed by the one it replaces (M05.FR.09)

_MOST_CERTIFICATES = const(4)
_PURPOSES = {
    SERVER: (extension.SERVER_AUTH, extension.ANY_PURPOSE),
    CLIENT: (extension.CLIENT_AUTH, extension.ANY_PURPOSE),
    # "Any" is too little to replace what this charger runs (RFC 5280 §4.2.1.12 lets us ask).
    FIRMWARE: (extension.CODE_SIGNING,),
}


def verify(certificates, roots, at, purpose: str, earliest=None):
    """A generator of (the root that ends the chain, "") or (None, why not).

    `certificates`: the leaf, then intermediates in any order. `at`, `earliest`: UTC s or None.
    """
    if not 1 <= len(certificates) <= _MOST_CERTIFICATES:
        return None, "%d certificates" % len(certificates)
    now, fault = _now(at, earliest, purpose)
    below = certificates[0]
    fault = fault or _leaf_fault(below, purpose, len(certificates))
    fault = fault or _time_fault(below, at, now)
    unused = list(certificates[1:])
    count = 0  # of intermediates so far that count for pathLen
    while not fault:
        root, why = yield from _issuer(below, roots, purpose, at, now, count)
        if root:
            return root, ""
        above, fault = yield from _issuer(below, unused, purpose, at, now, count)
        if above is None:
            fault = fault if why == _UNKNOWN else why
            break
        unused.remove(above)
        count += not above.is_self_issued()
        below = above
    return None, fault


def check_root(certificate, at, earliest=None):
    """A generator of why this may not be installed as a root (M05.FR.06), "" when it may.

    It signed itself. That proves nothing but that it is whole, so a signature of a kind that the
    TLS stack knows and this room does not is left to it; one that nobody may use is refused.
    """
    now, fault = _now(at, earliest, AUTHORITY)
    fault = fault or _time_fault(certificate, at, now) or _authority_fault(certificate)
    fault = fault or algorithm.key_fault(certificate.public_key)
    fault = fault or algorithm.signature_fault(certificate.signature_name)
    if fault:
        return fault
    if not certificate.is_self_issued():
        return "not self-signed"
    if certificate.signature_name in algorithm.OURS and len(certificate.public_key) > 1:
        if not (yield from _is_signed_by(certificate, certificate)):
            return "wrong signature"
    return ""


def earliest_now(built_at: int, roots) -> int:
    """A moment that has surely passed: this firmware was built, the newest root was made."""
    return max([built_at] + [root.not_before for root in roots])


def hash_data(certificate, issuer) -> dict:
    """The CertificateHashDataType of a certificate; `issuer` is itself for a root (edition 3,
    §6.1; RFC 6960 §4.1.1). Both hashes in the canonical case of hexBinary, as the serial number
    in its example."""
    if certificate.issuer != issuer.subject:
        raise ValueError("not its issuer")
    return {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": upper_hex(sha256(certificate.issuer).digest()),
        "issuerKeyHash": upper_hex(sha256(issuer.key_bits).digest()),
        "serialNumber": "%X" % certificate.serial,
    }


_UNKNOWN = "issuer unknown"


def _issuer(below, candidates, purpose: str, at, now, count: int):
    """A generator of (who of the candidates signed `below`, "") or (None, why nobody)."""
    fault = _UNKNOWN
    for above in candidates:
        if above.subject != below.issuer or not _same_key_id(above, below):
            continue
        fault = _time_fault(above, at, now) or _authority_fault(above)
        fault = fault or _purpose_fault(above, purpose)
        limit = above.extensions.path_len
        if not fault and limit is not None and count > limit:
            fault = "path too long"
        fault = fault or algorithm.key_fault(above.public_key)
        fault = fault or _unverifiable(above.public_key[0], below.signature_name)
        if not fault:
            if (yield from _is_signed_by(below, above)):
                return above, ""
            fault = "wrong signature"
    return None, fault


def _same_key_id(above, below) -> bool:
    """A hint (RFC 5280 §4.2.1.1) that saves trying the old key of an issuer that has a new one."""
    one, other = above.extensions.subject_key_id, below.extensions.authority_key_id
    return not one or not other or one == other


def _is_signed_by(below, above):
    hashed = yield from signature.digest(below.tbs)
    return (
        yield from signature.verify(
            above.public_key, below.signature_name, below.salt_len, hashed, below.signature
        )
    )


def _unverifiable(kind: str, name: str) -> str:
    if name not in algorithm.OURS:
        return "signature " + name
    wanted = "EC" if name == algorithm.ECDSA else "RSA"
    return "" if kind == wanted else "key %s, signature %s" % (kind, name)


def _now(at, earliest, purpose: str) -> tuple:
    """(the moment to judge by, "") or (0, why there is none)."""
    if at is None and (earliest is None or purpose == FIRMWARE):
        return 0, "time unknown"
    if earliest is None:
        return at, ""
    return earliest if at is None else max(at, earliest), ""


def _time_fault(certificate, at, now) -> str:
    if now > certificate.not_after:
        return "expired"
    # `now` is only a lower bound while the time is unknown.
    return "not yet valid" if at is not None and now < certificate.not_before else ""


def _authority_fault(certificate) -> str:
    if not certificate.extensions.is_ca:
        return "issuer is not a CA"
    usage = certificate.extensions.key_usage
    if usage is not None and not usage & extension.KEY_CERT_SIGN:
        return "issuer may not sign certificates"
    return ""


def _purpose_fault(certificate, purpose: str) -> str:
    """A CA that names purposes issues for no other: not in RFC 5280, but everybody's practice."""
    wanted, purposes = _PURPOSES.get(purpose), certificate.extensions.purposes
    if wanted and purposes is not None and not any([one in purposes for one in wanted]):
        return "not for this purpose"
    return ""


def _leaf_fault(leaf, purpose: str, count: int) -> str:
    if purpose == AUTHORITY:
        return _authority_fault(leaf) or algorithm.key_fault(leaf.public_key)
    if leaf.extensions.is_ca:
        return "a CA, not an end entity"
    usage = leaf.extensions.key_usage
    allowed = extension.DIGITAL_SIGNATURE
    if purpose == SERVER:  # the whitepaper's TLS_RSA suites encipher (A00.FR.318)
        allowed |= extension.KEY_ENCIPHERMENT
    if usage is not None and not usage & allowed:
        return "key usage"
    return (
        _purpose_fault(leaf, purpose)
        or algorithm.key_fault(leaf.public_key)
        or ("" if purpose == SERVER else _own_fault(leaf, purpose, count))
    )


def _own_fault(leaf, purpose: str, count: int) -> str:
    """What a server's certificate from a public CA does not have, and ours must."""
    if "O" not in leaf.subject_texts:  # A00.FR.509
        return "no organization in the subject"
    if purpose == FIRMWARE:
        # L01, remarks: no intermediate certificates for the firmware signing certificate.
        if count > 1:
            return "intermediate certificates"
        if len(leaf.public_key) == 1:
            return "key " + leaf.public_key[0]
    return ""
