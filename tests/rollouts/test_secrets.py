"""Secrets are changed by the commands of the documents, under load: no request is refused."""

from __future__ import annotations

import re
import secrets
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved, clean
from tests.proofs.load import Request
from tests.rollouts.docker_host import ComposeHost, build_image, docker, has_engine
from tests.rollouts.host import Users, user_load

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = "docs/containers.md"
MIGRATE = '[docker]\nmigrate = ["python", "-m", "app", "database", "upgrade"]\n'
SIGN = ("python", "-m", "app", "auth", "token", "--subject", "ada", "--minutes", "60")


class Host(ComposeHost):
    """A host whose secrets are changed."""

    def write_secret(self, name: str, value: str) -> None:
        """Write the file of a secret setting."""
        (self.folder / ".secrets" / "app" / name).write_text(f"{value}\n")

    def run_console(self, block: str) -> None:
        """Run the commands of a block of a page."""
        for line in block.splitlines():
            command = ["sh", "-c", line.removeprefix("$ ")]
            subprocess.run(command, cwd=self.folder, env=clean(**self.variables), check=True)

    def restart(self) -> None:
        """Restart every instance, as the page says."""
        self.run_make("deploy", "STRATEGY=rolling")

    def sign(self, key: str) -> Request:
        """Make a request with a token that this key has signed."""
        instance = next(it for it in self.list_containers() if "-web-" in it)
        token = docker("exec", "--env", f"AUTH_SECRET_KEY={key}", instance, *SIGN)
        return Request("GET", "/me", b"", (("Authorization", f"Bearer {token}"),))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host on which the service serves, with its database."""
    if not has_engine():
        pytest.skip("NOT PROVEN: no container engine answers")
    answers = {"cache": False, "outbound": False, "deployment": "compose"}
    service = Carved.make(tmp_path_factory.mktemp("checkout"), **answers)
    service.run("make", "lock")
    image = build_image(service)
    host = Host(service, tmp_path_factory.mktemp("host"))
    host.configure(timeout=120)
    try:
        with (host.folder / "deploy" / "rollout.toml").open("a") as file:
            file.write(MIGRATE)
        host.run_make("deploy", "STRATEGY=rolling", f"IMAGE={image}")
        yield host
    finally:
        host.clean_up()
        docker("rmi", "--force", image)


def assert_all_answered(load: Users) -> int:
    """Check that each response was a 200; return how many there were."""
    assert not load.tally.failed, load.tally.reasons
    assert set(load.tally.statuses) == {200}, load.tally.statuses
    return load.tally.total


@pytest.mark.timeout(1800)
def test_no_valid_token_is_refused_while_the_signing_key_is_rotated(host: Host) -> None:
    old = (host.folder / ".secrets" / "app" / "auth_secret_key").read_text().strip()
    new = secrets.token_urlsafe(32)
    signed_by_old, signed_by_new = host.sign(old), host.sign(new)
    with user_load(host, [signed_by_old], clients=2) as before:
        host.write_secret("auth_previous_secret_key", new)
        host.restart()
        with user_load(host, [signed_by_new], clients=2) as after:
            host.write_secret("auth_previous_secret_key", old)
            host.write_secret("auth_secret_key", new)
            host.restart()
            before.stop()
            (host.folder / ".secrets" / "app" / "auth_previous_secret_key").unlink()
            host.restart()
    total = assert_all_answered(before) + assert_all_answered(after)
    assert host.run_make("live-settings").count("AUTH_SECRET_KEY=**********") == 2
    with user_load(host, [signed_by_old], at_least=20) as load:
        pass
    assert set(load.tally.statuses) == {401}
    print(f"D1: rotation of the signing key, three restarts: 0 refused of {total}")  # noqa: T201 - the figure


@pytest.mark.timeout(1800)
def test_the_databases_password_is_changed_without_losing_a_request(host: Host) -> None:
    before = (host.folder / ".secrets" / "app" / "database_url").read_text().strip()
    with user_load(host, [Request("GET", "/notes")], at_least=200) as load:
        page = (host.folder / PAGE).read_text().partition("### Change the database's password")[2]
        stand_in, back, last = re.findall(r"```console\n(.*?)```", page, re.DOTALL)[:3]
        host.run_console(stand_in)
        host.restart()
        host.run_console(back)
        url = (host.folder / ".secrets" / "app" / "database_url").read_text().strip()
        assert url != before
        host.restart()
        host.run_console(last)
    total = assert_all_answered(load)
    database = next(it for it in host.list_containers() if "-database-" in it)
    by_network = url.replace("@database:", f"@{host.project}-database-1:")
    docker("exec", database, "psql", by_network, "--command", "SELECT 1")
    print(f"D1: new password of the database: 0 lost of {total}")  # noqa: T201 - the figure
