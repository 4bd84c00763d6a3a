"""Debian's slirp as the network behind the emulated board's UART: PPP on a raw pty.

    slirp_pty.py SLIRP COMMAND [ARGUMENT...]

Starts slirp on the pty's slave end, names the master in EVSE_PPP_FD and becomes COMMAND. slirp
dies with that process, in whatever way it dies (the kernel's parent-death signal).
"""

import ctypes
import os
import signal
import subprocess
import sys
import tty

PR_SET_PDEATHSIG = 1


def start(slirp):
    """-> the master end of slirp's pty. It must be a pty: slirp does not answer on pipes."""
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def die_with_parent():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(71)

    master, slave = os.openpty()
    tty.setraw(slave)
    subprocess.Popen(
        [slirp, "ppp"],
        stdin=slave,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent,
    )
    os.close(slave)
    os.set_blocking(master, False)
    os.set_inheritable(master, True)
    return master


def main():
    slirp, command = sys.argv[1], sys.argv[2:]
    os.environ["EVSE_PPP_FD"] = str(start(slirp))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
