"""What is frozen into a unix build of the firmware (tools/image.py --unix): all but the facts of a
board, which the bench writes for each charge point, and the RP2040's metal, in words of its
processor. The satellite and the ESP32's metal are run by tests/unit, against fakes.
"""

import os

include("../../manifest.py", port="unix")
include("$(MPY_DIR)/extmod/asyncio")
ROOT = "../.."
OTHERS = ["hal/" + name for name in os.listdir(ROOT + "/hal") if name.startswith("esp32")]
for path in sorted([*OTHERS, "firmware/satellite.py"]):
    module(path, base_path=ROOT, opt=2)
