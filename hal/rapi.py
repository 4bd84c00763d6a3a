"""OpenEVSE's controller at the end of a UART (115200 8N1): asked in turn, one question in flight.

Level-triggered like the rest: `want_a` is what may be offered (0: sleep), and every poll compares
that with what the controller says of itself, so a lost line or a reboot repairs itself. Knows the
numbers of RAPI, not what they mean for a contactor. Nothing is ever saved in its EEPROM that is
there already. Facts: open_evse's protocol description; what it leaves open says "not verified".
"""

from micropython import const

from hal.rapi_frame import LineReader, command, numbers_of

SLEEPING = const(0xFE)
DISABLED = const(0xFF)
EV_CONNECTED = const(0x0100)  # of vflags

_PIECE = const(64)
_PIECES = const(16)
_ANSWER_MS = const(500)
_LOST_MS = const(3000)
_GAP_MS = const(5000)  # IEC 61851-1 A.6 seq. 6: the car may take 5 s to follow the last change
_AGAIN_MS = const(10000)  # a capacity that was refused is asked for again
_PULSE_MS = const(1000)
_SILENCE_S = const(10)  # without a pulse for so long it falls back
_FALLBACK_A = const(6)  # to this: there is no lower offer, and 0 is not described
_NO_SENSOR = const(-2560)
_REPEAT_MS = const(1000)  # the same demand again, when it had no effect
_COOKIE = const(165)  # "SY 165" takes note of a missed pulse
_BOOT_MS = const(3000)  # how long its flags may be unsettled after a boot: not verified

# question: how often, in ms
_QUESTIONS = (
    ("GS", 250), ("GC", 2000), ("GE", 10000), ("GP", 5000), ("GG", 1000), ("GU", 10000),
)
# the bases of the numbers in what it answers, as far as they are read
_ANSWERS = {"GC": (10, 10, 10), "GE": (10, 16), "GP": (10, 10, 10), "GG": (10, 10), "GU": (10, 10)}


