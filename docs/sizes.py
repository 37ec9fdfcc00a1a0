# ruff: noqa: INP001 - a script is no package
"""Writes the table of sizes into the README: what a team gets, what of it is theirs.

From the root of the template: `PYTHONPATH=.:hooks uv run python docs/sizes.py`. The peers' rows
were counted by the same rules; the lines of lock files, checksums, dashboards and vendored
JavaScript are not counted.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Self

from tests.template import MANIFEST, ROOT, carve

PAGE = ROOT / "README.md"
BLOCK = re.compile(r"(?<=<!-- written by docs/sizes.py: -->\n\n).*?(?=\n<!-- end -->)", re.DOTALL)
HEAD = """\
| | Files | Lines | Python without tests |
| --- | ---: | ---: | ---: |"""
PEERS = (
    (
        "| [full-stack-fastapi-template](https://github.com/fastapi/full-stack-fastapi-template)"
        " `68adb40`, its backend | 61 | 3,300 | 1,600 |"
    ),
    (
        "| [FastAPI-template](https://github.com/s3rius/FastAPI-template) 6.1.2 with database,"
        " migrations, cache, metrics, tracing, GitHub | 58 | 2,300 | 1,100 |"
    ),
)
UNCOUNTED = {"dashboards", "SHA256SUMS"}
"""Files and folders that programs write and nobody reads line by line."""
STEP = 100
"""Lines are rounded up to a multiple of it, so that not every change needs the script."""
NOTHING = {
    **{name: False for name, answer in MANIFEST.items() if answer is True},
    "ci": "none",
    "deployment": "none",
}


class Size(NamedTuple):
    """Files, lines, and lines of Python that are no tests."""

    files: int
    lines: int
    code: int

    @classmethod
    def of(cls, folder: Path, *, chassis: bool | None = None) -> Self:
        """Count a service, or of it what is in the chassis or what is not."""
        files = [
            (path, path.read_text("utf-8").splitlines())
            for path in sorted(folder.rglob("*"))
            if path.is_file() and chassis in {None, "chassis" in path.relative_to(folder).parts}
        ]
        counted = [
            (path, lines)
            for path, lines in files
            if UNCOUNTED.isdisjoint(path.relative_to(folder).parts)
        ]
        return cls(
            len(files),
            sum(len(lines) for _, lines in counted),
            sum(len(lines) for path, lines in counted if is_code(path.relative_to(folder))),
        )

    def row(self, name: str) -> str:
        """Format a row of the table."""
        lines, code = (math.ceil(it / STEP) * STEP for it in (self.lines, self.code))
        return f"| {name} | {self.files} | {lines:,} | {code:,} |"


def is_code(path: Path) -> bool:
    """Return whether a file is Python, and neither a test nor a helper of tests."""
    tests = {"tests", "testing", "contract"} & {*path.parts} or path.name == "conftest.py"
    return path.suffix == ".py" and not tests


def sizes(scratch: Path) -> dict[str, Size]:
    """Count the default service, its zones, and the smallest one."""
    default = carve(scratch / "default")
    return {
        "Default answers": Size.of(default),
        "of it yours": Size.of(default, chassis=False),
        "of it `chassis/`": Size.of(default, chassis=True),
        "Every option off": Size.of(carve(scratch / "smallest", **NOTHING)),
    }


def page(scratch: Path) -> str:
    """Write the current sizes into the README."""
    rows = [size.row(name) for name, size in sizes(scratch).items()]
    return BLOCK.sub("\n".join([HEAD, *rows, *PEERS, ""]), PAGE.read_text("utf-8"))


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        PAGE.write_text(page(Path(folder)), "utf-8")
