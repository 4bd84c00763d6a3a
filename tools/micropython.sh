#!/bin/sh
# tools/micropython.sh DIR: puts a MicroPython unix port that can run the firmware at DIR/bin/micropython.
#
# In this order: $MICROPYTHON; the `micropython` on PATH; Debian's own package. The last is downloaded with
# every library it needs through the mirror this machine's apt is configured for, checked by apt against the
# Debian archive keyring, unpacked under DIR and run through its own loader. So it runs on an older Debian
# too, no root is needed and nothing on the system changes.
set -eu
DIR=${1:?usage: tools/micropython.sh DIR}
SUITE=${MICROPYTHON_SUITE:-trixie}
KEYRING=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
mkdir -p "$DIR/bin"
DIR=$(cd "$DIR" && pwd -P)
OUT=$DIR/bin/micropython
ELSE="or build MicroPython's unix port and run: make setup MICROPYTHON=/path/to/micropython"
say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# What the firmware and the bench need. Prints what is lacking; prints nothing when it will do.
lacking() {
    said=$("$1" -c '
import sys
lack = []
if sys.implementation.name != "micropython" or tuple(sys.implementation[1][:2]) < (1, 24):
    lack.append("MicroPython 1.24 or newer")
for name in ("tls", "asyncio", "ffi", "select", "hashlib", "termios"):
    try:
        __import__(name)
    except ImportError:
        lack.append(name)
try:
    import os
    os.VfsLfs2
except AttributeError:
    lack.append("os.VfsLfs2")
print("lacks:", ", ".join(lack))' </dev/null 2>/dev/null || :)
    case $said in
    "lacks: "*) printf '%s' "${said#lacks: }" ;;
    *) echo "everything: it does not run a line of MicroPython" ;;
    esac
}

wrap() { # wrap TEXT: the launcher. The loader is given EVSE_PRELOAD (the bench's clock) where one is set.
    printf '#!/bin/sh\n%s\n' "$1" >"$OUT.new"
    chmod +x "$OUT.new"
    mv "$OUT.new" "$OUT"
}

use() { # use BINARY: one that is on the system already
    wrap "if [ -n \"\${EVSE_PRELOAD:-}\" ]; then LD_PRELOAD=\$EVSE_PRELOAD; export LD_PRELOAD; fi
exec '$1' \"\$@\""
    printf '%s\n' "$1" >"$DIR/from"
    say "MicroPython: $1"
}

OWN=${MICROPYTHON:-}
[ "$OWN" != "$OUT" ] || OWN=
FROM=$(cat "$DIR/from" 2>/dev/null || :)
if [ -x "$OUT" ] && { [ -z "$OWN" ] || [ "$OWN" = "$FROM" ]; } && [ -z "$(lacking "$OUT")" ]; then exit 0; fi
if [ -n "$OWN" ]; then
    lack=$(lacking "$OWN")
    [ -z "$lack" ] || fail "MICROPYTHON=$OWN will not do, it lacks: $lack"
    use "$OWN"
    exit 0
fi
SYSTEM=$(command -v micropython || :)
if [ -n "$SYSTEM" ] && [ "$SYSTEM" != "$OUT" ] && [ -z "$(lacking "$SYSTEM")" ]; then
    use "$SYSTEM"
    exit 0
fi

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    fail "no MicroPython >= 1.24 on PATH, and this is not Debian: install one with your system's packages, $ELSE"
[ -r "$KEYRING" ] ||
    fail "no Debian archive keyring at $KEYRING: apt install debian-archive-keyring, $ELSE"
# `--print-uris update` tells the configured mirrors also where no package list was ever fetched.
MIRRORS=$(apt-get --print-uris update 2>/dev/null | sed -n "s#^'\(.*\)/dists/.*#\1#p" |
    grep -v -e security -e backports | sort -u || :)
[ -n "$MIRRORS" ] || fail "this machine's apt names no mirror: fix its sources, $ELSE"
# The keyring decides what is Debian's archive, not the name; those that look like it are only tried first.
MIRRORS=$(echo "$MIRRORS" | grep '/debian/*$' || :; echo "$MIRRORS" | grep -v '/debian/*$' || :)

ARCH=$(dpkg --print-architecture)
APT=$DIR/apt
rm -rf "$APT" "$DIR/root"
mkdir -p "$APT/lists/partial" "$APT/archives/partial" "$APT/etc"
trap 'rm -rf "$APT"' EXIT
: >"$APT/status" # nothing counts as installed: libc and its loader come along
# A private apt: our lists, our archive. The machine's proxy and login settings still hold.
cat >"$APT/conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
APT { Architecture "$ARCH"; Architectures { "$ARCH"; }; Sandbox::User "";
      Install-Recommends "0"; Install-Suggests "0"; Get::AllowUnauthenticated "0"; };
Acquire { AllowInsecureRepositories "0"; AllowWeakRepositories "0"; Languages "none"; Retries "5";
          IndexTargets::deb::Contents-deb::DefaultEnabled "0"; };
Dir { State "$APT"; State::status "$APT/status"; State::lists "$APT/lists";
      Cache "$APT"; Cache::archives "$APT/archives";
      Etc::sourcelist "$APT/etc/sources.list"; Etc::sourceparts "/dev/null";
      Etc::preferences "/dev/null"; Etc::preferencesparts "/dev/null"; };
Debug::NoLocking "1";
CONF

say "MicroPython from Debian $SUITE into ${DIR##*/}"
LOG=$DIR/apt.log
fetched=
for mirror in $MIRRORS; do
    echo "deb [arch=$ARCH signed-by=$KEYRING] $mirror $SUITE main" >"$APT/etc/sources.list"
    if apt-get -c "$APT/conf" -qq update >"$LOG" 2>&1 && ! grep -q '^[EW]:' "$LOG" &&
        apt-get -c "$APT/conf" -qq -y --download-only install micropython >>"$LOG" 2>&1; then
        fetched=yes
        break
    fi
done
[ -n "$fetched" ] || fail "Debian's micropython could not be fetched: $(grep -m 1 '^[EW]:' "$LOG" ||
    tail -n 1 "$LOG") -- see $LOG; check the network, then \`make setup\` again, $ELSE"
for deb in "$APT"/archives/*.deb; do dpkg-deb -x "$deb" "$DIR/root"; done
(cd "$APT/archives" && sha256sum ./*.deb) >"$DIR/SHA256SUMS"

LOADER=$(cd "$DIR" && find root -name 'ld-linux*.so.*' -type f | head -n 1)
[ -n "$LOADER" ] || fail "no loader among the unpacked packages, see $DIR/SHA256SUMS"
# Found from the launcher's own place, so that a moved or copied tree still runs.
wrap "me=\$0
[ ! -L \"\$me\" ] || me=\$(readlink -f \"\$me\")
at=\${me%/*}/..
exec \"\$at/$LOADER\" \${EVSE_PRELOAD:+--preload \"\$EVSE_PRELOAD\"} \\
    --library-path \"\$at/${LOADER%/*}\" \"\$at/root/usr/bin/micropython\" \"\$@\""
lack=$(lacking "$OUT")
[ -z "$lack" ] || fail "Debian's micropython was unpacked but will not do, it lacks: $lack"
printf 'debian %s\n' "$SUITE" >"$DIR/from"
say "$("$OUT" -c 'import sys; print(sys.version)')"
