"""What is asked of the engine, and what the proxy's container is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.rollout.configuration import Configuration
from chassis.rollout.drivers import docker, engine
from chassis.rollout.drivers.compose import Compose
from chassis.rollout.drivers.compose_nginx import ComposeNginx
from chassis.rollout.drivers.docker import Containers
from chassis.rollout.errors import Refused
from chassis.rollout.fleet import Instance, Release


def test_only_what_the_history_has_forgotten_is_let_go_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[tuple[str, ...]] = []

    def run(*command: str) -> str:
        said.append(command)
        return "shop-release:aaa\nshop-release:bbb\n" if "ls" in command else ""

    monkeypatch.setattr(docker, "run", run)
    containers = Containers(Configuration())
    containers.compose.configuration = {"name": "shop"}
    containers.forget({"sha256:bbb"})
    assert said[1:] == [("docker", "image", "rm", "shop-release:aaa")]
    said.clear()
    containers.forget({"sha256:aaa", "sha256:bbb"})
    assert len(said) == 1


def test_who_gets_the_traffic_is_tested_beside_what_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nginx tests the new files in a container of its own before they are renamed into place."""
    folder = tmp_path / "traffic"
    folder.mkdir()
    proxy = ComposeNginx(Configuration())
    volumes = [{"target": "/tmp"}, {"source": str(folder), "target": "/run/traffic"}]  # noqa: S108
    proxy.compose.configuration = {"services": {"proxy": {"volumes": volumes}}}
    tested: list[str] = []

    def call(_: Compose, *arguments: str, **__: object) -> str:
        volume = arguments[arguments.index("--volume") + 1]
        tested.append(Path(volume.partition(":")[0]).joinpath("traffic.conf").read_text())
        assert not list(folder.glob("*.conf")), "nothing is in use before it has been tested"
        return ""

    monkeypatch.setattr(Compose, "__call__", call)
    proxy.install("upstream stable {\n}")
    assert tested == ["upstream stable {\n}\n"]
    assert {it.name for it in folder.iterdir()} == {"traffic.conf", "app.map"}
    assert {it.stat().st_mode & 0o777 for it in folder.iterdir()} == {0o644}


def test_a_proxy_that_was_started_otherwise_is_refused_with_the_command_that_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = ComposeNginx(Configuration())
    volumes = [{"source": str(tmp_path), "target": "/run/traffic"}]
    proxy.compose.configuration = {"name": "shop", "services": {"proxy": {"volumes": volumes}}}
    found = {
        "Name": "/shop-proxy-1",
        "Mounts": [{"Destination": "/run/traffic", "Source": str(tmp_path)}],
        "NetworkSettings": {
            "Ports": {"8080/tcp": [{"HostPort": "9000"}], "8082/tcp": [{"HostPort": "1"}]}
        },
    }
    monkeypatch.setattr(Compose, "running", lambda *_: ["shop-proxy-1"])
    monkeypatch.setattr(engine, "container", lambda _: found)
    with pytest.raises(Refused, match=r"serves on port 9000, .*: port = 9000$"):
        proxy.check()
    found["Mounts"] = []
    told = "HTTP_PORT=8080 docker compose up --detach --no-deps --wait proxy$"
    with pytest.raises(Refused, match=told):
        proxy.check()


@pytest.mark.parametrize("policy", ["no", "unless-stopped"])
def test_an_instance_that_was_started_by_half_gets_its_restart_policy(
    monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """Whoever is killed between starting a container and this leaves it without one."""
    said: list[tuple[str, ...]] = []
    found = {"State": {"Running": True}, "HostConfig": {"RestartPolicy": {"Name": policy}}}
    monkeypatch.setattr(engine, "container", lambda _: found)
    monkeypatch.setattr(docker, "run", lambda *command: said.append(command))
    containers = Containers(Configuration())
    containers.compose.configuration = {"name": "shop"}
    containers.start(Instance("blue-1-1", Release("shop", "sha256:1", "1"), "blue", 0))
    update = ("docker", "update", "--restart", "unless-stopped", "shop-web-blue-1-1")
    assert said == ([update] if policy == "no" else [])
