"""What the layers of an image hold, whatever order an engine wrote them in."""

from __future__ import annotations

import json
import tarfile
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tests.containers.stack import docker

if TYPE_CHECKING:
    from pathlib import Path


class Entry(NamedTuple):
    """One file, folder or link, with everything that a layer says of it."""

    kind: bytes
    mode: int
    owner: tuple[int, int]
    modified: float
    """Seconds of Unix time."""
    target: str
    extra: tuple[tuple[str, str], ...]
    digest: str


Layer: TypeAlias = dict[str, Entry]
"""Entries by name."""


def layers(image: str, where: Path) -> list[Layer]:
    """Read the layers of an image, lowest first; a file at `where` is written and left.

    The digest of a layer is that of its archive. The engine's classic store writes the archive in
    another order when it compares two folders than when it takes one unchanged, and which of the
    two it does depends on what else was built: so two equal layers may have two digests.
    """
    docker("save", f"--output={where}", image)
    with tarfile.open(where) as saved:
        manifest = json.loads(_content(saved, saved.getmember("manifest.json")))
        return [_layer(saved, name) for name in manifest[0]["Layers"]]


def differences(one: list[Layer], other: list[Layer]) -> dict[str, tuple[Entry | None, ...]]:
    """Show the entries that differ, by layer and name."""
    return {
        f"{number}: {name}": (ours.get(name), theirs.get(name))
        for number, (ours, theirs) in enumerate(zip(one, other, strict=True))
        for name in ours.keys() | theirs.keys()
        if ours.get(name) != theirs.get(name)
    }


def _layer(saved: tarfile.TarFile, name: str) -> Layer:
    with tarfile.open(fileobj=saved.extractfile(name)) as layer:
        return {
            it.name: Entry(
                kind=it.type,
                mode=it.mode,
                owner=(it.uid, it.gid),
                modified=it.mtime,
                target=it.linkname,
                extra=tuple(sorted(it.pax_headers.items())),
                digest=sha256(_content(layer, it)).hexdigest(),
            )
            for it in layer
        }


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    content = archive.extractfile(member) if member.isreg() else None
    return b"" if content is None else content.read()
