"""Lives through an owner's first week with a carved service, and prints what each step took.

From the root of the template: `make first-week`. It needs a container engine from `make up` on, and
leaves nothing behind; a step that fails is printed whole and ends it with exit code 1.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.proofs.carved import Carved
from tests.proofs.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

GIT_IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@example.com")
CANARY = "canary = [{ share = 10, seconds = 10 }, { share = 50, seconds = 10 }]\n"
"""The canary of the first week: users ask only a few times a second here."""


class Week:
    """A carved service, its owner, and the seconds that each of their steps took."""

    def __init__(self, folder: Path) -> None:
        """Begin with nothing."""
        self.folder = folder
        self.port = free_port()
        self.project = f"week-{uuid4().hex[:8]}"
        self.failed = 0
        self.asked = 0
        self.variables = {
            "COMPOSE_PROJECT_NAME": self.project,
            "HTTP_PORT": str(self.port),
            "PROMETHEUS_PORT": "0",
            "IMAGE": self.project,
        }

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step."""
        began = time.monotonic()
        yield
        print(f"{time.monotonic() - began:7.1f} s  {name}", flush=True)  # noqa: T201 - its job

    def make(self, *arguments: str) -> str:
        """Run `make` as the owner does."""
        return self.service.run("make", *arguments, **self.variables).stdout

    def commit(self, message: str) -> None:
        """Commit everything; a release is named by its commit."""
        self.service.run("git", "add", "--all")
        self.service.run(
            "git",
            *GIT_IDENTITY,
            "commit",
            "--quiet",
            "--no-verify",
            "--allow-empty",
            "--message",
            message,
        )

    def ask(self, port: int, path: str, body: Any = None) -> int:  # noqa: ANN401 - JSON
        """Send one request; return its status, 0 if there was no answer."""
        with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            try:
                text = None if body is None else json.dumps(body)
                headers = {"content-type": "application/json", "x-request-id": uuid4().hex}
                connection.request("POST" if text else "GET", path, text, headers)
                return connection.getresponse().status
            except (OSError, HTTPException):
                return 0

    @contextmanager
    def users(self) -> Iterator[None]:
        """Ask through the proxy, ten times a second, and count what fails."""
        over = threading.Event()

        def keep_asking() -> None:
            while not over.wait(0.1):
                self.asked += 1
                self.failed += self.ask(self.port, "/greetings/ada") != 200

        user = threading.Thread(target=keep_asking)
        user.start()
        try:
            yield
        finally:
            over.set()
            user.join()

    def develop(self) -> None:
        """Carve, run, and add a feature with a table."""
        with self.step("carve"):
            self.service = Carved.make(self.folder, project_name="Orders")
        self.service.run("git", "init", "--quiet")
        with self.step("make run: until it answers, installation included"):
            self.run_until_it_answers()
        with self.step("make feature NAME=customers KIND=table, make migration, make migrate"):
            self.make("feature", "NAME=customers", "KIND=table")
            self.make("migrate")
            self.make("migration", "m=create customers")
            self.make("migrate")
        with self.step("make lint types"):
            self.make("lint", "types")
        with self.step("make test"):
            self.make("test")

    def run_until_it_answers(self) -> None:
        """Start `make run`, wait for the first answer, stop it."""
        port = free_port()
        ports = {"SERVER_PORT": str(port), "METRICS_PORT": "0"}
        with subprocess.Popen(
            ["make", "run"],
            cwd=self.service.path,
            env={**os.environ, **ports},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                deadline = time.monotonic() + 300
                while self.ask(port, "/greetings/ada") != 200:
                    assert time.monotonic() < deadline, "make run never answered"
                    assert process.poll() is None, "make run ended"
                    time.sleep(0.1)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, 15)

    def deploy(self) -> None:
        """Start everything, roll releases out by each strategy, go back."""
        with self.step("make up"):
            self.commit("first")
            self.make("up")
        if self.ask(self.port, "/customers", {"name": "Ada"}) != 201:
            raise AssertionError("the new feature does not answer behind the proxy")
        configure(self.service.path / "deploy" / "rollout.toml", self.port)
        with self.users():
            for strategy in ("rolling", "blue-green", "canary"):
                image = f"{self.project}:{strategy}"
                with self.step(f"make image, make deploy STRATEGY={strategy}"):
                    self.commit(strategy)
                    self.make("image", f"IMAGE={image}")
                    self.make("deploy", f"STRATEGY={strategy}", f"IMAGE={image}")
            with self.step("python3 -m chassis.rollout rollback"):
                self.service.run("python3", "-m", "chassis.rollout", "rollback", **self.variables)
        print(f"           {self.failed} of {self.asked} requests failed meanwhile", flush=True)  # noqa: T201 - its job

    def end(self) -> None:
        """Leave nothing on the engine."""
        if not hasattr(self, "service"):
            return
        ours = f"label=com.docker.compose.project={self.project}"
        for kind, flags in (("container", "-aq"), ("network", "-q"), ("volume", "-q")):
            listed = ["docker", kind, "ls", flags, "--filter", ours]
            found = subprocess.run(listed, capture_output=True, text=True, check=False).stdout
            if found.split():
                force = ["--force"] if kind != "network" else []
                removal = ["docker", kind, "rm", *force, *found.split()]
                subprocess.run(removal, stdout=subprocess.DEVNULL, check=False)


def configure(path: Path, port: int) -> None:
    """Set the ports of this machine, and a canary that a few users can judge."""
    text = path.read_text("utf-8")
    start, end = text.index("canary = ["), text.index("]\n", text.index("canary = [")) + 2
    text = text[:start] + CANARY + text[end:]
    path.write_text(text.replace("port = 8080", f"port = {port}"), "utf-8")


def main() -> int:
    """Live through it; return 1 if a request failed, or a step."""
    folder = Path(tempfile.mkdtemp(prefix="first-week-"))
    week = Week(folder)
    try:
        week.develop()
        if shutil.which("docker"):
            week.deploy()
    except AssertionError as error:
        print(error, file=sys.stderr)  # noqa: T201 - its job
        return 1
    finally:
        week.end()
        shutil.rmtree(folder, ignore_errors=True)
    return int(week.failed > 0)


if __name__ == "__main__":
    sys.exit(main())
