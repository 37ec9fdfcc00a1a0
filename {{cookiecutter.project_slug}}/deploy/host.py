"""A host: its configuration, its history, its lock, and the machine that changes it."""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.drivers.compose_nginx import ComposeNginx
from deploy.drivers.docker import Containers
from deploy.drivers.local_nginx import LocalNginx
from deploy.drivers.process import Processes
from deploy.events import Begun
from deploy.history import History
from deploy.lock import Holder, held
from deploy.machine import Machine
from deploy.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.configuration import Configuration
    from deploy.drivers import Driver, Nginx
    from deploy.fleet import Fleet
    from deploy.journal import Disk
    from deploy.progress import Progress
    from deploy.proxy import Gateway
    from deploy.rollout import Rollout
    from deploy.strategies import Way


@dataclass(frozen=True)
class Host:
    """Everything the commands need."""

    configuration: Configuration
    driver: Driver
    nginx: Nginx
    gateway: Gateway
    progress: Progress
    disk: Disk = os

    @classmethod
    def of(cls, configuration: Configuration, progress: Progress) -> Host:
        """Take the driver that is configured."""
        driver: Driver
        nginx: Nginx
        if configuration.driver == "docker":
            driver, nginx = Containers(configuration), ComposeNginx(configuration)
        else:
            driver, nginx = Processes(configuration), LocalNginx(configuration)
        return cls(configuration, driver, nginx, Proxy(configuration, driver, nginx), progress)

    @property
    def directory(self) -> Path:
        """Where everything is written down."""
        return Path(self.configuration.directory)

    @property
    def history(self) -> History:
        """All rollouts."""
        return History(self.directory / "rollouts", self.configuration.history, self.disk)

    @property
    def lock(self) -> Path:
        """The lock's file."""
        return self.directory / "lock"

    @property
    def machine(self) -> Machine:
        """What carries rollouts out here."""
        return Machine(self.configuration, self.driver, self.gateway, self.progress)

    @contextmanager
    def locked(self, command: str) -> Iterator[None]:
        """Keep everybody else out. Raises Refused that names who is in."""
        with held(self.lock, Holder.me(command)):
            yield

    def begin(
        self, way: Way, image: str, command: str, *, migrates: bool, fleet: Fleet | None = None
    ) -> Rollout:
        """Begin a rollout from `fleet`, or else from what was rolled out last."""
        history = self.history
        begun = Begun(
            history.next_number(),
            way,
            image,
            os.environ.get("SUDO_USER") or getpass.getuser(),
            socket.gethostname(),
            command,
            fleet or history.fleet(),
            migrates,
        )
        return history.begin(begun)
