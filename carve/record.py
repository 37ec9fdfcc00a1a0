"""The record of a service: its template and version, its answers, and what the team owns."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from carve.refusal import Refusal

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".cookiecutter.json"
IDENTITY = {"raw_tree", "carved_tree", "version"}
TOO_OLD = (
    f"{NAME}: this service was carved before updates were possible. Carve it again with the same "
    "answers (carve new), move app/ and what you tuned over, and commit."
)


@dataclass(frozen=True)
class Record:
    """The content of the file."""

    content: dict[str, Any]

    @classmethod
    def read(cls, service: Path) -> Record:
        """Read the record of a service.

        Raises:
            Refusal: there is none, it cannot be read, or it does not identify what was carved.

        """
        try:
            content = json.loads((service / NAME).read_text("utf-8"))
            answers, own = content["answers"], content.get("own", [])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refusal(f"{NAME}: cannot be read: {error}. Restore it from git.") from None
        if not isinstance(answers, dict) or not isinstance(own, list):
            raise Refusal(f"{NAME}: answers or own is invalid. Restore it from git.")
        if not content.keys() >= IDENTITY:
            raise Refusal(TOO_OLD)
        if not all(isinstance(it, str) for it in (*own, *(content[name] for name in IDENTITY))):
            raise Refusal(f"{NAME}: the version is not a text. Restore it from git.")
        return cls(content)

    @property
    def answers(self) -> dict[str, Any]:
        """The answers that the service was carved with."""
        return dict(self.content["answers"])

    @property
    def own(self) -> list[str]:
        """Paths of the chassis that the team keeps."""
        return list(self.content.get("own", []))

    @property
    def source(self) -> str | None:
        """The address of the template, if it was carved from one."""
        return self.content.get("source")

    @property
    def version(self) -> str:
        """The version of the template."""
        return str(self.content["version"])

    @property
    def raw_tree(self) -> str:
        """The id of the raw tree, which identifies the template between versions."""
        return str(self.content["raw_tree"])

    @property
    def carved_tree(self) -> str:
        """The id of the pristine carving's tree."""
        return str(self.content["carved_tree"])

    def owns(self, path: str) -> bool:
        """Return whether a path, or a folder that contains it, is the team's own."""
        return any(f"{path}/".startswith(f"{one.rstrip('/')}/") for one in self.own)

    def with_kept(self, old: Record, source: str | None) -> Record:
        """Return this record with those entries of an old one that carving does not make."""
        kept = {name: it for name, it in [("own", old.own), ("source", old.source or source)] if it}
        return replace(self, content={**self.content, **kept})

    def text(self) -> str:
        """Format the file as the hook does."""
        return f"{json.dumps(self.content, indent=2, sort_keys=True, ensure_ascii=False)}\n"


def find_service(start: Path) -> Path:
    """Find the service that contains a folder.

    Raises:
        Refusal: the folder is in none.

    """
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return folder
    raise Refusal(f"{start}: no service here, there is no {NAME}. Change to the folder of one.")
