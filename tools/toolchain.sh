#!/bin/sh
# tools/toolchain.sh DIR [PART...]: what an image is built with, under DIR. Parts (all, when none is named):
#   sources   MicroPython's tree, its libraries and our patches (tools/image/patches): DIR/micropython
#   arm       a C compiler for Cortex-M:                              DIR/arm/bin/arm-none-eabi-*
#   slirp     the other end of an emulated board's PPP line:          DIR/slirp/bin/slirp-fullbolt
#   i386      what the machine's gcc lacks for -m32:                  DIR/i386/flags (gcc's)
#
# What the machine has is used. The rest is Debian's, downloaded through the mirror this machine's apt is
# configured for, checked by apt against the Debian archive keyring and unpacked under DIR: no root, nothing
# on the system changes. Programs come from the suite the machine runs, so that they find its libraries;
# the sources from one fixed suite, so that everyone builds the same firmware. A part that is there stays.
set -eu
DIR=${1:?usage: tools/toolchain.sh DIR [sources|arm|slirp|i386]...}
shift
SUITE=${MICROPYTHON_SUITE:-trixie}
KEYRING=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
mkdir -p "$DIR"
DIR=$(cd "$DIR" && pwd -P)
PATCHES=$(cd "$(dirname "$0")" && pwd -P)/image/patches
say() { printf 'toolchain: %s\n' "$*"; }
fail() { printf 'toolchain: %s\n' "$*" >&2; exit 1; }

# Two of them at once would unpack over each other.
if [ -z "${TOOLCHAIN_LOCKED:-}" ] && command -v flock >/dev/null 2>&1; then
    TOOLCHAIN_LOCKED=1 exec flock "$DIR/lock" sh "$0" "$DIR" "$@"
fi

# made PART TEXT: true when the part was made from exactly this.
made() { [ "$(cat "$DIR/$1.stamp" 2>/dev/null)" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$DIR/$1.stamp"; }

APT=$DIR/apt
LOG=$DIR/apt.log
trap 'rm -rf "$APT" "$DIR/half" "$DIR"/try.*' EXIT
RUNNING=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || :)
RUNNING=${RUNNING:-stable}
ready=

# A private apt of this machine's suite and of $SUITE with its sources, made when something is to be fetched.
apt_room() {
    [ -z "$ready" ] || return 0
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
        fail "this is not Debian, and there is no $1 here: install one with your system's packages"
    [ -r "$KEYRING" ] || fail "no Debian archive keyring at $KEYRING: apt install debian-archive-keyring"
    # `--print-uris update` tells the configured mirrors also where no package list was ever fetched.
    mirrors=$(apt-get --print-uris update 2>/dev/null | sed -n "s#^'\(.*\)/dists/.*#\1#p" |
        grep -v -e security -e backports | sort -u || :)
    [ -n "$mirrors" ] || fail "this machine's apt names no mirror: fix its sources"
    # The keyring decides what is Debian's archive, not the name; those that look like it are only tried first.
    mirrors=$(echo "$mirrors" | grep '/debian/*$' || :; echo "$mirrors" | grep -v '/debian/*$' || :)
    rm -rf "$APT"
    mkdir -p "$APT/lists/partial" "$APT/archives/partial" "$APT/etc"
    : >"$APT/status" # nothing counts as installed
    cat >"$APT/conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT { Architecture "$(dpkg --print-architecture)"; Architectures { "$(dpkg --print-architecture)"; };
      Sandbox::User ""; Get::AllowUnauthenticated "0"; };
Acquire { AllowInsecureRepositories "0"; AllowWeakRepositories "0"; Languages "none"; Retries "5";
          IndexTargets::deb::Contents-deb::DefaultEnabled "0"; };
Dir { State "$APT"; State::status "$APT/status"; State::lists "$APT/lists";
      Cache "$APT"; Cache::archives "$APT/archives";
      Etc::sourcelist "$APT/etc/sources.list"; Etc::sourceparts "/dev/null";
      Etc::preferences "/dev/null"; Etc::preferencesparts "/dev/null"; };
Debug::NoLocking "1";
CONF
    for mirror in $mirrors; do
        at="[signed-by=$KEYRING] $mirror"
        printf 'deb %s %s main\ndeb-src %s %s main\n' "$at" "$SUITE" "$at" "$SUITE" >"$APT/etc/sources.list"
        [ "$RUNNING" = "$SUITE" ] || echo "deb $at $RUNNING main" >>"$APT/etc/sources.list"
        if apt-get -c "$APT/conf" -qq update >"$LOG" 2>&1 && ! grep -q '^[EW]:' "$LOG"; then
            ready=yes
            return 0
        fi
    done
    fail "Debian's package lists could not be fetched: $(cause) -- see $LOG; check the network"
}

cause() { grep -m 1 '^[EW]:' "$LOG" || tail -n 1 "$LOG"; }

