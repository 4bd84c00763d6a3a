"""What is frozen into a unix build of the firmware (tools/image.py --unix): all but the facts of a
board, which the bench writes for each charge point.
"""

include("../../manifest.py", port="unix")
include("$(MPY_DIR)/extmod/asyncio")
