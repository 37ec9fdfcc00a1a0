"""The record in a service: what it was carved from, with which answers, and what the team owns."""

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
            raise Refusal(f"{NAME}: answers or own has the wrong form. Restore it from git.")
        if not content.keys() >= IDENTITY:
            raise Refusal(TOO_OLD)
        if not all(isinstance(it, str) for it in (*own, *(content[name] for name in IDENTITY))):
            raise Refusal(f"{NAME}: what identifies the version is no text. Restore it from git.")
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
        """What identifies the template between versions: the id of its raw tree."""
        return str(self.content["raw_tree"])

    @property
    def carved_tree(self) -> str:
        """What identifies the pristine carving: the id of its tree."""
        return str(self.content["carved_tree"])

    def owns(self, path: str) -> bool:
        """Tell whether a path, or a folder that it is in, is the team's own."""
        return any(f"{path}/".startswith(f"{one.rstrip('/')}/") for one in self.own)

    def with_kept(self, old: Record, source: str | None) -> Record:
        """Return this record of a new carving, with what an old one has and no carving makes."""
        kept = {name: it for name, it in [("own", old.own), ("source", old.source or source)] if it}
        return replace(self, content={**self.content, **kept})

    def text(self) -> str:
        """Write the file as the hook does."""
        return f"{json.dumps(self.content, indent=2, sort_keys=True, ensure_ascii=False)}\n"


def find_service(start: Path) -> Path:
    """Find the service that a folder is in.

    Raises:
        Refusal: the folder is in none.

    """
    for folder in (start, *start.parents):
        if (folder / NAME).is_file():
            return folder
    raise Refusal(f"{start}: no service here, there is no {NAME}. Go to the folder of one.")
