"""The source of the template: a git repository, with a copy in the cache."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from tempfile import TemporaryDirectory

from carve.git import Git, lines
from carve.refusal import Refusal, explain
from carve.report import progress
from carve.template import RAW, Template, running

ADDRESS = re.compile(r"(https?|ssh|file)://[^-]|[\w.-]+@[\w.-]+:[^-]")
RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)")


def cache() -> Path:
    """Return the folder of fetched copies."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "carve")


def make_folder(folder: Path) -> None:
    """Make a folder in the cache.

    Raises:
        Refusal: it cannot be written.

    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"{explain(error)} Set XDG_CACHE_HOME to a folder of yours.") from None


def running_source() -> str | None:
    """Return the source of the running program, if that is a repository."""
    folder = running().folder
    with suppress(PackageNotFoundError, ValueError, KeyError):
        said = distribution("cookiecutter-python-service").read_text("direct_url.json")
        known = json.loads(said or "{}")
        if "vcs_info" in known:
            return str(known["url"])
        if folder.name == "template" and str(known.get("url", "")).startswith("file://"):
            folder = Path(known["url"].removeprefix("file://"))
    return str(folder) if (folder / ".git").exists() else None


@dataclass(frozen=True)
class Source:
    """A repository of the template, by its address or its folder."""

    address: str

    @cached_property
    def repository(self) -> Path:
        """The folder to run git in: that of a local source, or the copy in the cache."""
        if not ADDRESS.match(self.address):
            if self.address.startswith("-") or not Path(self.address).is_dir():
                raise Refusal(f"source: {self.address} is neither an address nor a folder here.")
            return Path(self.address).resolve()
        return cache() / sha256(self.address.encode()).hexdigest()[:16] / "repository.git"

    @property
    def public_address(self) -> str | None:
        """The address, unless it is a folder of this machine."""
        is_here = self.address.startswith("file:") or not ADDRESS.match(self.address)
        return None if is_here else self.address

    @property
    def git(self) -> Git:
        """Git in that repository."""
        return Git(self.repository)

    @property
    def is_at_hand(self) -> bool:
        """Return whether it can be read without a network."""
        return self.repository.is_dir()

    def fetch(self) -> None:
        """Update the copy in the cache; a local source is used as it is.

        Raises:
            Refusal: the address cannot be reached.

        """
        if not ADDRESS.match(self.address):
            return
        folder = self.repository
        progress(f"fetching {self.public_address or self.address}")
        if folder.is_dir():
            self.git("fetch", "--quiet", "--prune", "--force", "origin", "+refs/*:refs/*")
            return
        make_folder(folder.parent)
        with TemporaryDirectory(dir=folder.parent) as made:
            Git(Path(made))("clone", "--quiet", "--mirror", "--", self.address, "new.git")
            Path(made, "new.git").rename(folder)

    def commit(self, name: str) -> str | None:
        """Return the commit that a version, a tag, a branch or an id names, if there is one."""
        if name.startswith("-"):
            return None
        for one in (f"refs/tags/v{name}", f"refs/tags/{name}", name):
            ended = self.git.run("rev-parse", "--verify", "--quiet", f"{one}^{{commit}}")
            if not ended.returncode:
                return ended.stdout.decode().strip()
        return None

    def at(self, commit: str) -> Template:
        """Return the template at a commit."""
        identity = sha256(f"{self.address} {commit}".encode()).hexdigest()[:16]
        folder = cache() / "versions" / identity
        if not folder.is_dir():
            make_folder(folder.parent)
            with TemporaryDirectory(dir=folder.parent) as made:
                Path(made, "new").mkdir()
                apart = {"GIT_INDEX_FILE": f"{made}/index", "GIT_WORK_TREE": f"{made}/new"}
                git = Git(self.git.folder, apart, {"core.autocrlf": "false"})
                git("read-tree", commit)
                git("checkout-index", "--all", f"--prefix={made}/new/")
                with suppress(OSError):  # another command was faster
                    Path(made, "new").rename(folder)
        return Template(folder)

    def releases(self) -> dict[str, str]:
        """Return the tags of releases, oldest first, each with its commit."""
        rows = self.git("for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags/")
        tags = [row.split(" ")[0] for row in rows.splitlines()]
        found = [(it, tag) for tag in tags if (it := RELEASE.fullmatch(tag))]
        ordered = sorted(found, key=lambda one: tuple(map(int, one[0].groups())))
        return {tag: self.commit(tag) or "" for _, tag in ordered}

    def commits_with(self, raw_tree: str) -> list[str]:
        """Return the commits whose raw tree has an id: releases first, then the newest."""
        listed = self.git("rev-list", "--all").splitlines()
        wanted = "".join(f"{commit}:{RAW}\n" for commit in listed)
        found = self.git("cat-file", "--batch-check=%(objectname)", given=wanted.encode())
        pairs = zip(listed, found.splitlines(), strict=True)
        same = [commit for commit, identity in pairs if identity == raw_tree]
        released = set(self.releases().values())
        return sorted(same, key=lambda commit: commit not in released)

    def contains(self, commit: str, other: str) -> bool:
        """Return whether a commit is another one, or has it in its history."""
        return not self.git.run("merge-base", "--is-ancestor", other, commit).returncode


__all__ = ["Source", "cache", "lines", "running_source"]
