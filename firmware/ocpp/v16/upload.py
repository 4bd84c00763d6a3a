"""GetDiagnostics (5.9): one archive on its way to the CSMS.  What is in it and how it travels is
known elsewhere.  It lives in RAM: after a reboot nothing is being uploaded.
"""

from firmware.ocpp.job import Job
from firmware.ocpp.v16.progress import Progress, supported
from firmware.store.log import note


class _Sending(Job):
    def __init__(self, location: str, source, ended):
        Job.__init__(self, location, source=source)
        self._ended = ended

    def finished(self, error, now: int):
        self._ended(error, now)


class Upload:
    def __init__(self, station):
        self._station = station
        self.progress = Progress(station, "DiagnosticsStatusNotification")
        self._location = ""
        self._source = None
        self._attempts = None
        self._job = None

    @property
    def running(self) -> bool:
        return self._source is not None

    def request(
        self, location: str, attempts, start, stop, now: int, request_id=None
    ) -> "str | None":
        """The name of the file that will follow, None when none can be made.  Takes the place of
        an upload that still runs: of that one nothing more is told, since a status does not say
        whose it is."""
        source = self._archive(start, stop, now)
        if source is None:
            return None
        if self._job is not None:
            self._job.cancelled = True
            self._job = None
        self._location = location
        self._source = source
        self._attempts = attempts
        self.progress.begin(request_id)
        return source.name

    def archive(self, start, stop, now: int):
        """The source; None: there is none on this board."""
        archive = self._station.archive
        return None if archive is None else archive(start, stop, now)

    def failure(self, reason: str) -> str:
        """The status for it."""
        return "UploadFailed"

    def _archive(self, start, stop, now: int):
        try:
            return self.archive(start, stop, now)
        except (OSError, MemoryError) as error:
            note("diagnostics: no archive:", error)
            return None

    def job(self, now: int) -> "Job | None":
        if self._source is None or self._job is not None or not self._attempts.due(now):
            return None
        if not supported(self._location):
            self._end(self.failure("protocol not supported"))
            return None
        self.progress.tell("Uploading")
        self._source.restart()
        self._job = _Sending(self._location, self._source, self._ended)
        return self._job

    def _ended(self, error, now: int):
        self._job = None
        if error is not None:
            note("diagnostics:", error)
            if self._attempts.another(now):
                return
        self._end("Uploaded" if error is None else self.failure(error))

    def _end(self, status: str):
        self._location = ""
        self._source = None
        self.progress.tell(status)
