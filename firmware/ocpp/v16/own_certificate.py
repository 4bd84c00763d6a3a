"""Is this the certificate that was asked for? (A02.FR.06: period, properties, hierarchy)

A generator (see slices.py): it parses what anybody may have sent, and knows nothing of where the
private key came from.
"""

from micropython import const

from firmware.crypto import chain, csr, ec_key, pem, x509

_LABEL = "EC PRIVATE KEY"
# Whoever asks a month before the end gets nothing that begins later than that (A02.FR.08).
_AHEAD_S = const(31 * 86400)


def check(text: str, private: bytes, names: tuple, roots: list, at: int):
    """A generator of (PEM of the chain, from when it is valid, "") or (None, 0, why not).

    `private`: the key of the request; `names`: serial number and CpoName; `roots`: DER.
    """
    try:
        _, public = ec_key.decode(pem.decode(private, _LABEL, 1)[0])
        found = yield from _parsed(pem.decode(text))
        trusted = yield from _parsed(roots)
    except ValueError as error:
        return None, 0, str(error)
    leaf = found[0]
    why = csr.mismatch(leaf, public, names[0], names[1])
    if not why and leaf.not_before - at > _AHEAD_S:
        why = "not valid for long"
    if not why:
        judged_at = max(at, leaf.not_before)
        _, why = yield from chain.verify(found, trusted, judged_at, chain.CLIENT)
    if why:
        return None, 0, why
    return "".join([pem.encode(one.der) for one in found]).encode(), leaf.not_before, ""


def _parsed(certificates: list):
    """A generator of them, parsed one at a time."""
    found = []
    for one in certificates:
        found.append(x509.Certificate(one))
        yield
    return found
