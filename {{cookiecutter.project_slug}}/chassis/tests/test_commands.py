"""The commands of a service, as processes."""

import socket
import subprocess
import sys

import pytest

from chassis.testing.process import ROOT, Running


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={"PYTHONDONTWRITEBYTECODE": "1", "ENVIRONMENT": "test", **variables},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("host", [{}, {"SERVER_HOST": "0.0.0.0"}], ids=["settings", "short cut"])  # noqa: S104
def test_health_fails_where_nothing_answers(host: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        assert command("health", SERVER_PORT=port, **host).returncode == 1
    with Running() as running:
        port = str(running.address[1])
        assert command("health", SERVER_PORT=port, **host).returncode == 0


@pytest.mark.parametrize("port", ["65536", "9" * 5000, "-1", "\u0663"])
def test_a_health_check_of_no_port_is_told_without_a_traceback(port: str) -> None:
    ended = command("health", SERVER_HOST="127.0.0.1", SERVER_PORT=port)
    assert ended.returncode in {1, 78}
    assert len(ended.stderr.splitlines()) == 1


def test_help_lists_the_commands() -> None:
    shown = command("--help").stdout
    assert all(name in shown for name in ("serve", "settings", "health", "version"))


def test_the_settings_name_variables_that_nobody_reads() -> None:
    ended = command("settings", SERVER_COLOUR="red")
    assert ended.returncode == 0
    assert ended.stderr.startswith("SERVER_COLOUR: is not a variable of this service.")
    assert "SERVER_COLOUR" not in ended.stdout
