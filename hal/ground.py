"""The protective-earth monitor: one input that says whether earth is connected.

A level only. Debouncing and consequence belong to the kernel.
"""


class Ground:
    def __init__(self, pin, ok_level: int = 1):
        self._pin = pin
        self._ok_level = ok_level

    def ok(self) -> bool:
        return self._pin.value() == self._ok_level
