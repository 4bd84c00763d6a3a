"""Arithmetic with large whole numbers, in short pieces.

Plain integers in, plain integers out. What MicroPython does with a large integer takes longer the
longer it is: no function here, and none that stands on them, is constant time (see p256.py).
"""

from micropython import const

_ENTROPY_BYTES = const(48)  # 128 bits more than a limit of 256 (FIPS 186-5 A.2.1): no bias


def bits(number: int) -> int:
    """Length of a number, 8192 where it is longer; MicroPython has no int.bit_length."""
    count = 0
    step = 4096
    while step:
        if number >> step:
            number >>= step
            count += step
        step >>= 1
    return count + (number > 0)


def power(base: int, exponent: int, modulus: int, pieces: int):
    """A generator of base ** exponent % modulus. `exponent`, 1 or more, is nobody's secret: its
    bits say what is done. `pieces`: how many multiplications are done between two yields."""
    result = base % modulus
    done = 0
    for at in range(bits(exponent) - 2, -1, -1):
        result = result * result % modulus
        done += 1
        if exponent >> at & 1:
            result = result * base % modulus
            done += 1
        if done >= pieces:
            done = 0
            yield
    return result


def inverse(number: int, prime: int):
    """A generator of 1 / number modulo a prime of 256 bits, by Fermat: every number takes the
    same multiplications."""
    return (yield from power(number, prime - 2, prime, 8))


def random(entropy, limit: int) -> int:
    """1..limit - 1, of 256 bits or fewer; each takes the same steps, none is thrown away."""
    data = entropy(_ENTROPY_BYTES)
    if len(data) != _ENTROPY_BYTES or data == data[:1] * _ENTROPY_BYTES:
        raise ValueError("entropy: its source is dead")
    return int.from_bytes(data, "big") % (limit - 1) + 1
