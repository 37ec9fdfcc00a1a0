"""A host where releases are rolled out has to have what docs/deploy.md says, and no more."""

from __future__ import annotations

import re
import shutil
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
        if "extends" in service:
            yield (file.parent / service["extends"]["file"]).resolve()
        mounts = (volume.partition(":")[0] for volume in service.get("volumes", ()))
        yield from ((file.parent / it).resolve() for it in mounts if it.startswith("."))
