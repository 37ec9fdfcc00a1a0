"""The doctor names what would make a rollout fail, and what to do."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chassis.rollout.configuration import Proxy
from chassis.rollout.doctor import CheckResult, run_checks
from chassis.rollout.fleet import Fleet
from chassis.rollout.tests.world import Killed, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.socket()) as listener:
        listener.bind(("", 0))
        yield listener


def check(world: World, listener: socket.socket) -> dict[str, CheckResult]:
    host = world.host()
    proxy = Proxy(port=listener.getsockname()[1])
    configuration = replace(host.configuration, proxy=proxy)
    return {it.check: it for it in run_checks(replace(host, configuration=configuration))}


def test_a_host_without_rollouts_passes(tmp_path: Path, listener: socket.socket) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    results = check(World(tmp_path), listener)
    assert [it.check for it in results.values() if not it.ok] == []
    assert str(results["journal"]) == "ok   journal: nothing has been rolled out yet"


def test_an_unfinished_rollout_and_a_port_in_use_fail(
    tmp_path: Path, listener: socket.socket
) -> None:
    listener.listen()
    world = World(tmp_path, remaining=40)
    with suppress(Killed):
        world.roll_out("rolling", "one")
    results = check(world, listener)
    assert "is unfinished: run resume or rollback" in results["journal"].detail
    assert results["port"].detail.endswith("to the project of the running proxy.")
    assert not results["port"].ok
    world.port = listener.getsockname()[1]
    assert check(world, listener)["port"].detail.endswith("is used by the proxy of this service")


def test_what_runs_with_another_configuration_than_the_files_have_is_named(
    tmp_path: Path, listener: socket.socket
) -> None:
    world = World(tmp_path)
    world.roll_out("rolling", "one")
    assert check(world, listener)["configuration"].ok
    world.is_configured_anew = True
    assert str(check(world, listener)["configuration"]) == (
        "FAIL configuration: the proxy was started with other files or variables than now: "
        "make proxy; blue-1-1, blue-1-2 were started with another configuration than now: "
        "python3 -m chassis.rollout rolling"
    )
    world.is_configured_anew = False
    world.serving = Fleet()
    assert "python3 -m chassis.rollout resume" in check(world, listener)["configuration"].detail
