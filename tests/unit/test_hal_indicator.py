"""The indicator: colours on up to three lamps, steady and blinking."""

from hal.indicator import BLUE, CYAN, GREEN, OFF, RED, WHITE, YELLOW, Indicator


class Lamp:
    def __init__(self, level=1):
        self.level = level

    def value(self, level):
        self.level = level


def rig(active=1):
    lamps = [Lamp(active) for _ in range(3)]
    return lamps, Indicator(lamps[0], lamps[1], lamps[2], active)


def test_colours():
    for active in (0, 1):
        lamps, light = rig(active)
        for color, lit in ((OFF, (0, 0, 0)), (RED, (1, 0, 0)), (GREEN, (0, 1, 0)),
                           (YELLOW, (1, 1, 0)), (BLUE, (0, 0, 1)), (CYAN, (0, 1, 1)),
                           (WHITE, (1, 1, 1))):
            light.show(color)
            assert tuple(int(lamp.level == active) for lamp in lamps) == lit
            light.tick(10000)
            assert tuple(int(lamp.level == active) for lamp in lamps) == lit


def test_built_dark():
    for active in (0, 1):
        lamps, _ = rig(active)
        assert [lamp.level for lamp in lamps] == [1 - active] * 3


def test_blinking():
    """500/500 ms; told the same again it keeps its rhythm, told another it begins anew."""
    lamps, light = rig()
    lit = []
    for _ in range(40):
        light.show(RED, 500, 500)
        lit.append(lamps[0].level)
        light.tick(50)
    assert lit == ([1] * 10 + [0] * 10) * 2
    light.tick(600)
    light.show(BLUE, 100, 1900)
    assert (lamps[0].level, lamps[2].level) == (0, 1)
    light.tick(100)
    assert lamps[2].level == 0
    light.show(YELLOW, 700, 1000)
    light.tick(650)
    assert lamps[0].level == lamps[1].level == 1  # a new rhythm begins lit
    light.tick(50)
    assert lamps[0].level == lamps[1].level == 0
    light.show(BLUE)
    light.tick(100)
    assert lamps[2].level == 1


def test_one_lamp_only():
    lamp = Lamp()
    light = Indicator(green=lamp)
    light.show(RED)
    assert lamp.level == 0
    light.show(WHITE)
    assert lamp.level == 1


def test_what_cannot_be_shown():
    _, light = rig()
    for arguments in ((8,), (-1,), (RED, -1, 1), (RED, 1, -1), (RED, 0, 5)):
        try:
            light.show(*arguments)
        except ValueError:
            continue
        raise AssertionError(arguments)
