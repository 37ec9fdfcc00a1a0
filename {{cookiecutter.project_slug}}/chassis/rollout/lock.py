"""One rollout at a time: a file lock that names its holder and ends with its process."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from time import sleep
from typing import TYPE_CHECKING

from chassis.rollout.errors import TOOL, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

RETRY_SECONDS = 0.1


@dataclass(frozen=True)
class Holder:
    """The process that holds the lock."""

    pid: int
    host: str
    user: str
    since: str
    command: str

    @classmethod
    def current_process(cls, command: str) -> Holder:
        """Describe this process."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(os.getpid(), socket.gethostname(), getpass.getuser(), since, command)

    def __str__(self) -> str:
        """Format it for operators."""
        return (
            f"{self.user} (process {self.pid} on {self.host}, since {self.since}): {self.command}"
        )


@contextmanager
def hold_lock(path: Path, holder: Holder) -> Iterator[None]:
    """Hold the lock. Raises RefusedError with its holder if another process holds it."""
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(path.open("ab", buffering=0))
            _acquire(file, path)
            file.truncate(0)
            file.write(json.dumps(asdict(holder)).encode())
        except OSError as error:
            raise RefusedError(
                f"{path} cannot be written: {error.strerror}. Free disk space, or run the tool as "
                "the owner of that file."
            ) from error
        yield
        file.truncate(0)


def _acquire(file: FileIO, path: Path) -> None:
    for is_last in (False, False, True):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read_holder(path)
            if holder or is_last:
                raise RefusedError(
                    f"{path}: another rollout holds the lock: {holder or 'unknown process'}.\n"
                    f"Wait for it, or roll it back: {TOOL} abort"
                ) from None
            sleep(RETRY_SECONDS)  # another process may only be reading the holder
        else:
            return


def find_holder(path: Path) -> Holder | None:
    """Return the holder of the lock, None if it is free."""
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_holder(path)
    return None


def _read_holder(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        return None  # it is being acquired or released right now
