"""The write-ahead journal of one rollout: append-only, each line is synced before it counts."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from chassis.rollout.errors import TOOL, UnfinishedError

if TYPE_CHECKING:
    from pathlib import Path

FIRST_CHECKSUM = "0" * 16
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class DamagedJournalError(UnfinishedError):
    """A complete line does not match its checksum: nothing after it can be trusted."""


class Journal:
    """Lines of JSON, each with a checksum over itself and the line before."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises DamagedJournalError; a torn last line is kept in `torn`."""
        self.path = path
        self.entries: list[dict[str, Any]] = []
        self.torn = b""
        """A partially written last line; its event is unknown."""
        self._check = FIRST_CHECKSUM
        self._size = 0
        if path.exists():
            self._read(path.read_bytes())

    def append(self, entry: dict[str, Any]) -> None:
        """Return when the entry is on disk. Raises UnfinishedError, with the file unchanged."""
        line, check = _encode(entry, self._check)
        is_new = not self.path.exists()
        try:
            with self.path.open("ab", buffering=0) as file:
                if is_new:
                    _sync_folder(self.path.parent)
                file.truncate(self._size)
                try:
                    _write(file.fileno(), line)
                except OSError:
                    file.truncate(self._size)
                    raise
        except OSError as error:
            raise UnfinishedError(
                f"{self.path} cannot be written: {error.strerror}. No step runs before it is "
                f"recorded.\nFix the disk, then run: {TOOL} resume"
            ) from error
        self.torn = b""
        self._check = check
        self._size += len(line)
        self.entries.append(entry)

    def _read(self, content: bytes) -> None:
        lines = content.splitlines(keepends=True)
        for number, line in enumerate(lines, 1):
            entry, check = _decode(line, self._check)
            if entry is None:
                if number < len(lines) or line.endswith(b"\n"):
                    raise DamagedJournalError(
                        f"{self.path}:{number}: the line does not match its checksum: the file was "
                        "changed. Restore it from a backup, or move it away to continue from the "
                        f"rollout before it.\nWhat runs is shown by: {TOOL} status"
                    )
                self.torn = line
                return
            self.entries.append(entry)
            self._check = check
            self._size += len(line)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _write(descriptor: int, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def _encode(entry: dict[str, Any], before: str) -> tuple[bytes, str]:
    check = sha256(f"{before}{_to_json(entry)}".encode()).hexdigest()[: len(FIRST_CHECKSUM)]
    return f"{_to_json({**entry, 'check': check})}\n".encode(), check


def _decode(line: bytes, before: str) -> tuple[dict[str, Any] | None, str]:
    try:
        entry = json.loads(line)
    except ValueError:
        return None, ""
    check = entry.pop("check", "") if isinstance(entry, dict) else ""
    return (entry, check) if check and _encode(entry, before) == (line, check) else (None, "")
