"""The version of this tree: the firmwareVersion of a BootNotification.

`make bundle VERSION=...` puts another one into the bundle.
"""

VERSION = "0.1.0"
