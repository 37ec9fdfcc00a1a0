"""What is asked of the engine, and what the proxy's container is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from deploy.configuration import Configuration, Docker
from deploy.drivers import docker
from deploy.drivers.compose_nginx import ComposeNginx
from deploy.drivers.docker import Containers

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


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


def test_every_part_of_the_proxys_configuration_is_our_copy(
    tmp_path: Path,
) -> None:
    source = tmp_path / "proxy" / "nginx"
    source.mkdir(parents=True)
    (source / "nginx.conf").write_text("upstream app {\n}\nproxy_pass http://app;\n")
    (source / "listen-tls.conf").write_text("")
    volumes = [
        {"source": str(source), "target": "/etc/nginx"},
        {"source": str(source / "listen-tls.conf"), "target": "/etc/nginx/listen.conf"},
        {"source": "/somewhere/else", "target": "/run/tls"},
        {"target": "/tmp"},  # noqa: S108 - in the container
    ]
    directory = tmp_path / "state"
    settings = Docker(compose=(str(tmp_path / "compose.yaml"),))
    proxy = ComposeNginx(Configuration(directory=str(directory), docker=settings))
    proxy.compose.configuration = {"services": {"proxy": {"volumes": volumes}}}
    proxy._lay_out()  # noqa: SLF001 - what is written is what compose is given
    written = json.loads((directory / "compose.yaml").read_text())["services"]["proxy"]
    assert written["volumes"] == [
        f"{directory}/proxy:/etc/nginx:ro",
        f"{directory}/proxy/listen-tls.conf:/etc/nginx/listen.conf:ro",
    ]
    assert "http://$app;" in (directory / "proxy" / "nginx.conf").read_text()
