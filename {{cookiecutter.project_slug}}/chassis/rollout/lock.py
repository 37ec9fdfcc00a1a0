"""One rollout at a time: a lock that names its holder and dies with it."""

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

from chassis.rollout.errors import Refused
from chassis.rollout.records import Misfits, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST = 10_000
PAUSE = 0.1


@dataclass(frozen=True)
class Holder:
    """Who rolls out."""

    pid: int
    host: str
    user: str
    since: str
    command: str

    @classmethod
    def me(cls, command: str) -> Holder:
        """Describe this process."""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(os.getpid(), socket.gethostname(), getpass.getuser(), since, command)

    def __str__(self) -> str:
        """Name the holder to people."""
        return (
            f"{self.user} (process {self.pid} on {self.host}, since {self.since}): {self.command}"
        )


@contextmanager
def held(path: Path, me: Holder) -> Iterator[None]:
    """Hold the lock. Raises Refused that names the holder if somebody else does."""
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            stack.callback(os.close, descriptor)
            _take(descriptor, path)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(me)).encode(), 0)
        except OSError as error:
            raise Refused(
                f"{path}: cannot be written: {error.strerror}. Make room, or be the user who "
                "rolls out here."
            ) from error
        yield
        os.ftruncate(descriptor, 0)


def _take(descriptor: int, path: Path) -> None:
    for is_last in (False, False, True):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            named = _written(descriptor)
            if named or is_last:
                raise Refused(
                    f"{path}: a rollout is under way by {named or 'somebody unnamed'}. "
                    "Wait for it, or end it with: python3 -m chassis.rollout abort"
                ) from None
            sleep(PAUSE)  # somebody is only looking who holds it
        else:
            return


def holder(path: Path) -> Holder | None:
    """Tell who holds the lock, None if nobody does."""
    if not path.exists():
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _written(descriptor)
    finally:
        os.close(descriptor)
    return None


def _written(descriptor: int) -> Holder | None:
    try:
        return read(Holder, json.loads(os.pread(descriptor, MOST, 0)), "lock")
    except (ValueError, Misfits):
        return None  # it has just been taken, or just been let go
