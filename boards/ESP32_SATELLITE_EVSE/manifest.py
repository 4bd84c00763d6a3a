"""What is frozen into the image: the facts of this board, the firmware, the metal of its port."""

include("../../manifest.py", port="esp32")
include("../esp32/manifest.py")
module("board.py", opt=2)