fetch() { # fetch WHAT COMMAND...: apt-get COMMAND in the empty folder $DIR/half
    what=$1
    shift
    rm -rf "$DIR/half"
    mkdir -p "$DIR/half"
    (cd "$DIR/half" && apt-get -c "$APT/conf" -qq "$@" >"$LOG" 2>&1) ||
        fail "Debian's $what could not be fetched: $(cause) -- see $LOG; check the network"
    (cd "$DIR/half" && sha256sum -- *) >"$DIR/$what.sha256"
}

# The archives stay in DIR/archives, so that another set of patches needs no network.
sources_room() {
    text="2 $SUITE $(cat "$PATCHES"/*.patch 2>/dev/null | cksum)"
    made sources "$text" && return 0
    rm -rf "$DIR/micropython" "$DIR/sources.stamp"
    if ! made archives "$SUITE"; then
        say "MicroPython's sources from Debian $SUITE into ${DIR##*/}/archives"
        apt_room "MicroPython tree (MPY_DIR=/path/to/one)"
        fetch sources --download-only source "micropython/$SUITE" "mbedtls/$SUITE" "lwip/$SUITE"
        rm -rf "$DIR/archives"
        mv "$DIR/half" "$DIR/archives"
        fetch sdk download "pico-sdk-source/$SUITE" "tinyusb-source/$SUITE"
        mv "$DIR"/half/*.deb "$DIR/archives/"
        stamp archives "$SUITE"
    fi
    rm -rf "$DIR/half"
    mkdir -p "$DIR/half"
    cd "$DIR/half"
    for name in micropython mbedtls lwip; do
        mkdir "$name"
        tar -xf "$DIR/archives/$name"_*.orig.tar.* -C "$name" --strip-components 1
    done
    for name in pico-sdk tinyusb; do
        dpkg-deb -x "$DIR/archives/$name"-source_*.deb deb
        mv "deb/usr/src/$name" "$name"
    done
    # Debian's package leaves out what Debian has as packages of its own.
    for name in mbedtls lwip pico-sdk tinyusb; do
        rm -rf "micropython/lib/$name"
        mv "$name" "micropython/lib/$name"
    done
    # Debian has no micropython-lib: a manifest cannot require() anything, but the build asks for this file.
    touch micropython/lib/micropython-lib/README.md
    for patch in "$PATCHES"/*.patch; do
        [ -f "$patch" ] || continue
        patch -d micropython -p1 -s -f <"$patch" >"$LOG" 2>&1 ||
            fail "${patch##*/} does not fit MicroPython of Debian $SUITE: $(head -n 1 "$LOG")"
    done
    cd "$DIR"
    mv half/micropython micropython
    rm -rf half
    say "compiling mpy-cross"
    make -C "$DIR/micropython/mpy-cross" -j"$(nproc)" >"$DIR/mpy-cross.log" 2>&1 ||
        fail "mpy-cross does not compile: $(grep -m 1 -i 'error' "$DIR/mpy-cross.log" || tail -n 1 "$DIR/mpy-cross.log")"
    stamp sources "$text"
}

# compiles GCC: true when this compiler can make and link an image.
compiles() {
    printf '#include <stdlib.h>\nint main(void) { return abs(1); }\n' >"$DIR/try.c"
    "$1" -mcpu=cortex-m0plus -mthumb --specs=nosys.specs -o "$DIR/try.elf" "$DIR/try.c" >"$LOG" 2>&1 &&
        "${1%gcc}g++" -mcpu=cortex-m0plus -mthumb --specs=nosys.specs -x c++ -o "$DIR/try.elf" "$DIR/try.c" >>"$LOG" 2>&1
}

arm_room() {
    text="2 $RUNNING"
    if made arm "$text" && [ -x "$DIR/arm/bin/arm-none-eabi-gcc" ]; then return 0; fi
    rm -rf "$DIR/arm" "$DIR/arm.stamp"
    own=$(command -v arm-none-eabi-gcc || :)
    if [ -n "$own" ] && compiles "$own"; then
        mkdir -p "$DIR/arm"
        ln -s "$(dirname "$own")" "$DIR/arm/bin"
        stamp arm "$text"
        return 0
    fi
    say "a C compiler for Cortex-M from Debian $RUNNING into ${DIR##*/}/arm"
    apt_room arm-none-eabi-gcc
    fetch arm download "binutils-arm-none-eabi/$RUNNING" "gcc-arm-none-eabi/$RUNNING" \
        "libnewlib-arm-none-eabi/$RUNNING" "libnewlib-dev/$RUNNING" "libstdc++-arm-none-eabi-dev/$RUNNING"
    mkdir -p "$DIR/arm"
    # Of thirty instruction sets the one that is used, Cortex-M0+: 140 MB instead of 1.5 GB.
    for deb in "$DIR"/half/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$DIR/arm" --strip-components 2 --wildcards \
            --exclude '*/thumb/v[78]*' --exclude '*/thumb/nofp' --exclude '*/arm/v5te' --exclude '*lto-dump' \
            --exclude '*/lto1' --exclude './usr/share' ||
            fail "${deb##*/} could not be unpacked: is the disk full?"
    done
    # This compiler looks for its C library beside itself under another name than Debian's.
    lib=$DIR/arm/lib/arm-none-eabi
    ln -s newlib "$lib/lib"
    ln -s ../../include/newlib "$lib/include"
    # The SDK links with g++, which asks for the library of C++ (313 MB); nothing in an image is in C++.
    "$DIR/arm/bin/arm-none-eabi-ar" cr "$lib/newlib/libstdc++.a"
    compiles "$DIR/arm/bin/arm-none-eabi-gcc" || fail "the unpacked arm-none-eabi-gcc does not work: $(tail -n 1 "$LOG")"
    stamp arm "$text"
}

