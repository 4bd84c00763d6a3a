# What is frozen into the firmware image. A board's manifest.py is the entry: it freezes its own
# board.py and includes this one, include("../../manifest.py", port="rp2")
options.defaults(port="unix")

package("firmware", base_path=".", opt=2)

# Of the metal only this port's own files; of the drivers all, since board.py names them by word.
PORTS = ("esp32", "rp2", "unix")


def of_another_port(path):
    name = path.split("/")[-1]
    return any(name.startswith((p + ".", p + "_")) for p in PORTS if p != options.port)


def files_of(room):
    import os

    found = []
    for folder, _, names in os.walk(room):
        found += [folder + "/" + n for n in names if n.endswith(".py")]
    return sorted(f for f in found if not of_another_port(f))


for path in files_of("hal"):
    module(path, opt=2)
