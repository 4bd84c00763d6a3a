#!/bin/sh
# Everything `make test` needs, inside this folder: .venv/ and build/. No root, nothing on the system changes.
# Each step leaves a stamp of what it was made from; a step is done again only when that changed.
set -eu
cd "$(dirname "$0")/.."
HERE=$(pwd -P)
mkdir -p build
say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Two of them at once would spoil each other's half-made .venv.
if [ -z "${SETUP_LOCKED:-}" ] && command -v flock >/dev/null 2>&1; then
    SETUP_LOCKED=1 exec flock build/setup.lock sh tools/setup.sh
fi

# made STAMP TEXT: true when the step was done from exactly this. A virtual environment and its scripts
# know their own path, so the path is part of the text: a copied tree is set up anew.
made() { [ -f "build/$1.stamp" ] && [ "$(cat "build/$1.stamp")" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"build/$1.stamp"; }

pip_install() { # what it is for, then pip's arguments
    what=$1
    shift
    # pip prints its errors last, and warnings with them: the first ERROR line is the cause.
    if ! .venv/bin/python -m pip --disable-pip-version-check install --no-input -q "$@" >build/pip.log 2>&1; then
        why=$(grep -m 1 '^ERROR' build/pip.log || tail -n 1 build/pip.log)
        fail "pip could not install $what: ${why:-no message} -- see build/pip.log; check the network and \`pip config list\`, then run \`make setup\` again"
    fi
}

python_room() {
    text="$HERE $(cksum <requirements.txt) ${PYTHON:-$(cat build/python 2>/dev/null || :)}"
    # It must still run, too: an upgrade of the system's Python leaves a .venv without packages.
    made venv "$text" && .venv/bin/python -c 'import pytest' 2>/dev/null && return 0
    PYTHON=${PYTHON:-python3}
    "$PYTHON" -c '' 2>/dev/null ||
        fail "no $PYTHON here: install Python 3.11 or newer (Debian: apt install python3 python3-venv)"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$PYTHON is older than 3.11; name a newer one: make setup PYTHON=/path/to/python3"
    "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "this Python cannot make a virtual environment; on Debian: apt install python3-venv, then \`make setup\` again"
    say "Python packages into .venv"
    rm -f build/venv.stamp
    "$PYTHON" -m venv --clear .venv >build/venv.log 2>&1 || fail "python3 -m venv failed: $(tail -n 1 build/venv.log)"
    pip_install requirements.txt -r requirements.txt
    echo "$PYTHON" >build/python
    stamp venv "$HERE $(cksum <requirements.txt) $PYTHON"
}

# mypy takes one typeshed: MicroPython's builtins with one port's modules laid over them, for each port.
typings_room() {
    text="1 $(cksum <typings/requirements.txt)"
    made typings "$text" && return 0
    say "MicroPython type stubs into build/typings"
    rm -rf build/typings build/typings.new build/typings.stamp
    for port in stdlib unix rp2 esp32; do
        pip_install "the stubs for $port" --no-deps --no-compile --target "build/typings.new/$port" \
            "$(sed -n "s/^\(micropython-$port[^ ]*==[^ ]*\).*/\1/p" typings/requirements.txt)"
    done
    for port in unix rp2 esp32; do
        mkdir -p "build/typings/$port"
        cp -R build/typings.new/stdlib/stdlib build/typings.new/stdlib/stubs "build/typings/$port/"
        cp -R "build/typings.new/$port/." "build/typings/$port/stdlib/"
    done
    rm -rf build/typings.new
    stamp typings "$text"
}

clock_room() { # the bench's clock for the firmware's process
    [ -f tools/rig/clock.c ] || return 0
    text=$(cksum <tools/rig/clock.c)
    made clock "$text" && [ -f build/clock.so ] && return 0
    CC=$(command -v "${CC:-cc}") || fail "no C compiler for tools/rig/clock.c; on Debian: apt install gcc libc6-dev, then \`make setup\` again"
    say "compiling tools/rig/clock.c"
    "$CC" -shared -fPIC -O2 -Wall -o build/clock.so.new tools/rig/clock.c >build/clock.log 2>&1 ||
        fail "tools/rig/clock.c does not compile: $(grep -m 1 error build/clock.log || tail -n 1 build/clock.log)"
    mv build/clock.so.new build/clock.so
    stamp clock "$text"
}

python_room
typings_room
sh tools/micropython.sh build/micropython
clock_room
