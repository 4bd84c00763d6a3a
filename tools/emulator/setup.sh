#!/bin/sh
# What the emulated board needs, into build/: rp2040js, slirp, the boot ROM and the image of RP2040_RIG.
# One line and exit status 1 when this machine cannot have it: its tests then skip and say so.
# With `fetch` what is made without .venv, so that `make test` may do it beside tools/setup.sh.
set -eu
cd "$(dirname "$0")/../.."
fail() { printf 'emulator: %s\n' "$*" >&2; exit 1; }

mkdir -p build/emulator
text=$(cksum <tools/emulator/package-lock.json)
if [ "$(cat build/emulator/npm.stamp 2>/dev/null)" != "$text" ]; then
    command -v node >/dev/null && command -v npm >/dev/null || fail "no node and npm here (Debian: apt install nodejs npm)"
    node -e 'process.exit(process.versions.node.split(".")[0] < 18 ? 1 : 0)' || fail "node is older than 18"
    cp tools/emulator/package.json tools/emulator/package-lock.json build/emulator/
    printf 'emulator: rp2040js into build/emulator\n'
    npm ci --prefix build/emulator --no-audit --no-fund --ignore-scripts >build/emulator/npm.log 2>&1 ||
        fail "npm could not install rp2040js: $(grep -m 1 'npm error' build/emulator/npm.log || tail -n 1 build/emulator/npm.log)"
    printf '%s\n' "$text" >build/emulator/npm.stamp
fi
sh tools/toolchain.sh build/toolchain sources arm slirp
[ "${1:-}" != fetch ] || exit 0
.venv/bin/python tools/image.py --rom
.venv/bin/python tools/image.py RP2040_RIG
