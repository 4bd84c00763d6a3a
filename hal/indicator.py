"""An indicator: up to three lamps (red, green, blue) that light, mix and blink.

Shows what it is told. Which colour means what is decided by the task that owns it.
"""

OFF = 0
RED = 1
GREEN = 2
YELLOW = 3
BLUE = 4
MAGENTA = 5
CYAN = 6
WHITE = 7


class Indicator:
    """A missing lamp is None. A colour is a sum of RED, GREEN and BLUE."""

    def __init__(self, red=None, green=None, blue=None, active: int = 1):
        self._lamps = (red, green, blue)
        self._active = active
        self._color = self._on_ms = self._off_ms = self._at_ms = 0
        self._light(OFF)

    def show(self, color: int, on_ms: int = 0, off_ms: int = 0) -> None:
        """Light `color` steadily, or blink it on_ms / off_ms. The same again keeps its rhythm."""
        if not OFF <= color <= WHITE or on_ms < 0 or off_ms < 0 or (off_ms and not on_ms):
            raise ValueError("indicator")
        if color == self._color and on_ms == self._on_ms and off_ms == self._off_ms:
            return
        self._color = color
        self._on_ms = on_ms
        self._off_ms = off_ms
        self._at_ms = 0
        self._light(color)

    def tick(self, dt_ms: int) -> None:
        """Time passed: carry the blinking on."""
        if not self._off_ms:
            return
        self._at_ms = (self._at_ms + dt_ms) % (self._on_ms + self._off_ms)
        self._light(self._color if self._at_ms < self._on_ms else OFF)

    def _light(self, color: int) -> None:
        for lamp in self._lamps:
            if lamp is not None:
                lamp.value(self._active if color & 1 else 1 - self._active)
            color >>= 1
