import json

from firmware.store.settings import BOOL, INT, LIST, READ, SECRET, TEXT, WRITE, Settings
from tests.unit.disk_rig import Files

PATH = "settings.json"


def even(text):
    if len(text.split(",")) % 2 and text:
        raise ValueError("Pairs: not in pairs")


ROWS = (
    ("Flag", BOOL, WRITE, "false", 0, 0),
    ("Size", INT, WRITE, "10", 1, 1000),
    ("Pairs", LIST, WRITE, "", even, 4),
    ("Count", INT, READ, "1", 1, 99),
    ("Key", SECRET, READ, "", None, 0),
    ("Note", TEXT, "-", "", None, 0),
)


class Disk(Files):
    """Renames counted; `broken`: the flash refuses."""

    def __init__(self, text=None):
        super().__init__({} if text is None else {PATH: text.encode()}, self.look)
        self.count = 0
        self.broken = False

    def look(self, operation):
        if operation[0] == "rename":
            if self.broken:
                raise OSError(28)
            self.count += 1


def stored(disk, **fixed):
    return Settings(ROWS, fixed, PATH, disk)


def test_types_and_bounds():
    """OCPP 1.6 §5.3: out of range, or not of the expected format: Rejected."""
    settings = Settings(ROWS)
    for key, text, kept in (
        ("Flag", "true", "true"),
        ("Flag", "TRUE ", "true"),
        ("Flag", "1", None),
        ("Flag", "", None),
        ("Size", "1", "1"),
        ("Size", " 0042 ", "42"),
        ("Size", "0", None),
        ("Size", "1001", None),
        ("Size", "-1", None),
        ("Size", "+5", None),
        ("Size", "1_0", None),
        ("Size", "5.0", None),
        ("Size", "", None),
        ("Size", "9" * 400, None),
        ("Size", "\u0663", None),
        ("Pairs", "a,b", "a,b"),
        ("Pairs", "", ""),
        ("Pairs", "a", None),
        ("Pairs", "a,b,c,d,e,f", None),
        ("Note", "x" * 501, None),
        ("Note", 5, None),
        ("Note", None, None),
    ):
        before = settings.text(key)
        assert settings.change(key, text) == (kept is not None), (key, text)
        assert settings.text(key) == (before if kept is None else kept)


def test_keys_are_ci_strings():
    settings = Settings(ROWS)
    assert settings.row("sIZE")[0] == "Size"
    assert settings.row("Sizes") is None
    assert settings.change("size", "7") and settings.number("Size") == 7


def test_values_survive():
    disk = Disk()
    settings = stored(disk)
    assert settings.fresh and not settings.corrupt
    settings.change("Size", "77")
    settings.change("Flag", "true")
    again = stored(disk)
    assert not again.fresh and not again.corrupt
    assert (again.number("Size"), again.flag("Flag"), again.number("Count")) == (77, True, 1)


def test_what_does_not_change_is_not_written():
    """A backend that sets its keys at every boot wears no flash."""
    disk = Disk()
    settings = stored(disk)
    for _ in range(5):
        assert settings.change("Size", "77")
        assert settings.change("Flag", "False")
        assert not settings.change("Size", "no")
    assert disk.count == 1


def test_power_cut_leaves_the_old_or_the_new():
    """Whatever is left of the file being written, the last whole one counts."""
    disk = Disk()
    settings = stored(disk)
    settings.change("Size", "77")
    with disk.open(PATH + ".new", "w") as file:
        file.write('{"Size": "8')
    assert stored(disk).number("Size") == 77


def test_a_flash_that_refuses_changes_nothing():
    disk = Disk()
    settings = stored(disk)
    assert settings.change("Size", "5")
    disk.broken = True
    assert not settings.change("Size", "6")
    assert not settings.change("Flag", "true")
    assert (settings.number("Size"), settings.flag("Flag")) == (5, False)
    disk.broken = False
    assert settings.change("Flag", "true")
    assert (stored(disk).number("Size"), stored(disk).flag("Flag")) == (5, True)


def test_a_corrupt_file_is_set_aside():
    for text in ("", "{", '{"Size": "7"', "[]", "7", '"abc"', "null", "\x00\xff\x00", "}{", "[}"):
        disk = Disk(text)
        settings = stored(disk)
        assert settings.corrupt and settings.fresh, text
        assert settings.number("Size") == 10
        assert PATH + ".bad" in disk.names and PATH not in disk.names, text
        assert settings.change("Size", "9")
        assert stored(disk).number("Size") == 9


def test_a_corrupt_file_that_cannot_be_moved_does_not_stop_the_boot():
    disk = Disk("[]")
    disk.broken = True
    settings = stored(disk)
    assert settings.corrupt and settings.number("Size") == 10


def test_one_bad_value_costs_itself_alone():
    """An update that narrows a bound does not lose the rest: the key of the CSMS above all."""
    disk = Disk(
        json.dumps({"Size": "5000", "Flag": "true", "Key": "secret", "Pairs": 3, "Old": "x"})
    )
    settings = stored(disk)
    assert settings.corrupt and not settings.fresh
    assert (settings.number("Size"), settings.flag("Flag")) == (10, True)
    assert (settings.text("Key"), settings.text("Pairs")) == ("secret", "")
    settings.change("Size", "11")
    with disk.open(PATH) as file:  # what another version wrote is kept for it
        assert json.load(file)["Old"] == "x"


def test_factory_values_of_any_access():
    disk = Disk()
    settings = stored(disk)
    assert settings.factory({"count": "5", "Key": " s p ", "Flag": "true"}) == []
    again = stored(disk)
    assert not again.fresh
    assert (again.number("Count"), again.text("Key"), again.flag("Flag")) == (5, " s p ", True)


def test_a_bad_factory_value_is_a_line_and_no_brick():
    disk = Disk()
    settings = stored(disk, Count="2")
    errors = settings.factory(
        {"Nope": "1", "Size": "0", "Count": "3", "Note": "x", "Key": 7, "Flag": "true"}
    )
    assert len(errors) == 5
    for name in ("Nope", "Size", "Count", "Note", "Key"):
        assert [line for line in errors if line.startswith(name + ":")], (name, errors)
    assert (settings.flag("Flag"), settings.number("Count")) == (True, 2)
    assert stored(disk, Count="2").flag("Flag")


def test_factory_values_on_a_broken_flash():
    disk = Disk()
    disk.broken = True
    settings = stored(disk)
    assert len(settings.factory({"Size": "5"})) == 1
    assert settings.number("Size") == 5


def test_a_fact_is_told_as_it_is_now():
    counted = [3]
    settings = stored(Disk(), Size=lambda: str(counted[0]))
    assert (settings.text("Size"), settings.number("Size")) == ("3", 3)
    counted[0] = 4
    row = settings.row("Size")
    assert (settings.readable(row), settings.access(row)) == ("4", READ)


def test_fixed_by_the_hardware():
    settings = Settings(ROWS, {"Count": "4"})
    row = settings.row("Size")
    assert settings.access(row) == WRITE
    settings.change("Size", "20")
    settings.fix("Size", "1")
    assert (settings.access(row), settings.number("Size")) == (READ, 1)
    assert settings.number("Count") == 4


def test_a_default_of_this_station():
    settings = Settings(ROWS)
    settings.default("Size", "33")
    assert settings.number("Size") == 33
    settings.change("Size", "10")
    assert settings.number("Size") == 10


def test_a_secret_is_not_readable():
    settings = Settings(ROWS)
    settings.factory({"Key": "hush", "Size": "5"})
    assert settings.readable(settings.row("Key")) is None
    assert settings.readable(settings.row("Size")) == "5"
