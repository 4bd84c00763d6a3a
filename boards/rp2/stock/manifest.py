"""What is frozen into the image ours is measured against (tools/image.py --stock)."""

freeze("$(PORT_DIR)/modules")
include("$(MPY_DIR)/extmod/asyncio")
