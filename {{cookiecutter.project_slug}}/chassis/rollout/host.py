"""The host: its configuration, history and lock, what runs on it, and its operator."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.rollout.docker.compose import Compose
from chassis.rollout.docker.containers import Containers
from chassis.rollout.docker.nginx_container import NginxContainer
from chassis.rollout.events import Begun
from chassis.rollout.history import History
from chassis.rollout.lock import Holder, hold_lock
from chassis.rollout.proxy import Proxy

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.fleet import Fleet
    from chassis.rollout.progress import Progress
    from chassis.rollout.strategies import RolloutKind


@dataclass(frozen=True)
class Host:
    """Everything the commands need."""

    configuration: Configuration
    containers: Containers
    nginx: NginxContainer
    proxy: Proxy
    progress: Progress

    @classmethod
    def from_configuration(cls, configuration: Configuration, progress: Progress) -> Host:
        """Use the compose project that is configured."""
        compose = Compose(configuration)
        containers = Containers(configuration, compose)
        nginx = NginxContainer(configuration, compose)
        proxy = Proxy(configuration, containers, nginx)
        return cls(configuration, containers, nginx, proxy, progress)

    @property
    def directory(self) -> Path:
        """Folder of journals and lock."""
        return Path(self.configuration.directory)

    @property
    def history(self) -> History:
        """All rollouts of this host."""
        return History(self.directory / "rollouts", self.configuration.history)

    @property
    def lock(self) -> Path:
        """The lock's file."""
        return self.directory / "lock"

    def locked(self, command: str) -> AbstractContextManager[None]:
        """Hold the lock. Raises RefusedError with its holder if another process holds it."""
        return hold_lock(self.lock, Holder.current_process(command))

    def describe_rollout(
        self, kind: RolloutKind, image: str, command: str, *, fleet: Fleet | None = None
    ) -> Begun:
        """Describe the next rollout, from `fleet`, or else from what was rolled out last."""
        history = self.history
        return Begun(
            history.next_number(),
            kind,
            image,
            os.environ.get("SUDO_USER") or getpass.getuser(),
            socket.gethostname(),
            command,
            fleet or history.expected_fleet(),
            migrates=kind not in {"adopt", "rollback"},
        )
