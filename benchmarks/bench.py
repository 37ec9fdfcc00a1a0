"""What the stages share: where the template is, how long to measure, what has been installed."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from benchmarks import carvings
from benchmarks.pairing import Effort
from benchmarks.peers import Peers
from benchmarks.processes import LOAD, ROOT, Program, Request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Missing(Exception):  # noqa: N818 - no error: it is said, and the rest is measured
    """Something that a stage needs is not on this machine."""


@dataclass
class Bench:
    """One run of the benchmark."""

    template: Path
    scratch: Path
    """A folder that lives as long as the run."""
    effort: Effort = field(default_factory=Effort)
    only: frozenset[str] = frozenset()
    """Names of the variants to measure; all of them if empty."""

    def chosen(self, name: str) -> bool:
        """Whether a variant is to be measured."""
        return not self.only or name in self.only

    def say(self, line: str) -> None:
        """Tell who waits."""
        sys.stderr.write(f"{line}\n")

    def carve(self, name: str, *answers: str, features: tuple[str, ...] = ("hello",)) -> Path:
        """Carve a service, once a run."""
        where = self.scratch / name
        if not where.exists():
            self.say(f"carving {name}")
            carvings.carve(self.template, where, *answers, features=features)
        (made,) = where.iterdir()
        return made

    @property
    def small(self) -> Path:
        """A service with logs, metrics, problems, headers and limits, and nothing else."""
        return self.carve("small", *carvings.OFF)

    @property
    def traced(self) -> Path:
        """The same with tracing."""
        return self.carve("traced", *(it for it in carvings.OFF if "tracing" not in it))

    @cached_property
    def peers(self) -> Peers:
        """The peers' environment."""
        self.say("installing the peers")
        return Peers.install(self.scratch / "peers", self.small)

    @cached_property
    def bare(self) -> Program:
        """FastAPI without anything, the baseline."""
        return self.peers.uvicorn("bare", "--no-access-log")

    @contextmanager
    def collector(self) -> Iterator[str]:
        """Run a collector of spans; gives its address."""
        collect = Program((sys.executable, "-m", "benchmarks.collector", "{port}"), ROOT)
        with collect.running((Request("/"),), cores=(LOAD,)) as it:
            yield f"http://127.0.0.1:{it.port}"
