"""A push button: pressed or not, this instant.

No debouncing and no meaning: who reads it decides how long a press is.
"""


class Button:
    def __init__(self, pin, active: int = 0):
        self._pin = pin
        self._active = active

    def pressed(self) -> bool:
        return self._pin.value() == self._active