class OpenEVSE:
    def __init__(self, uart):
        self._uart = uart
        self._lines = LineReader()
        self.want_a = 0
        self.boots = 0  # as it told them
        self.departures = 0  # cars that have left
        self.elapsed_s = 0
        self.temperature_dc = None  # the hottest of its sensors
        self.current_ma = None  # of its own ammeter, which bills nothing
        self.voltage_mv = None
        self.session_ws = self.total_wh = 0
        self.refused = 0  # answers that were $NK
        self.age_ms = _LOST_MS  # since the newest answer to GS
        self._now_ms = 0
        self._number = 0
        self._asked = None
        self._asked_ms = 0
        self._changed_ms = -_GAP_MS
        self._demanded = ""
        self._demanded_ms = 0
        self._forget()

    def _forget(self):
        """What holds for one boot of the controller only."""
        self.state = 0  # 0: not known
        self.pilot = 0
        self.vflags = 0
        self.capacity_a = None  # what it offers, or would
        self.least_a = self.most_a = 0
        self.settings = None  # flags of GE
        self.supervised = None  # does it watch our pulse; None: not asked yet
        self._missed = False
        self._denied_a = None  # the capacity it would not take
        self._denied_ms = 0
        self._pulse_ms = self._set_ms = self._now_ms
        self._due_ms = [0] * len(_QUESTIONS)
        self._settled_ms = self._now_ms + _BOOT_MS if self.boots else 0

    @property
    def lost(self) -> bool:
        return self.age_ms >= _LOST_MS

    @property
    def settled(self) -> bool:
        """Its flags are of this boot, and hold."""
        return self.state != 0 and self._now_ms >= self._settled_ms

    def poll(self, dt_ms: int) -> None:
        """Time passed: read lines, and ask the next question when none is open."""
        self._now_ms += dt_ms
        self.age_ms = min(self.age_ms + dt_ms, _LOST_MS)
        for _ in range(_PIECES):
            data = self._uart.read(_PIECE)
            if not data:
                break
            self._lines.feed(data)
            item = self._lines.next()
            while item is not None:
                self._take(item)
                item = self._lines.next()
        if self._asked is not None and self._now_ms - self._asked_ms >= _ANSWER_MS:
            self._asked = None  # the next look decides anew
        if self._asked is None:
            words = self._supervise() or self._demand() or self._question()
            if words:
                self._ask(words)

    def sleep(self) -> None:
        """Say it now, whatever is open: for who will say nothing more."""
        self.want_a = 0
        self._ask("FS")

    # --- what to say next -------------------------------------------------------------------

    def _demand(self) -> "str | None":
        words = self._act()
        if words is None:
            return None
        if words == self._demanded and self._now_ms - self._demanded_ms < _REPEAT_MS:
            return None
        self._demanded = words
        self._demanded_ms = self._now_ms
        return words

    def _act(self) -> "str | None":
        """Towards `want_a`. Awake only with a capacity that was confirmed to be no more."""
        if self.state == 0 or 4 <= self.state <= 14:
            return None  # a fault: it offers nothing, and to put it to sleep would hide why
        asleep = self.state == SLEEPING
        want_a = self.want_a if self.supervised and self.capacity_a is not None else 0
        if not want_a:
            return None if asleep else "FS"
        if self.capacity_a != want_a and not self._waits(want_a, asleep):
            return "SC %d V" % want_a  # V: volatile, its EEPROM is for the installer
        if self.capacity_a > want_a:
            # Not taken: it sleeps rather than offer more than is permitted.
            return "FS" if self._denied_a == want_a and not asleep else None
        return "FE" if asleep else None

    def _waits(self, want_a: int, asleep: bool) -> bool:
        """The capacity may not be asked for now."""
        if self._denied_a == want_a and self._now_ms - self._denied_ms < _AGAIN_MS:
            return True
        return not asleep and self._now_ms - self._changed_ms < _GAP_MS

    def _supervise(self) -> "str | None":
        """The pulse without which it falls back. Its answer tells what is set."""
        if self._now_ms < self._pulse_ms:
            return None
        self._pulse_ms = self._now_ms + _PULSE_MS
        if self.supervised is False and self._now_ms >= self._set_ms:
            self._set_ms = self._now_ms + _AGAIN_MS
            return "SY %d %d" % (_SILENCE_S, _FALLBACK_A)
        return "SY %d" % _COOKIE if self._missed else "SY"

    def _question(self) -> "str | None":
        for k, (words, interval_ms) in enumerate(_QUESTIONS):
            if self._now_ms >= self._due_ms[k]:
                self._due_ms[k] = self._now_ms + interval_ms
                return words
        return None

    def _ask(self, words: str) -> None:
        self._number = self._number % 255 + 1
        self._asked = words
        self._asked_ms = self._now_ms
        self._uart.write(command(words, self._number))

    # --- what it says -----------------------------------------------------------------------

    def _take(self, item: tuple) -> None:
        word, values, number = item
        if word == "AB":
            self.boots += 1
            self._asked = None
            self._forget()
        elif word == "AT":
            self._told(values)
        elif word in ("OK", "NK") and self._asked is not None and number == self._number:
            asked, self._asked = self._asked, None
            self.refused += word == "NK"
            self._answered(asked, word == "OK", values)

    def _told(self, values: list) -> None:
        """$AT state pilot capacity vflags."""
        numbers = numbers_of(values, (16, 16, 10, 16))
        if numbers is not None:
            self.capacity_a = numbers[2]
            self._state(numbers[0], numbers[1], numbers[3])

    def _answered(self, asked: str, ok: bool, values: list) -> None:
        if asked[:2] == "SY":
            self._pulsed(ok, values)
        elif asked[:2] == "SC":
            self._granted(int(asked.split()[1]), ok, values)
        elif ok and asked == "GS":
            numbers = numbers_of(values, (16, 10, 16, 16))
            if numbers is not None:
                self.age_ms = 0
                self.elapsed_s = numbers[1]
                self._state(numbers[0], numbers[2], numbers[3])
        elif ok and asked in _ANSWERS:
            self._read(asked, values)
        if asked in ("FE", "FS"):
            self._due_ms[0] = 0  # look at once what came of it

    def _state(self, state: int, pilot: int, vflags: int) -> None:
        if state == DISABLED:  # at -12 V the flag says nothing: as last seen
            vflags = (vflags & ~EV_CONNECTED) | (self.vflags & EV_CONNECTED)
        left = self.vflags & EV_CONNECTED and not vflags & EV_CONNECTED
        if left and self._now_ms >= self._settled_ms:
            self.departures += 1
        self.state, self.pilot, self.vflags = state, pilot, vflags

    def _granted(self, asked_a: int, ok: bool, values: list) -> None:
        """SC answers with what it has set, also when it refuses."""
        numbers = numbers_of(values, (10,))
        if numbers is None:
            return
        if numbers[0] != self.capacity_a:
            self._changed_ms = self._now_ms
        self.capacity_a = numbers[0]
        self._denied_a = None if ok else asked_a
        self._denied_ms = self._now_ms

    def _pulsed(self, ok: bool, values: list) -> None:
        numbers = numbers_of(values, (10, 10, 10))
        if numbers is None:
            self.supervised = False  # it knows no pulse
            return
        # Kept in its EEPROM, so it is set only where it differs.
        self.supervised = numbers[0] == _SILENCE_S and numbers[1] == _FALLBACK_A
        self._missed = not ok or numbers[2] == 2

    def _read(self, asked: str, values: list) -> None:
        bases = _ANSWERS[asked]
        numbers = numbers_of(values[: len(bases)], bases)
        if numbers is None:
            return
        if asked == "GC":
            self.least_a, self.most_a, self.capacity_a = numbers
        elif asked == "GE":
            self.settings = numbers[1]
        elif asked == "GP":
            hottest = max(numbers)
            self.temperature_dc = hottest if hottest > _NO_SENSOR else None
        elif asked == "GG":
            self.current_ma = numbers[0] if numbers[0] >= 0 else None  # -1: no ammeter
            self.voltage_mv = numbers[1]
        else:
            self.session_ws, self.total_wh = numbers
