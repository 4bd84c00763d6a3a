"""Configuration keys: a table of types and bounds, values that survive.  No OCPP message here.

A row is (key, kind, access, default, low, high): `low`/`high` bound an INT; for a LIST they are a
check function (raises ValueError) and the most items.  Values are text, as the wire has them.
What was set is stored in one file, the old one or the new one whole, never a mix.
"""

import json

from micropython import const

# Words, so that a row of a table is a literal: frozen, it stays in flash.
BOOL = "bool"
INT = "int"
TEXT = "text"
LIST = "list"
SECRET = "secret"  # never read back

READ = "R"
WRITE = "RW"

_ENOENT = const(2)
_LONGEST = const(500)  # characters of a value: KeyValue.value is a CiString500


class Settings:
    """`rows`: the table; `fixed`: values the hardware or the build dictates, read-only whatever
    the row says (text, or a function that tells it when asked); `path`: the file, None to keep
    nothing; `files`: see id_file (its rename is atomic on LittleFS)."""

    def __init__(self, rows, fixed=None, path=None, files=None):
        self._rows = rows
        self._fixed = dict(fixed or {})
        self._defaults = {}
        self._path = path
        self._files = files
        self._values = {}
        self.corrupt = False  # the file could not be read and was set aside
        self.fresh = False  # there was no file to read: the factory values are due
        if path:
            self._load()

    def drop(self, rows: tuple):
        """These keys are not of this station. What is stored of them stays for who has them."""
        self._rows = tuple([row for row in self._rows if row not in rows])

    # --- reading ----------------------------------------------------------------------------

    def keys(self) -> list:
        """Every key that may be asked for, in table order."""
        return [row[0] for row in self._rows]

    def row(self, key: str):
        """The row of `key`, its case folded (CiString); None if there is none."""
        for row in self._rows:  # spelled as in the table: no text is made
            if row[0] == key:
                return row
        folded = key.lower()
        for row in self._rows:
            if row[0].lower() == folded:
                return row
        return None

    def access(self, row) -> str:
        return READ if row[0] in self._fixed else row[2]

    def text(self, key: str) -> str:
        if key in self._fixed:
            fact = self._fixed[key]
            return fact() if callable(fact) else fact
        if key in self._values:
            return self._values[key]
        if key in self._defaults:
            return self._defaults[key]
        return self.row(key)[3]

    def number(self, key: str) -> int:
        return int(self.text(key))

    def flag(self, key: str) -> bool:
        return self.text(key) == "true"

    def readable(self, row):
        """The value GetConfiguration may show; None for a secret."""
        return None if row[1] == SECRET else self.text(row[0])

    # --- writing ----------------------------------------------------------------------------

    def fix(self, key: str, text: str):
        """This hardware leaves only this value: read-only from now on."""
        self._fixed[key] = text

    def default(self, key: str, text: str):
        """The value until one is set, where the table cannot know it."""
        self._defaults[key] = text

    def factory(self, values: dict) -> list:
        """Values for the first boot, any key of any access.  What is usable is taken; the rest
        comes back as one line each, since a typing error must not keep a charger from booting."""
        errors = []
        for key in values:
            row = self.row(key)
            if row is None or row[2] not in (READ, WRITE):
                errors.append(key + ": no such key")
            elif row[0] in self._fixed:
                errors.append(row[0] + ": the hardware decides this")
            else:
                try:
                    self._values[row[0]] = check(row, values[key])
                except ValueError as error:
                    errors.append(str(error))
        try:
            self._save()
        except OSError as error:
            errors.append("not kept: " + str(error))
        return errors

    def change(self, key: str, text: str) -> bool:
        """Take a new value; False if it does not fit or cannot be kept: then the old one stands.
        The caller has looked at the access."""
        row = self.row(key)
        try:
            value = check(row, text)
        except ValueError:
            return False
        before = self.text(row[0])
        if value == before:
            return True  # nothing to write: a backend repeats its settings at every boot
        old = self._values.get(row[0])
        self._values[row[0]] = value
        try:
            self._save()
        except OSError:
            if old is None:
                del self._values[row[0]]
            else:
                self._values[row[0]] = old
            return False
        return True

    # --- the file ---------------------------------------------------------------------------

    def _load(self):
        try:
            with self._files.open(self._path) as file:
                text = file.read()
            # MicroPython's json lets a cut-off text pass.
            stored = json.loads(text) if text.strip()[-1:] == "}" else None
        except OSError as error:
            self.fresh = True
            if error.args[0] != _ENOENT:
                self._set_aside()
            return
        except ValueError:
            stored = None
        if not isinstance(stored, dict):
            self.fresh = True
            self._set_aside()
            return
        for key in stored:
            self._recall(key, stored[key])

    def _recall(self, key: str, text):
        """One bad value costs itself alone; a key of another version is kept for that version."""
        row = self.row(key)
        try:
            self._values[key] = text if row is None else check(row, text)
        except ValueError:
            self.corrupt = True

    def _set_aside(self):
        """Not a settings file any more: keep it for whoever wants to look, boot without it."""
        self.corrupt = True
        try:
            self._files.rename(self._path, self._path + ".bad")
        except OSError:
            pass  # it cannot even be renamed: the next save replaces it

    def _save(self):
        if not self._path:
            return
        with self._files.open(self._path + ".new", "w") as file:
            json.dump(self._values, file)
        self._files.rename(self._path + ".new", self._path)


def check(row, text) -> str:
    """`text` as it is kept; ValueError when it does not fit the row."""
    key, kind, _, _, low, high = row
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ValueError(key + ": not a text of at most 500 characters")
    if kind == SECRET:
        return text  # every character counts
    text = text.strip()
    if kind == BOOL:
        text = text.lower()
        if text not in ("true", "false"):
            raise ValueError(key + ": not a boolean")
    elif kind == INT:
        number = _integer(text)
        if number is None or number < low or number > high:
            raise ValueError("%s: not an integer from %d to %d" % (key, low, high))
        text = str(number)
    elif kind == LIST:
        if len([item for item in text.split(",") if item.strip()]) > high:
            raise ValueError(key + ": too many items")
        low(text)
    return text


def _integer(text: str):
    """Digits only: int() also takes "1_0", "+1" and, on some ports, digits of every script."""
    if not text or len(text) > 10:
        return None
    for c in text:
        if not "0" <= c <= "9":
            return None
    return int(text)
