"""Starts a program that receives what a service sends, and waits for what it prints of that."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.proofs.carved import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proofs.carved import Carved

RECEIVING = str(Path(__file__).with_name("receiving.py"))
TIMEOUT = 30.0


class Receiver:
    """Receives for the time of a `with` block; the program prints its address, then JSON lines."""

    def __init__(self, service: Carved, program: str = RECEIVING, **variables: str) -> None:
        """Run the program in that service's folder and environment, with these variables."""
        self.service = service
        self.program = program
        self.variables = variables
        self.items: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        """Start it."""
        self.process = subprocess.Popen(
            [self.service.python, self.program],
            cwd=self.service.path,
            env=clean(**self.variables),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.address = self.process.stdout.readline().strip()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.items.append(json.loads(line))

    def wait(self, number: int, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Wait for so many items that are wanted; give all of them."""
        end = time.monotonic() + TIMEOUT
        while len(found := [item for item in self.items if wanted(item)]) < number:
            assert time.monotonic() < end, "\n".join(str(item)[:200] for item in self.items)
            time.sleep(0.05)
        return found
