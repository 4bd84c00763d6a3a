# What is frozen into the firmware image. A board's manifest.py is the entry: it freezes its own
# board.py and includes this one, include("../../manifest.py", port="rp2"), a satellite's with
# satellite=True: the kernel, its metal and the line, no OCPP, no network, no meter, no card.
options.defaults(port="unix", satellite=False)

# Of the metal only this port's own files; of the drivers all, since board.py names them by word.
PORTS = ("esp32", "rp2", "unix")
KERNEL = ("firmware/__init__.py", "firmware/evse/", "firmware/satellite.py", "firmware/version.py")
NO_KERNEL = ("/link.py", "/rapi.py", "/rapi_frame.py", "_net.py")


def of_another_port(path):
    name = path.split("/")[-1]
    return any(name.startswith((p + ".", p + "_")) for p in PORTS if p != options.port)


def of_another_chip(path):
    """A satellite is one chip, the charge point it belongs to the other."""
    if not options.satellite:
        return path == "firmware/satellite.py"
    if path.startswith("firmware/"):
        return not path.startswith(KERNEL)
    return path.count("/") > 1 or path.endswith(NO_KERNEL)


def files_of(room):
    import os

    found = []
    for folder, _, names in os.walk(room):
        found += [folder + "/" + n for n in names if n.endswith(".py")]
    return sorted(f for f in found if not of_another_port(f) and not of_another_chip(f))


for path in files_of("firmware") + files_of("hal"):
    module(path, opt=2)
