"""`python -m chassis.digest`: lists files of the chassis that differ from what was carved.

`SHA256SUMS` lists every file but `pyproject.toml`, as `sha256sum` does, and the record of the
answers holds the digest of that list. A path under `own` in the record is not compared.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER = Path(__file__).parent
RECORD = FOLDER.parent / ".cookiecutter.json"
LIST = "SHA256SUMS"
IGNORED = {LIST, "pyproject.toml"}
ADVICE = """\
chassis: it differs from what was carved, and an update would replace it.
Take the change back (git checkout -- chassis), or keep it as your own: list the path under "own" in
.cookiecutter.json, such as "own": ["chassis/{path}"]; updates then merge into it."""


def files(folder: Path) -> Iterator[str]:
    """Yield every file that belongs to the chassis, by its path from there, in order."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in name.parts)
        if path.is_file() and not hidden and name.as_posix() not in IGNORED:
            yield name.as_posix()


def digest(path: Path) -> str:
    """Return the digest of a file, with the line ends of the carving, not those of the checkout."""
    return sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def seal(folder: Path = FOLDER) -> str:
    """Write the list when the service is carved; return its digest for the record."""
    text = "".join(f"{digest(folder / it)}  {it}\n" for it in files(folder)).encode()
    (folder / LIST).write_bytes(text)
    return sha256(text).hexdigest()


def differences(folder: Path, record: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each file that was changed, added or removed, unless the team owns it."""
    text = (folder / LIST).read_bytes() if (folder / LIST).exists() else b""
    text = text.replace(b"\r\n", b"\n")
    rows = text.decode("utf-8", "replace").splitlines()
    if sha256(text).hexdigest() != record.get("chassis"):
        yield f"{LIST}: changed"
    listed = {name: summed for summed, _, name in (row.partition("  ") for row in rows)}
    there = {name: digest(folder / name) for name in files(folder)}
    for name in sorted(listed.keys() | there.keys()):
        if listed.get(name) == there.get(name) or owned(f"chassis/{name}", record.get("own", ())):
            continue
        how = "removed" if name not in there else "changed" if name in listed else "added"
        yield f"{name}: {how}"


def owned(path: str, own: Iterable[str]) -> bool:
    """Return whether a path, or a folder that contains it, is listed as the team's own."""
    return any(f"{path}/".startswith(f"{one.rstrip('/')}/") for one in own)


def main(folder: Path = FOLDER, record: Path = RECORD) -> int:
    """Print what differs and what to do about it; return 1 if anything does, 2 without a record."""
    try:
        found = list(differences(folder, json.loads(record.read_text("utf-8"))))
    except (OSError, ValueError) as error:
        print(f"{record.name}: cannot be read: {error}. Restore it from git.", file=sys.stderr)  # noqa: T201 - its job
        return 2
    if found:
        print(*(f"chassis/{line}" for line in found), sep="\n", file=sys.stderr)  # noqa: T201 - its job
        print(ADVICE.format(path=found[0].partition(":")[0]), file=sys.stderr)  # noqa: T201 - its job
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
