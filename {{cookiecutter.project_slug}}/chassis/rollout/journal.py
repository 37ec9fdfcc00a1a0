"""One rollout's record on disk: lines that are only ever added, each on disk before it counts."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from chassis.rollout.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = "0" * 16


class Disk(Protocol):
    """What the journal asks of the operating system."""

    def write(self, descriptor: int, data: bytes | memoryview[int], /) -> int:
        """Write, perhaps less than all."""

    def fsync(self, descriptor: int, /) -> None:
        """Return when everything written is on disk."""


class Damaged(Interrupted):
    """A whole line is not as it was written: nothing that follows from it can be trusted."""


class Journal:
    """Lines of JSON, each with a checksum over itself and the line before."""

    def __init__(self, path: Path, disk: Disk = os) -> None:
        """Read what is there. Raises Damaged; a last line that is torn is left out and noted."""
        self.path = path
        self.entries: list[dict[str, Any]] = []
        self.torn = b""
        """What there is of a last line whose writing was cut off. It is unknown what it said."""
        self._disk = disk
        self._check = SEED
        self._size = 0
        if path.exists():
            self._read(path.read_bytes())

    def append(self, entry: dict[str, Any]) -> None:
        """Return when the entry is on disk. Raises Interrupted, with the file as it was before."""
        line, check = _line(entry, self._check)
        try:
            with _opened(self.path, self._disk) as descriptor:
                os.ftruncate(descriptor, self._size)
                try:
                    self._write(descriptor, line)
                except OSError:
                    os.ftruncate(descriptor, self._size)
                    raise
        except OSError as error:
            raise Interrupted(
                f"{self.path}: cannot be written: {error.strerror}. Nothing is done that is not "
                "written down first. Mend that, then run: python3 -m chassis.rollout resume"
            ) from error
        self.torn = b""
        self._check = check
        self._size += len(line)
        self.entries.append(entry)

    def _write(self, descriptor: int, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            rest = rest[self._disk.write(descriptor, rest) :]
        self._disk.fsync(descriptor)

    def _read(self, content: bytes) -> None:
        lines = content.splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            entry, check = _parsed(line, self._check)
            if entry is None:
                if number < len(lines) or line.endswith(b"\n"):
                    raise Damaged(
                        f"{self.path}:{number}: the line is not as it was written, which no crash "
                        "does. Compare with `status`; put the file back from a backup, or move it "
                        "away to go on from what the rollout before it recorded."
                    )
                self.torn = line
                return
            self.entries.append(entry)
            self._check = check
            self._size += len(line)


@contextmanager
def _opened(path: Path, disk: Disk) -> Iterator[int]:
    """Open for adding; the directory is on disk as well if the file is new."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if is_new:
            directory = os.open(path.parent, os.O_RDONLY)
            disk.fsync(directory)
            os.close(directory)
        yield descriptor
    finally:
        os.close(descriptor)


def _line(entry: dict[str, Any], before: str) -> tuple[bytes, str]:
    check = sha256(f"{before}{_json(entry)}".encode()).hexdigest()[: len(SEED)]
    return f"{_json({**entry, 'check': check})}\n".encode(), check


def _json(entry: dict[str, Any]) -> str:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def _parsed(line: bytes, before: str) -> tuple[dict[str, Any] | None, str]:
    try:
        entry = json.loads(line)
    except ValueError:
        return None, ""
    check = entry.pop("check", "") if isinstance(entry, dict) else ""
    return (entry, check) if check and _line(entry, before) == (line, check) else (None, "")