slirp_room() {
    text="1 $RUNNING"
    if made slirp "$text" && [ -x "$DIR/slirp/bin/slirp-fullbolt" ]; then return 0; fi
    rm -rf "$DIR/slirp" "$DIR/slirp.stamp"
    mkdir -p "$DIR/slirp/bin"
    own=$(command -v slirp-fullbolt || :)
    if [ -n "$own" ]; then
        ln -s "$own" "$DIR/slirp/bin/slirp-fullbolt"
    else
        say "slirp from Debian $RUNNING into ${DIR##*/}/slirp"
        apt_room slirp-fullbolt
        fetch slirp download "slirp/$RUNNING"
        dpkg-deb -x "$DIR"/half/slirp_*.deb "$DIR/slirp"
        ln -s ../usr/bin/slirp-fullbolt "$DIR/slirp/bin/slirp-fullbolt"
    fi
    stamp slirp "$text"
}

# runs FLAG...: true when gcc makes a 32-bit program with these flags, and this kernel runs it.
runs() {
    printf '#include <math.h>\n#include <stdio.h>\n#include <linux/limits.h>\n%s\n' \
        'int main(int n, char **v) { return puts("") < 0 || tgamma(n) < 0; }' >"$DIR/try.c"
    gcc "$@" -o "$DIR/try.elf" "$DIR/try.c" -lm >"$LOG" 2>&1 && "$DIR/try.elf" >>"$LOG" 2>&1
}

i386_room() {
    text="2 $RUNNING $DIR"
    if made i386 "$text" && [ -f "$DIR/i386/flags" ]; then return 0; fi
    rm -rf "$DIR/i386" "$DIR/i386.stamp"
    if runs -m32; then
        mkdir -p "$DIR/i386"
        echo "-m32" >"$DIR/i386/flags"
        stamp i386 "$text"
        return 0
    fi
    [ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || fail "gcc -m32 does not work on this machine"
    say "gcc's 32-bit half from Debian $RUNNING into ${DIR##*/}/i386"
    apt_room "gcc -m32"
    gcc=$(gcc -dumpversion | cut -d. -f1)
    fetch i386 download "libc6-dev-i386/$RUNNING" "libc6-i386/$RUNNING" \
        "lib32gcc-$gcc-dev/$RUNNING" "lib32gcc-s1/$RUNNING"
    mkdir -p "$DIR/i386"
    for deb in "$DIR"/half/*.deb; do dpkg-deb -x "$deb" "$DIR/i386"; done
    # The packages' own links are absolute. Without libm.so the linker would take libm.a, half of which wants
    # what only a static libc has.
    ln -sf ../lib32/ld-linux.so.2 "$DIR/i386/lib/ld-linux.so.2"
    for link in "$DIR"/i386/usr/lib32/*.so; do
        [ -e "$link" ] || ln -sf "../../lib32/$(basename "$(readlink "$link")")" "$link"
    done
    # The loader and the libraries are named by their place here, since they are not installed.
    root=$DIR/i386
    own=$root/usr/lib/gcc/x86_64-linux-gnu/$gcc/32
    set -- -m32 "--sysroot=$root" "-B$own/" "-B$root/usr/lib32/" \
        -idirafter /usr/include/x86_64-linux-gnu -idirafter /usr/include "-L$own" "-L$root/usr/lib32" \
        "-Wl,-rpath,$root/lib32:$root/usr/lib32" "-Wl,--dynamic-linker=$root/lib32/ld-linux.so.2"
    runs "$@" || fail "a 32-bit program cannot be made or run on this machine: $(tail -n 1 "$LOG")"
    echo "$*" >"$root/flags"
    stamp i386 "$text"
}

for part in ${*:-sources arm slirp i386}; do
    case $part in
    sources | arm | slirp | i386) "${part}_room" ;;
    *) fail "no part $part: sources, arm, slirp or i386" ;;
    esac
done
