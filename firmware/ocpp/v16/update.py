"""UpdateFirmware (5.19), SignedUpdateFirmware (whitepaper L01): another firmware is brought into
the spare slot, proved and put on trial.  The signed one has one proof more and more words for
where it is.

A power cut at any point ends nothing: the plan is on flash, and what the slot already has is found
there again, and verified again.  Before Downloaded everything that goes wrong is DownloadFailed,
after it InstallationFailed, or what the whitepaper calls it; a request that another one replaces
ends in no status, since 1.6 cannot say whose a status is.
"""

from micropython import const

from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import update_plan
from firmware.ocpp.v16.download import Download
from firmware.ocpp.v16.installation import Installation
from firmware.ocpp.v16.progress import Attempts, Progress, supported
from firmware.ocpp.v16.update_plan import Plan
from firmware.ocpp.v16.verification import Verification
from firmware.store.log import note

_NONE = const(0)
_FETCH = const(1)  # waiting for its time, erasing, downloading, waiting to try again
_VERIFY = const(2)
_INSTALL = const(3)
_DONE = const(4)  # until the CSMS has heard of it

_ERASE_MS = const(200)  # one block each: an erase masks every interrupt of a chip
_CUTS = const(10)  # reboots while downloading: no update may keep a charger rebooting


class Update:
    """`job(now)`: the download, when one is due."""

    def __init__(self, station):
        self._station = station
        self._slots = station.slots
        self.progress = Progress(
            station, "FirmwareStatusNotification", "SignedFirmwareStatusNotification"
        )
        self._installation = Installation(station, self.progress, self._proven)
        self._stage = _NONE
        self._attempts: "Attempts" = None
        self._job: "Download" = None
        self._verification = Verification(station, self.progress)
        self._ending: "tuple" = None  # how it ended, found at the boot
        self._erased_at = 0
        self._ours = True  # what the slot holds is of this plan
        self._plan: "Plan" = update_plan.recall(station.files)
        self._go_on()

    # --- what is asked for ------------------------------------------------------------------

    def request(self, location: str, at: int, retries: int, interval_s: int, signed=None) -> bool:
        """Takes the place of an update that is not being installed yet; True: there was one."""
        if self._installation.irrevocable or self._slots.spare is None:
            raise CallError("GenericError", "an update is being installed")
        replaces = self._stage in (_FETCH, _VERIFY, _INSTALL)
        same = self._stage == _FETCH and self._ours and self._plan.location == location
        plan = Plan(self._station.files, location, at, retries, interval_s, signed)
        try:
            plan.keep(update_plan.FETCHING if same else update_plan.WANTED)
        except OSError as error:
            note("update: not kept:", error)
            raise CallError("InternalError", "not kept")
        self._put_away()
        self._plan = plan
        self.progress.begin(plan.request_id)
        self._start(same)
        return replaces

    def told(self, status: str):
        """The CSMS has heard how it ended, or never will."""
        if self._stage == _DONE and status == self._plan.step:
            self._stage = _NONE
            self._plan.remove()

    def _start(self, ours: bool):
        self._ours = ours
        self._attempts = Attempts(self._plan.retries, self._plan.interval_s)
        self._stage = _FETCH

    def _put_away(self):
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self._installation.stop()

    def _end(self, status: str, why: str, now: int):
        self._put_away()
        self._slots.release()
        note("update:", status, why)
        self._event("firmware", status + " " + why, now)
        if status == "Installed":  # noted before the plan forgets it: at least once
            self._station.security("FirmwareUpdated", why, now)
        self._stage = _DONE
        self._plan.end(status)
        self.progress.tell(status)

    def _event(self, kind: str, text: str, now: int):
        if self._station.events is not None:
            self._station.events.add(kind, text, now)

    def _keep(self, step: str):
        """A cut before it is kept only means that something is done twice."""
        try:
            self._plan.keep(step)
        except OSError as error:
            note("update: not kept:", error)

    # --- after a reboot ---------------------------------------------------------------------

    def _go_on(self):
        plan = self._plan
        if plan is not None:
            self.progress.begin(plan.request_id)
        if self._slots.on_trial:
            if plan is None:  # its file is lost: how the trial ends is told all the same
                self._plan = Plan(self._station.files, "", 0, 0, 0)
            self._stage = _INSTALL
            self._installation.on_trial(self._plan)
            self._event("trial", self._version(self._slots.running), 0)
        elif plan is None:
            self._stage = _NONE
        elif plan.step == update_plan.TRIAL:
            self._judge(plan)
        elif plan.step == update_plan.FETCHING:
            plan.cuts += 1
            if plan.cuts > _CUTS:
                self._ending = "DownloadFailed", "%d reboots meanwhile" % plan.cuts
            else:
                self._start(True)
                self._keep(plan.step)
        elif plan.step in (update_plan.WANTED, update_plan.FETCHED):
            self._start(plan.step == update_plan.FETCHED)
        else:
            self._stage = _DONE
            self.progress.tell(plan.step)

    def _judge(self, plan):
        """The switch was about to be made, or was made: what runs now says how that ended."""
        failed = self._slots.failed
        if self._slots.running == plan.slot:
            self._ending = "Installed", self._version(plan.slot)
        elif failed is not None and not self._whole():
            # What was put on trial is never again taken for a download.
            self._event("rollback", "%s: %s" % failed, 0)
            self._ending = "InstallationFailed", failed[1]
        else:
            self._start(True)

    def _version(self, slot: str) -> str:
        try:
            return self._slots.version(slot)
        except OSError:
            return ""

    def _sink(self):
        """None: flash, or there is no slot to spare."""
        try:
            return self._slots.sink()
        except OSError:
            return None

    def _whole(self) -> bool:
        sink = self._sink()
        return sink is not None and sink.complete

    # --- what goes on -----------------------------------------------------------------------

    def tick(self, now: int):
        self.progress.tick(now)
        if self._ending is not None:
            (status, why), self._ending = self._ending, None
            self._end(status, why, now)
        elif self._stage == _FETCH:
            self._make_room(now)
            if self._plan.signed and self._stage == _FETCH:
                self._tell_waiting(now)
        elif self._stage == _VERIFY:
            self._verify(now)
        elif self._stage == _INSTALL:
            ended = self._installation.tick(now)
            if ended is not None:
                self._end(ended[0], ended[1], now)

    def job(self, now: int) -> "Download | None":
        """The download, once its time has come and the slot can take it."""
        if self._stage != _FETCH or self._job is not None or not self._due(now):
            return None
        if not supported(self._plan.location):
            self._end("DownloadFailed", "protocol not supported", now)
            return None
        sink = self._sink()
        if not self._ours or sink is None or not sink.ready():
            return None
        if self._plan.step != update_plan.FETCHING:
            self._keep(update_plan.FETCHING)
        self.progress.tell("Downloading")
        self._job = Download(self._plan.location, sink, self._fetched)
        return self._job

    def _due(self, now: int) -> bool:
        """6.55: not before retrieveDate, which nobody knows without a clock."""
        at = self._station.clock.at(now)
        return at is not None and at >= self._plan.at and self._attempts.due(now)

    def _make_room(self, now: int):
        """The slot, erased ahead of the download or of its second beginning."""
        if not self._attempts.due(now):
            return
        try:
            sink = self._slots.sink()
            if not self._ours:
                sink.restart()
                self._ours = True
            if self._job is None and sink.complete:
                self._begin_verify()
            elif not sink.ready() and now - self._erased_at >= _ERASE_MS and self._all_open():
                self._erased_at = now
                self._slots.prepare()
        except OSError as error:
            if self._job is None:
                self._failed("slot: %s" % error, now)
            else:
                note("update: erase:", error)  # the transfer waits for it, and not for ever

    def _tell_waiting(self, now: int):
        """L01.FR.13, 14: the download waits for its time, or for a car."""
        sink, at = self._sink(), self._station.clock.at(now)
        held = sink is not None and not sink.ready() and not self._all_open()
        if self._job is not None:
            self.progress.tell("DownloadPaused" if held else "Downloading")
        elif self._plan.step == update_plan.WANTED:
            if held or (at is not None and at < self._plan.at):
                self.progress.tell("DownloadScheduled")

    def _all_open(self) -> bool:
        for connector in self._station.connectors:
            if connector.kernel.facts.closed:
                return False
        return True

    def _fetched(self, job, error, now: int):
        self._job = None
        if error is None:
            self._begin_verify()
        elif job.unfit:
            self._end("DownloadFailed", error, now)
        else:
            self._failed(error, now)

    def _failed(self, why: str, now: int, status: str = "DownloadFailed"):
        """An attempt is over; what the slot has got stays for the next one."""
        note("update:", why)
        self._stage = _FETCH
        if not self._attempts.another(now):
            self._end(status, why, now)

    def _begin_verify(self):
        self._verification.begin(self._plan)
        self._stage = _VERIFY

    def _verify(self, now: int):
        ended = self._verification.tick(now)
        if ended is None:
            return
        status, why, again = ended
        if not status:
            self._keep(update_plan.FETCHED)
            self._stage = _INSTALL
            self._installation.begin(self._plan)
        elif again:
            self._failed(why, now, status)
        else:
            self._end(status, why, now)

    def _proven(self, now: int) -> bool:
        if self._verification.holds(now):
            return True
        self._installation.stop()
        self._begin_verify()
        return False
