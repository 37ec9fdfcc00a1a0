"""A host where releases are rolled out has to have what docs/deploy.md says, and no more."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.template import carve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEAST = {"metrics": False, "database": False, "cache": False, "auth": False}


@pytest.mark.parametrize(
    "given", [{}, {"metrics": False}, LEAST], ids=["all", "no metrics", "least"]
)
def test_compose_finds_all_it_reads_on_a_host_that_has_what_the_page_names(
    given: dict[str, bool], tmp_path: Path
) -> None:
    service, host = carve(tmp_path / "orders", **given), tmp_path / "host"
    named = names((service / "docs/deploy.md").read_text())
    for path in (found for name in named for found in service.glob(name.rstrip("/"))):
        to = host / path.relative_to(service)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, to) if path.is_dir() else shutil.copy(path, to)
    wanted = set(read(host, host / "compose.yaml"))
    assert [
        str(path) for path in wanted if not path.exists() and ".secrets" not in path.parts
    ] == []
    assert any(".secrets" in path.parts for path in wanted) == (".secrets/" in named)


def test_the_servers_url_has_the_password_that_was_written_last(tmp_path: Path) -> None:
    folder = carve(tmp_path / "orders")
    run_make(folder, "secrets")
    secrets = {it.name: it.read_text() for it in (folder / ".secrets").rglob("*") if it.is_file()}
    assert secrets["database_password"].strip() in secrets["database_url"]
    assert run_make(folder, "secrets").returncode == 0
    (folder / ".secrets/database_password").write_text("another\n")
    run_make(folder, "secrets")
    assert ":another@" in (folder / ".secrets/app/database_url").read_text()
    for name in ("auth_secret_key", "cache_url"):
        assert (folder / ".secrets/app" / name).read_text() == secrets[name]


@pytest.mark.parametrize("command", ["secrets", "up", "deploy"])
def test_a_secret_that_no_container_would_read_is_refused(command: str, tmp_path: Path) -> None:
    folder = carve(tmp_path / "orders", deployment="compose")
    (folder / ".secrets").mkdir()
    (folder / ".secrets/auth_previous_secret_key").write_text("a key of at least thirty-two bytes")
    ended = run_make(folder, command, "UV=/bin/true", "STRATEGY=--help")
    assert ended.returncode == 2
    assert "mv .secrets/auth_previous_secret_key .secrets/app/" in ended.stdout
    assert not (folder / ".secrets/app").exists()


def run_make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make without an engine."""
    command = ["make", *arguments]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


def names(page: str) -> list[str]:
    """Return the paths that the list in its first step names."""
    listed = page.partition("copy only these files:\n\n")[2].partition("\n\n")[0]
    return re.findall(r"`([^` ]+)`", listed)


def read(host: Path, file: Path) -> Iterator[Path]:
    """Give every path that a file for compose, and those it leads to, have compose read."""
    document: dict[str, Any] = yaml.safe_load(file.read_text())
    for included in document.get("include", ()):
        yield host / included["path"]
        yield from read(host, host / included["path"])
    for secret in document.get("secrets", {}).values():
        yield (file.parent / secret["file"]).resolve()
    for service in document.get("services", {}).values():
        if "file" in service.get("extends", {}):
            yield (extended := (file.parent / service["extends"]["file"]).resolve())
            yield from read(host, extended)
        volumes = service.get("volumes", ())
        mounts = (it["source"] if isinstance(it, dict) else it.partition(":")[0] for it in volumes)
        yield from ((file.parent / it).resolve() for it in mounts if it.startswith("."))
