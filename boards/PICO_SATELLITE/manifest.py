"""What is frozen into the image: the facts of this board, the kernel, the metal of its port."""

include("../../manifest.py", port="rp2", satellite=True)
include("../rp2/manifest.py", satellite=True)
module("board.py", opt=2)
