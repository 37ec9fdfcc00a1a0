"""A host: its configuration, its history, its lock, and the machine that changes it."""

from __future__ import annotations

import getpass
import os
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chassis.rollout.drivers.compose_nginx import ComposeNginx
from chassis.rollout.drivers.docker import Containers
from chassis.rollout.drivers.local_nginx import LocalNginx
from chassis.rollout.drivers.process import Processes
from chassis.rollout.events import Begun
from chassis.rollout.history import History
from chassis.rollout.lock import Holder, held
from chassis.rollout.machine import Machine
from chassis.rollout.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chassis.rollout.configuration import Configuration
    from chassis.rollout.drivers import Driver, Nginx
    from chassis.rollout.fleet import Fleet
    from chassis.rollout.journal import Disk
    from chassis.rollout.progress import Progress
    from chassis.rollout.proxy import Gateway
    from chassis.rollout.rollout import Rollout
    from chassis.rollout.strategies import Way


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
