"""The image of a board onto its chip, and what makes it this charger: provision.json on /flash.

Neither touches what is billed: an image ends before the storage, and the file system of the
storage is made only where none ever was. --format alone erases.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from mpremote.transport import TransportExecError  # type: ignore[import-untyped]

from tools.image_key import ROOT, NotHere, Refused

IMAGES = ROOT / "build/image"
MARK = "INFO_UF2.TXT"  # what the RP2040's loader shows (data sheet 2.8.5.1)
FIELDS = {"url", "cpid", "identity", "keys", "tls", "net", "wifi"}
TLS = ("ca", "cert", "key")
# By which address MicroPython's firmware.bin, bootloader first, is written. Not verified.
AT = {"esp32": "0x1000", "esp32u4wdh": "0x1000", "esp32s2": "0x1000", "esp32s3": "0x0"}

# The port mounts what it will mount when it runs, with every output at its level of rest.
MOUNT = """
import board
from hal.%s import Port
port = Port(board)
port.mount(board.file_blocks)
"""
WIPE = """
import board
from hal.%s import Port
flash = Port(board).flash
for block in range(flash.ioctl(4, 0)):
    flash.ioctl(6, block)
    print(end=".")
"""


def flash(board, volume=None, port=None, images=IMAGES):
    folder = images / board.name
    name = "firmware.uf2" if board.facts["PORT"] == "rp2" else "firmware.bin"
    if not (folder / name).is_file():
        raise Refused(f"{folder / name} is missing: make image BOARD={board.name}")
    if board.facts["PORT"] == "rp2":
        how = to_volume(folder / name, volume)
    else:
        how = by_esptool(board, folder / name, port)
    print(f"deploy: {board.name}: {(folder / name).stat().st_size:,} bytes, {how}")


def loaders(mounts=Path("/proc/mounts")):
    """Folders where an RP2040 in its loader is mounted."""
    rows = mounts.read_text().splitlines() if mounts.exists() else []
    found = [Path(row.split()[1].replace("\\040", " ")) for row in rows]
    found += Path("/Volumes").glob("*")
    return [path for path in found if path.name == "RPI-RP2" and (path / MARK).is_file()]


def to_volume(image, volume):
    found = [volume] if volume else loaders()
    if len(found) > 1:
        raise Refused(f"{len(found)} boards wait in their loader: name one, --volume {found[0]}")
    if not found:
        return by_picotool(image)
    if not (found[0] / MARK).is_file():
        raise Refused(f"{found[0]}: no {MARK} there, so this is not an RP2040's loader")
    try:
        with (found[0] / image.name).open("wb") as file:
            file.write(image.read_bytes())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        # It starts the image, and is gone, when it has the last block and not before.
        if (found[0] / MARK).is_file():
            raise Refused(f"{found[0]}: {error}") from None
    return f"onto {found[0]}"


def by_picotool(image):
    if not shutil.which("picotool"):
        raise NotHere(
            "no RP2040 waits in its loader: hold BOOTSEL while you plug it in, mount the volume"
            " RPI-RP2 and run this again (or install picotool)"
        )
    call(["picotool", "load", "-v", "-x", image])
    return "by picotool"


def by_esptool(board, image, port):
    tool = shutil.which("esptool") or shutil.which("esptool.py")
    if not tool:
        raise NotHere("an ESP32 is flashed by esptool, which is not here: pip install esptool")
    if not port:
        raise Refused("--port: which serial port?")
    chip = board.facts["CHIP"].removesuffix("u4wdh")
    command = [tool, "--chip", chip, "--port", port, "write_flash", AT[board.facts["CHIP"]]]
    call([*command, image])
    return f"by esptool at {AT[board.facts['CHIP']]}"


def call(command):
    ended = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if ended.returncode:
        said = (ended.stderr + ended.stdout).strip().splitlines() or ["it said nothing"]
        raise Refused(f"{Path(command[0]).name} failed: {said[-1]}")


def provisioning(path):
    """({name on /flash: bytes}, provision.json last) of a manufacturer's file; the files of "tls"
    are beside it."""
    try:
        given = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"{path}: {error}") from None
    if not isinstance(given, dict):
        raise Refused(f"{path}: an object is expected")
    if given.keys() - FIELDS:
        raise Refused(f"{path}: unknown field {sorted(given.keys() - FIELDS)[0]!r}")
    if not isinstance(given.get("cpid"), str) or not given["cpid"]:
        raise Refused(f"{path}: cpid: missing, or not a string")
    parts = urlsplit(str(given.get("url")))
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise Refused(f"{path}: url: ws:// or wss:// is expected, not {given.get('url')!r}")
    files, tls = {}, given.get("tls") or {}
    for name, file in tls.items():
        source = path.parent / str(file)
        if name not in TLS or not source.is_file():
            raise Refused(f"{path}: tls.{name}: no file {source}")
        files[source.name] = source.read_bytes()
        tls[name] = "/flash/" + source.name
    return dict(files, **{"provision.json": json.dumps(given).encode()})


def provision(board, device, path, wipe=False):
    """-> the names written. What the board's own firmware mounts is written to."""
    files = provisioning(path) if path else {}
    port = board.facts["PORT"]
    if device.platform != port:
        raise NotHere(f"{board.name} is {port}, at {device.port} is: {device.machine}")
    name = device.run("import board; print(board.NAME)").strip()
    if name != board.facts["NAME"]:
        raise Refused(f"the firmware on the board is that of {name}, not of {board.name}")
    if wipe:
        device.run(WIPE % port)
    try:
        device.run(MOUNT % port)
    except TransportExecError as error:
        why = error.error_output.strip().splitlines()[-1]
        raise Refused(f"the storage is not ours ({why}): --format erases it") from None
    for name, data in files.items():  # each is the old or the new, whenever the power goes
        device.write(f"/flash/{name}.new", data)
        device.rename(f"/flash/{name}.new", f"/flash/{name}")
    return list(files)
