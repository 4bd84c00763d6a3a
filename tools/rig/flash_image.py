"""The emulated board's flash before power: the built image at 0, a LittleFS with provision.json.

Promise: what is right already is not written again; a file system that is there is kept. The file
system is made by MicroPython's own LittleFS, as a factory's programmer would lay it down.
Boundary: bytes of a file; what is in provision.json is known to the firmware.
"""

import json
import os
import subprocess

from .firmware import NotReady

AT = "/flash"

# Run by MicroPython: FLASH BASE BLOCKS [FILE NAME]...
SCRIPT = """
import sys, vfs
path, base, blocks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
class Part:
    def __init__(self):
        self.file = open(path, "r+b")
    def readblocks(self, block, buf, offset=0):
        self.file.seek(base + 4096 * block + offset)
        self.file.readinto(buf)
    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        self.file.seek(base + 4096 * block + offset)
        self.file.write(buf)
    def ioctl(self, op, arg):
        if op == 6:
            self.file.seek(base + 4096 * arg)
            self.file.write(b"\\xff" * 4096)
        return {4: blocks, 5: 4096}.get(op, 0)
part = Part()
head = bytearray(4096)
part.readblocks(0, head)
if head[8:16] != b"littlefs":
    part.readblocks(1, head)
if head[8:16] != b"littlefs":
    vfs.VfsLfs2.mkfs(part)
files = vfs.VfsLfs2(part)
for i in range(4, len(sys.argv), 2):
    with open(sys.argv[i], "rb") as source:
        wanted = source.read()
    try:
        with files.open(sys.argv[i + 1], "rb") as there:
            same = there.read() == wanted
    except OSError:
        same = False
    if not same:
        with files.open(sys.argv[i + 1], "wb") as out:
            out.write(wanted)
part.file.close()
"""


def lay_code(flash, image, base):
    """The image, if another one is there. The storage behind it stays as it is."""
    with open(image, "rb") as file:
        code = file.read()
    if len(code) > base:
        raise NotReady("%s: %d bytes, and %d are there for it" % (image, len(code), base))
    code = code.ljust(base, b"\xff")
    with open(flash, "r+b") as file:
        if file.read(base) != code:
            file.seek(0)
            file.write(code)


def lay_files(micropython, flash, base, blocks, provisioning):
    """provision.json and the files of TLS it names, which lie beside it."""
    folder = os.path.dirname(flash)
    told = dict(provisioning, tls={})
    laid = []
    for name, path in provisioning["tls"].items():
        told["tls"][name] = "%s/%s.pem" % (AT, name)
        laid += [path, name + ".pem"]
    text = os.path.join(folder, "provision.json")
    with open(text, "w", encoding="utf-8") as file:
        json.dump(told, file, sort_keys=True)
    command = [micropython, "-c", SCRIPT, flash, str(base), str(blocks), text, "provision.json"]
    done = subprocess.run(command + laid, capture_output=True, text=True)
    if done.returncode:
        raise NotReady("the flash cannot be laid out: %s" % (done.stdout + done.stderr).strip())
