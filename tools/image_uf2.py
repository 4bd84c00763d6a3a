"""UF2, the format an RP2040's boot drive takes: blocks of 512 bytes, each with its own address.

    python tools/image_uf2.py FIRMWARE.BIN FIRMWARE.UF2

The layout is Microsoft's "USB Flashing Format (UF2)": two magic words, flags, target address,
payload size, block number, block count, family, 476 bytes of data, a last magic word.
"""

import struct
import sys
from pathlib import Path

BLOCK_BYTES = 512
PAYLOAD_BYTES = 256  # one page of flash; the drive takes no other size
MAGIC = (0x0A324655, 0x9E5D5157)  # "UF2\n"
MAGIC_END = 0x0AB16F30
FAMILY_PRESENT = 0x00002000
RP2040 = 0xE48BFF56
FLASH = 0x10000000


def uf2(image, address=FLASH, family=RP2040):
    """The image as UF2. The last page is filled with 0xff, what erased flash reads as."""
    pages = [image[at : at + PAYLOAD_BYTES] for at in range(0, len(image), PAYLOAD_BYTES)]
    return b"".join(
        struct.pack(
            "<8I476sI",
            *MAGIC,
            FAMILY_PRESENT,
            address + number * PAYLOAD_BYTES,
            PAYLOAD_BYTES,
            number,
            len(pages),
            family,
            page.ljust(PAYLOAD_BYTES, b"\xff"),
            MAGIC_END,
        )
        for number, page in enumerate(pages)
    )


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(uf2(Path(sys.argv[1]).read_bytes()))
