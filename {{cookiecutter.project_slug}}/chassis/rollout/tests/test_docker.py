"""The commands for the engine, and the files for the proxy's container."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chassis.rollout.configuration import Configuration
from chassis.rollout.docker import containers, engine, images
from chassis.rollout.docker.compose import Compose
from chassis.rollout.docker.containers import Containers
from chassis.rollout.docker.images import Images
from chassis.rollout.docker.nginx_container import NginxContainer
from chassis.rollout.docker.state import read_usage
from chassis.rollout.errors import RefusedError
from chassis.rollout.fleet import Instance, Release


def compose(**services: object) -> Compose:
    made = Compose(Configuration())
    made.configuration = {"name": "shop", "services": services}
    return made


def test_only_images_that_no_rollout_references_are_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commands: list[tuple[str, ...]] = []

    def run(*command: str) -> str:
        commands.append(command)
        return "shop-release:aaa\nshop-release:bbb\n" if "ls" in command else ""

    monkeypatch.setattr(images, "run", run)
    kept = Images(compose())
    kept.remove_unreferenced({"sha256:bbb"})
    assert commands[1:] == [("docker", "image", "rm", "shop-release:aaa")]
    commands.clear()
    kept.remove_unreferenced({"sha256:aaa", "sha256:bbb"})
    assert len(commands) == 1


def test_nginx_tests_new_files_beside_those_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """nginx tests the new files in a container of its own before they are renamed into place."""
    folder = tmp_path / "traffic"
    folder.mkdir()
    volumes = [{"target": "/tmp"}, {"source": str(folder), "target": "/run/traffic"}]  # noqa: S108
    proxy = NginxContainer(Configuration(), compose(proxy={"volumes": volumes}))
    tested: list[str] = []

    def call(_: Compose, *arguments: str, **__: object) -> str:
        volume = arguments[arguments.index("--volume") + 1]
        tested.append(Path(volume.partition(":")[0]).joinpath("traffic.conf").read_text())
        assert not list(folder.glob("*.conf")), "no file is in use before it has been tested"
        return ""

    monkeypatch.setattr(Compose, "__call__", call)
    proxy.install("upstream stable {\n}")
    assert tested == ["upstream stable {\n}\n"]
    assert {it.name for it in folder.iterdir()} == {"traffic.conf", "app.map"}
    assert {it.stat().st_mode & 0o777 for it in folder.iterdir()} == {0o644}


def test_a_proxy_that_was_started_otherwise_is_refused_with_the_command_that_fixes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    volumes = [{"source": str(tmp_path), "target": "/run/traffic"}]
    proxy = NginxContainer(Configuration(), compose(proxy={"volumes": volumes}))
    found = {
        "Name": "/shop-proxy-1",
        "Mounts": [{"Destination": "/run/traffic", "Source": str(tmp_path)}],
        "NetworkSettings": {
            "Ports": {"8080/tcp": [{"HostPort": "9000"}], "8082/tcp": [{"HostPort": "1"}]}
        },
    }
    monkeypatch.setattr(Compose, "find_running", lambda *_: ["shop-proxy-1"])
    monkeypatch.setattr(engine, "inspect", lambda *_: found)
    with pytest.raises(RefusedError, match=r"listens on port 9000, .*\n.*: port = 9000$"):
        proxy.check()
    found["Mounts"] = []
    command = "HTTP_PORT=8080 docker compose up --detach --no-deps --wait proxy$"
    with pytest.raises(RefusedError, match=command):
        proxy.check()


def test_a_proxy_of_this_folder_in_another_project_is_refused_with_the_variable_that_names_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    projects = iter(["", "shop2\n"])
    monkeypatch.setattr("chassis.rollout.docker.compose.run", lambda *_, **__: next(projects))
    proxy = NginxContainer(Configuration(), compose())
    with pytest.raises(
        RefusedError, match=r"project shop2, not in shop\.\n.*_NAME=shop2 >> \.env$"
    ):
        proxy.check()


@pytest.mark.parametrize("policy", ["no", "unless-stopped"])
def test_an_instance_that_was_started_in_part_gets_its_restart_policy(
    monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """A tool that is killed between the two commands leaves it without one."""
    commands: list[tuple[str, ...]] = []
    found = {"State": {"Running": True}, "HostConfig": {"RestartPolicy": {"Name": policy}}}
    monkeypatch.setattr(engine, "inspect", lambda *_: found)
    monkeypatch.setattr(containers, "run", lambda *command: commands.append(command))
    Containers(Configuration(), compose()).start(
        Instance("blue-1-1", Release("shop", "sha256:1", "1"), "blue", 0)
    )
    update = ("docker", "update", "--restart", "unless-stopped", "shop-web-blue-1-1")
    assert commands == ([update] if policy == "no" else [])


def test_what_the_service_uses_counts_not_what_its_init_process_uses() -> None:
    """`init: true` puts a process of a few kilobytes before the service."""
    program = "held = b'x' * 64 * 2**20; print(flush=True); input()"
    command = ["sh", "-c", f'{sys.executable} -c "{program}"; true']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as init:  # noqa: S603 - our own
        assert init.stdout
        init.stdout.readline()
        _, memory = read_usage(Path(f"/proc/{init.pid}"))
        init.communicate(b"\n")
    assert memory > 64 * 2**20
