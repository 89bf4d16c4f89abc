"""How a series lies in its file: a header, then a ring of records for each of ``WINDOWS``.

A record has the number of its step, which also says its place in the ring, sums and counts of each
figure, and a checksum: what was not written whole, or is of an earlier round, reads as a gap. A file
is made, and the step of its lifetime doubled, by replacing it whole.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..model.metrics import FIGURES, WINDOWS, Bucket, Gpu, doubled
from .files import opened, replacing

_MAGIC = b"jobsub-metrics-1"
_SUM = struct.Struct("<I")
_HEAD = struct.Struct("<16sIqI")  # magic, GPUs, begin, seconds of a step of the lifetime
_GPU = struct.Struct("<96s96sQ")  # uuid, name, bytes of memory
_LIFETIME = len(WINDOWS) - 1
MOST_GPUS = 64  # of one task


@dataclass(frozen=True)
class Layout:
    """What a header says, and what follows from it.

    Parameters
    ----------
    begin:
        Seconds since 1970; nothing is older.
    lifetime:
        Seconds of a step of the last ring.
    gpus:
        The devices whose use is kept.
    """

    begin: int
    lifetime: int
    gpus: tuple[Gpu, ...]

    @property
    def steps(self) -> list[int]:
        """Seconds of a step of each ring."""
        return [*(one.step for one in WINDOWS[:_LIFETIME]), self.lifetime]

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._offset(_LIFETIME) + WINDOWS[_LIFETIME].slots * self._record.size

    def slots(self, ring: int, last: int) -> range:
        """The slots that a ring may have, up to the last one."""
        first, count = self.begin // self.steps[ring], WINDOWS[ring].slots
        if ring == _LIFETIME:
            return range(first, min(last + 1, first + count))
        return range(max(first, last + 1 - count), last + 1)

    def read(self, fd: int, ring: int) -> list[Bucket]:
        """Read what there is in a ring."""
        size = self._record.size
        data = os.pread(fd, size * WINDOWS[ring].slots, self._offset(ring))
        found = (self._decode(data[at : at + size]) for at in range(0, len(data), size))
        return [one for one in found if one]

    def add(self, fd: int, ring: int, new: Bucket) -> None:
        """Add to what there is in the bucket's slot."""
        place = self._place(ring, new.slot)
        old = self._decode(os.pread(fd, self._record.size, place))
        os.pwrite(fd, self._encode(old.merged(new) if old and old.slot == new.slot else new), place)

    def write(self, path: Path, rings: Sequence[Sequence[Bucket]] = ()) -> None:
        """Make a file, or replace it whole."""
        with replacing(path) as fd:
            os.ftruncate(fd, self.size)  # what was never written to takes no room
            os.pwrite(fd, self._head(), 0)
            for ring, buckets in enumerate(rings):
                for one in buckets:
                    os.pwrite(fd, self._encode(one), self._place(ring, one.slot))

    def widened(self, path: Path, moment: int) -> Layout:
        """See that a file's lifetime reaches to a moment, in steps that are long enough."""
        wide, doublings = self, 0
        while moment // wide.lifetime - wide.begin // wide.lifetime >= WINDOWS[_LIFETIME].slots:
            wide, doublings = replace(wide, lifetime=wide.lifetime * 2), doublings + 1
        if doublings:
            with opened(path) as fd:
                rings = [self.read(fd, ring) for ring in range(len(WINDOWS))]
            for _ in range(doublings):
                rings[_LIFETIME] = doubled(rings[_LIFETIME])
            wide.write(path, rings)
        return wide

    @property
    def _figures(self) -> int:
        return len(FIGURES) + 2 * len(self.gpus)

    @property
    def _record(self) -> struct.Struct:
        return struct.Struct(f"<Iq{self._figures}d{self._figures}I")  # checksum, slot, sums, counts

    def _offset(self, ring: int) -> int:
        records = sum(one.slots for one in WINDOWS[:ring])
        return _SUM.size + _HEAD.size + len(self.gpus) * _GPU.size + records * self._record.size

    def _place(self, ring: int, slot: int) -> int:
        return self._offset(ring) + slot % WINDOWS[ring].slots * self._record.size

    def _encode(self, one: Bucket) -> bytes:
        data = self._record.pack(0, one.slot, *one.sums, *one.counts)[_SUM.size :]
        return _SUM.pack(zlib.crc32(data)) + data

    def _decode(self, data: bytes) -> Bucket | None:
        if len(data) < self._record.size or not _whole(data):
            return None
        _, slot, *numbers = self._record.unpack(data)
        sums, counts = numbers[: self._figures], numbers[self._figures :]
        return Bucket(slot, tuple(sums), tuple(counts))

    def _head(self) -> bytes:
        data = _HEAD.pack(_MAGIC, len(self.gpus), self.begin, self.lifetime)
        for one in self.gpus:
            data += _GPU.pack(one.uuid.encode(), one.name.encode(), one.memory_total)
        return _SUM.pack(zlib.crc32(data)) + data


def read_layout(path: Path) -> Layout | None:
    """Read a file's header; None if there is none, or none that can be read."""
    try:
        with opened(path) as fd:
            head = os.pread(fd, _SUM.size + _HEAD.size + MOST_GPUS * _GPU.size, 0)
    except FileNotFoundError:
        return None
    size = _SUM.size + _HEAD.size
    if len(head) < size:
        return None
    magic, count, begin, lifetime = _HEAD.unpack(head[_SUM.size : size])
    head = head[: size + count * _GPU.size]
    if magic != _MAGIC or not _whole(head) or lifetime < WINDOWS[_LIFETIME].step:
        return None
    return Layout(begin, lifetime, tuple(_gpu(*row) for row in _GPU.iter_unpack(head[size:])))


def _gpu(uuid: bytes, name: bytes, memory: int) -> Gpu:
    return Gpu(uuid.rstrip(b"\0").decode(errors="ignore"), name.rstrip(b"\0").decode(errors="ignore"), memory)


def _whole(data: bytes) -> bool:
    return data[: _SUM.size] == _SUM.pack(zlib.crc32(data[_SUM.size :]))
