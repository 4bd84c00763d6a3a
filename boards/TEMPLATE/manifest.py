"""What is frozen into the image: the facts of this board, the firmware, the metal of its port."""

include("../../manifest.py", port="rp2")
include("../rp2/manifest.py")
module("board.py", opt=2)
