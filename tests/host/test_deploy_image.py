"""tools/deploy_image.py: where an image goes, and the file that makes a board one charger."""

import json
import shutil
from pathlib import Path

import pytest

from tools import deploy, deploy_image
from tools.image_key import NotHere, Refused

SATELLITE = "PICO_SATELLITE"


@pytest.fixture
def images(tmp_path):
    for name, file in ((SATELLITE, "firmware.uf2"), ("ESP32_DEVKITC_EVSE", "firmware.bin")):
        (tmp_path / "image" / name).mkdir(parents=True)
        (tmp_path / "image" / name / file).write_bytes(b"image" * 1000)
    return tmp_path / "image"


def flash(images, name=SATELLITE, volume=None, port=None):
    return deploy_image.flash(deploy.find(name), volume, port, images)


def tool(folder, name, script):
    (folder / name).write_text("#!/bin/sh\n" + script)
    (folder / name).chmod(0o755)


def test_an_image_goes_onto_the_loader_s_volume(images, tmp_path, capsys):
    volume = tmp_path / "RPI-RP2"
    volume.mkdir()
    with pytest.raises(Refused, match=r"no INFO_UF2\.TXT there"):
        flash(images, volume=volume)
    assert not any(volume.iterdir())
    (volume / "INFO_UF2.TXT").write_text("UF2 Bootloader v3.0")
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\n/dev/sdb1 {volume} vfat rw 0 0\n")
    assert deploy_image.loaders(mounts) == [volume]
    flash(images, volume=volume)
    assert (volume / "firmware.uf2").read_bytes() == b"image" * 1000
    assert "5,000 bytes, onto" in capsys.readouterr().out


def test_without_a_volume_picotool_does_it(images, tmp_path, monkeypatch):
    monkeypatch.setattr(deploy_image, "loaders", list)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    if not shutil.which("picotool"):
        with pytest.raises(NotHere, match="hold BOOTSEL while you plug it in"):
            flash(images)
    tool(tmp_path, "picotool", f'echo "$@" >{tmp_path}/said\n')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    flash(images)
    assert (tmp_path / "said").read_text().startswith("load -v -x ")
    tool(tmp_path, "picotool", "echo no device >&2; exit 1\n")
    with pytest.raises(Refused, match="picotool failed: no device"):
        flash(images)
    monkeypatch.setattr(deploy_image, "loaders", lambda: [Path("/a"), Path("/b")])
    with pytest.raises(Refused, match="2 boards wait in their loader"):
        flash(images)


def test_an_esp32_is_flashed_by_esptool(images, tmp_path, monkeypatch):
    monkeypatch.setattr(deploy_image.shutil, "which", lambda name: None)
    with pytest.raises(NotHere, match="esptool, which is not here: pip install esptool"):
        flash(images, "ESP32_DEVKITC_EVSE", port="tty")
    tool(tmp_path, "esptool", f'echo "$@" >{tmp_path}/said\n')
    monkeypatch.setattr(deploy_image.shutil, "which", lambda name: str(tmp_path / "esptool"))
    with pytest.raises(Refused, match="which serial port"):
        flash(images, "ESP32_DEVKITC_EVSE")
    flash(images, "ESP32_DEVKITC_EVSE", port="tty")
    said = (tmp_path / "said").read_text()
    assert said.startswith("--chip esp32 --port tty write_flash 0x1000 ")
    with pytest.raises(Refused, match="make image BOARD=SMARTEVSE_V3"):
        flash(images, "SMARTEVSE_V3", port="tty")


GOOD = {"url": "wss://csms.example/ocpp", "cpid": "CP1"}


def test_the_files_of_tls_are_sent_before_what_names_them(tmp_path):
    (tmp_path / "root.pem").write_bytes(b"CA")
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(dict(GOOD, tls={"ca": "root.pem"})))
    files = deploy_image.provisioning(path)
    assert list(files) == ["root.pem", "provision.json"]
    assert json.loads(files["provision.json"])["tls"] == {"ca": "/flash/root.pem"}
    assert files["root.pem"] == b"CA"


@pytest.mark.parametrize(
    "given, said",
    [
        ([], "an object is expected"),
        (dict(GOOD, url="http://x/"), "ws:// or wss:// is expected"),
        ({"url": "ws://x/"}, "cpid: missing"),
        (dict(GOOD, CPID="x"), "unknown field 'CPID'"),
        (dict(GOOD, tls={"ca": "none.pem"}), "tls.ca: no file"),
        (dict(GOOD, tls={"root": "p.json"}), "tls.root: no file"),
    ],
)
def test_a_wrong_provision_json_is_not_sent(tmp_path, given, said):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(given))
    with pytest.raises(Refused, match=said):
        deploy_image.provisioning(path)
