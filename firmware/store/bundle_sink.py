"""A bundle on its way into a slot: erased ahead, programmed page by page, found again after a cut.

The last block of the slot is the notebook: that all was erased, what is coming (size, validator),
and a mark for each block that is full. A cut costs what came since the last mark. Nothing is
erased while data arrive; only `prepare` does, one block a call, and its caller knows when no
contactor is closed. Blocks and bytes; what a bundle says is in firmware/store/bundle.py.

    .offset .tag .ready() .begin(size, tag) .write(data) .restart()
"""

import binascii
import struct

from micropython import const

from firmware.store.bundle import PAGE_BYTES, SIZE, check_header

# The notebook. Each place is programmed once, at an alignment that suits every chip.
_ERASED_AT = const(0)
_BEGUN_AT = const(32)
_MARKS_AT = const(256)
_MARK_BYTES = const(32)
_ERASED = b"EVSE slot: all blocks are erased"
_TAG_BYTES = const(160)
_BEGUN = "<IB160s"  # size of the bundle, length of the validator, the validator; a CRC-32 before
_BEGUN_BYTES = const(192)

_NOTHING = const(-1)  # not erased, not being erased
_EIO = const(5)
_EBUSY = const(16)
_IOCTL_COUNT = const(4)
_IOCTL_SIZE = const(5)
_IOCTL_ERASE = const(6)


class BundleSink:
    """`room`: bytes of the largest bundle. `board`, `mpy`: for whom it must be made."""

    def __init__(self, device, board: str, mpy: int):
        self._device = device
        self._block_bytes = device.ioctl(_IOCTL_SIZE, 0)
        self._notes = device.ioctl(_IOCTL_COUNT, 0) - 1
        if _MARKS_AT + self._notes * _MARK_BYTES > self._block_bytes:
            raise ValueError("slot: too many blocks")
        self.room = self._notes * self._block_bytes
        self._board = board
        self._mpy = mpy
        self._page = bytearray(PAGE_BYTES)
        self._there = bytearray(PAGE_BYTES)
        self._forget(_NOTHING)
        self._find_again()

    def _forget(self, erased: int) -> None:
        self.offset = 0  # bytes taken; of them those in `_page` are not yet on flash
        self.size = 0  # of the whole, once its header is known
        self.tag = ""
        self.proven = False  # set by who has verified what is complete
        self._said = 0  # the size the sender gave
        self._erased = erased  # blocks erased so far; all of them: ready

    def _find_again(self) -> None:
        """What a cut has left. Nothing, unless the notebook is in order."""
        page = self._note(_ERASED_AT, len(_ERASED))
        if bytes(page) != _ERASED:
            return
        begun = bytes(self._note(_BEGUN_AT, _BEGUN_BYTES))
        if begun == b"\xff" * _BEGUN_BYTES:
            self._erased = self._notes + 1
            return
        size, length, tag = struct.unpack_from(_BEGUN, begun, 4)
        if struct.unpack_from("<I", begun, 0)[0] != binascii.crc32(begun[4:]):
            return
        block = 0
        while block * self._block_bytes < size and self._marked(block):
            block += 1
        self._erased = self._notes + 1
        self.offset = min(block * self._block_bytes, size)
        self.size = size
        self.tag = tag[:length].decode()

    def _note(self, at: int, size: int):
        view = memoryview(self._there)[:size]
        self._device.readblocks(self._notes, view, at)
        return view

    def _marked(self, block: int) -> bool:
        """Even half a mark: it was begun when the block was full."""
        mark = self._note(_MARKS_AT + block * _MARK_BYTES, _MARK_BYTES)
        return bytes(mark) != b"\xff" * _MARK_BYTES

    # Erasing

    def ready(self) -> bool:
        return self._erased > self._notes

    @property
    def complete(self) -> bool:
        return 0 < self.size == self.offset

    def restart(self) -> None:
        """Nothing of it counts any more: from offset 0, and erased before."""
        if self.size:
            self.void()
        else:
            self._forget(self._erased)

    def void(self) -> None:
        """Written down before anything is erased: half erased, old notes must not speak again."""
        self._forget(_NOTHING)
        self._device.writeblocks(self._notes, bytes(_MARKS_AT), 0)

    def prepare(self) -> bool:
        """Erases one block. False: there is none to erase. The notebook is the first, and again
        the last to be written: what looks erased after a cut is erased anew."""
        if self.ready():
            return False
        if self._erased == _NOTHING:
            self.void()
            self._device.ioctl(_IOCTL_ERASE, self._notes)
        else:
            self._device.ioctl(_IOCTL_ERASE, self._erased)
        self._erased += 1
        if self._erased == self._notes:
            self._device.writeblocks(self._notes, _ERASED, _ERASED_AT)
            self._erased += 1
        return True

    # Taking in

    def begin(self, size: "int | None", tag: str) -> None:
        """The sender's first words. A validator too long to be kept is none: no resuming then."""
        if self.offset:
            if tag != self.tag or size not in (None, self.size):
                raise ValueError("another bundle")
            return
        if size is not None and size > self.room:
            raise ValueError("too large")
        self._said = size or 0
        self.tag = tag if len(tag.encode()) <= _TAG_BYTES else ""

    def write(self, data) -> None:
        """In any pieces. ValueError: this can never be a bundle for this slot. OSError: flash, or
        not erased; then `offset` says what is still good."""
        if not self.ready():
            raise OSError(_EBUSY)
        view = memoryview(data)
        while view:
            if self.complete:
                raise ValueError("longer than it says")
            within = self.offset % PAGE_BYTES
            count = min(PAGE_BYTES - within, len(view))
            self._page[within : within + count] = view[:count]
            if within + count == PAGE_BYTES:
                self._take_page(self.offset - within)
            self.offset += count
            view = view[count:]

    def _take_page(self, at: int) -> None:
        if at == 0:
            self._begin_notes()
        block, offset = divmod(at, self._block_bytes)
        self._program(block, offset)
        end = at + PAGE_BYTES
        if end == self.size or end % self._block_bytes == 0:
            mark = _MARKS_AT + block * _MARK_BYTES
            self._device.writeblocks(self._notes, bytes(_MARK_BYTES), mark)

    def _begin_notes(self) -> None:
        """The header is here: what is no bundle for us has not cost a single program."""
        size = check_header(self._page, self._board, self._mpy, self.room)[SIZE]
        if self._said not in (0, size):
            raise ValueError("%d bytes, its header says %d" % (self._said, size))
        tag = self.tag.encode()
        record = bytearray(_BEGUN_BYTES)
        struct.pack_into(_BEGUN, record, 4, size, len(tag), tag)
        struct.pack_into("<I", record, 0, binascii.crc32(memoryview(record)[4:]))
        if bytes(self._note(_BEGUN_AT, _BEGUN_BYTES)) == b"\xff" * _BEGUN_BYTES:
            self._device.writeblocks(self._notes, record, _BEGUN_AT)
        if self._note(_BEGUN_AT, _BEGUN_BYTES) != record:
            self._give_up()
        self.size = size

    def _program(self, block: int, offset: int) -> None:
        """A page that a cut has left half done is programmed again: the same bytes clear the same
        bits. If others stand there, all of it is void."""
        page, there = self._page, self._there
        self._device.readblocks(block, there, offset)
        if there != page:
            for i in range(PAGE_BYTES):
                if there[i] & page[i] != page[i]:
                    self._give_up()
            self._device.writeblocks(block, page, offset)
            self._device.readblocks(block, there, offset)
            if there != page:
                self._give_up()

    def _give_up(self) -> None:
        self.void()
        raise OSError(_EIO)
