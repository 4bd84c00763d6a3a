"""SupportedFeatureProfiles says what is built, and a room that is not there answers so."""

import sys

from firmware.ocpp.v16 import rooms
from tests.unit.disk_rig import Files
from tests.unit.station_rig import Charger

ROOM = "firmware.ocpp.v16.remote_trigger"


class Missing:
    """As if the manifest had left a module out; `name` is what the import says is missing."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        rooms.__import__ = self.load
        return self

    def load(self, path, *rest):
        if path == ROOM:
            raise ImportError("no module named '%s'" % self.name)
        return __import__(path, *rest)

    def __exit__(self, *_):
        del rooms.__import__


def profiles(charger):
    answer = charger.ask("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    return answer["configurationKey"][0]["value"].split(",")


def test_a_room_left_out_of_the_manifest_is_not_built():
    assert "RemoteTrigger" in profiles(Charger(files=Files({})))
    with Missing(ROOM):
        charger = Charger(files=Files({}))
    charger.run(2)
    assert "RemoteTrigger" not in profiles(charger)
    assert "LocalAuthListManagement" in profiles(charger)
    told = charger.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
    assert told == "NotSupported"  # OCPP-J 4.2.3: known to OCPP, not here


def test_what_is_missing_inside_a_room_is_a_broken_build():
    with Missing("firmware.ocpp.v16.elsewhere"):
        try:
            rooms.built()
        except ImportError as error:
            assert "elsewhere" in str(error)
        else:
            raise AssertionError("taken for a small build")


def test_every_profile_of_the_specification_once():
    """OCPP 1.6 §9.1.27: Core, FirmwareManagement, LocalAuthListManagement, Reservation,
    SmartCharging, RemoteTrigger."""
    names = [module.PROFILE for _, module in rooms.built() if module.PROFILE]
    assert len(set(names)) == len(names)
    for _, module in rooms.built():
        assert sys.modules[module.__name__] is module


def test_a_withdrawn_connector_is_unavailable_and_comes_back():
    """6.19: connectors not in use are set Unavailable while an update waits."""
    charger = Charger()
    charger.run(2)
    connector = charger.connectors[0]
    connector.withdrawn = True
    charger.run(1)
    assert connector.word == "Unavailable"
    charger.plug()
    charger.swipe()
    charger.run(3)
    assert connector.session.transaction is None and connector.session.id_tag is None
    connector.withdrawn = False
    charger.run(1)
    assert connector.word == "Preparing"
