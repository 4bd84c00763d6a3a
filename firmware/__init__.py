"""The product: the tree on the device equals this tree."""
