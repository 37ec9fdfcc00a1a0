"""Finds words of ours where the field has a term of its own. Run by `make lint`.

The list has phrases that readers stumbled over, each with the term to use instead. Decisions, the
changelog and measured pages are records: what was written then stays.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
KINDS = {".md", ".py", ".toml", ".yaml", ".yml", ".conf", ".mk", ".sh", ".html"}
RECORDS = (
    "CHANGELOG.md",
    "docs/decisions/",
    "docs/benchmark",
    "tests/prose.py",
    "tests/test_prose.py",
)
FOREIGN = {".git", ".venv", ".uv", "build", "node_modules"}
TERMS = {
    r"mend(?:s|ed|ing)?": "fix",
    r"tr(?:y|ies|ied) again": "retry",
    r"hung up|hangs up": "disconnect, close the connection",
    r"anew": "again",
    r"heeds?|heeded": "honour, obey",
    r"as it lies|lies here": "unchanged, of this checkout",
    r"way back": "rollback",
    r"(?:take|takes|taken) back what": "undo, revert",
    r"hears alone": "is the only handler",
    r"gives way": "yields, gives up its lock request",
    r"calls? (?:is|are) under way": "in flight",
    r"as a share of the calls": "retry ratio",
    r"makes? up (?:a secret|what is secret|the secrets)": "generate at random",
    r"month's allowance": "error budget",
    r"not to be had": "not available",
    r"for the time being": "temporary",
    r"for whoever": "what the page is about",
    r"release before (?:it|that|this)": "previous release",
    r"tells? whether": "return whether",
    r"pins? the routes|pinned to the board": "add",
    r"put(?:s|ting)? back": "restore, revert",
    r"(?:is|are) at hand": "available",
    r"made? by chance|made up by chance": "generate at random",
    r"dearer": "more expensive",
    r"can(?:not)? be had": "is available, is not available",
    r"do(?:es)? worse than": "performs worse than",
    r"as (?:it|they) stands?": "unchanged",
}
"""Pattern of a phrase -> the standard term."""
PHRASES = {re.compile(rf"\b(?:{phrase})\b", re.IGNORECASE): it for phrase, it in TERMS.items()}


def findings(name: str, text: str) -> Iterator[str]:
    """Yield each phrase of the list in a text, with its place and the term to use."""
    for number, line in enumerate(text.splitlines(), 1):
        for phrase, term in PHRASES.items():
            if found := phrase.search(line):
                yield f"{name}:{number}: {found[0]!r}: write {term}"


def files(root: Path) -> Iterator[Path]:
    """Yield the files whose prose is ours."""
    for path in sorted(root.iterdir()):
        if path.is_dir() and path.name not in FOREIGN:
            yield from files(path)
        elif path.suffix in KINDS or path.name in {"Makefile", "Dockerfile"}:
            yield path


def main(root: Path = ROOT) -> int:
    """Print what was found; return the exit code."""
    found = [
        finding
        for path in files(root)
        if not (name := path.relative_to(root).as_posix()).startswith(RECORDS)
        for finding in findings(name, path.read_text("utf-8"))
    ]
    print("\n".join(found), end="\n" if found else "")  # noqa: T201 - its job
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
