"""Keeps the image of each release on this host, for as long as a rollout may return to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chassis.rollout.docker import engine
from chassis.rollout.errors import StepError
from chassis.rollout.fleet import Release
from chassis.rollout.subprocesses import run

if TYPE_CHECKING:
    from collections.abc import Collection

    from chassis.rollout.docker.compose import Compose


class Images:
    """Each release has a tag of this tool, so that other tools do not remove its image."""

    def __init__(self, compose: Compose) -> None:
        self.compose = compose

    def pull(self, image: str) -> Release:
        """Pull an image from its registry; an image built on this host is used as it is."""
        name, _, digest = image.partition("@")
        tags = (self.tag(digest), digest) if digest else ()
        found = next(filter(None, (engine.inspect("image", it) for it in tags)), None)
        if not found:
            failure = _try_pull(image)
            found = engine.inspect("image", image)
            if not found:
                raise StepError(f"{image} is neither in its registry nor on this host: {failure}")
        digests = [it for it in found["RepoDigests"] if it.startswith(f"{_repository(name)}@")]
        known = digest or (digests[0].partition("@")[2] if digests else str(found["Id"]))
        run("docker", "tag", str(found["Id"]), self.tag(known))
        return Release(name, known, read_revision(found, known))

    def verify(self, release: Release) -> None:
        """Raise StepError unless the tag still has the digest."""
        tag = self.tag(release.digest)
        found = engine.inspect("image", tag)
        names = [] if found is None else [found["Id"], *found["RepoDigests"]]
        if not any(str(name).endswith(release.digest) for name in names):
            raise StepError(f"The image {tag} no longer has the digest {release.digest}.")

    def remove_unreferenced(self, referenced: Collection[str]) -> None:
        """Remove the tags of other digests; the engine removes images that have no other tag."""
        needed = {self.tag(digest) for digest in referenced}
        form = ("--format", "{{.Repository}}:{{.Tag}}")
        tags = set(run("docker", "image", "ls", *form, self._repository).split())
        if tags - needed:
            run("docker", "image", "rm", *sorted(tags - needed))

    def tag(self, digest: str) -> str:
        """Return the tag of a release."""
        return f"{self._repository}:{digest.removeprefix('sha256:')[:12]}"

    @property
    def _repository(self) -> str:
        return f"{self.compose.project}-release"


def read_revision(image: dict[str, Any], digest: str) -> str:
    """Read the source revision from the labels of an image; without one, shorten the digest."""
    labels = image["Config"].get("Labels") or {}
    return str(labels.get("org.opencontainers.image.revision") or digest[7:19])


def _try_pull(image: str) -> str:
    try:
        run("docker", "pull", "--quiet", image, seconds=None)
    except StepError as error:
        return str(error)
    return ""


def _repository(name: str) -> str:
    path, colon, tag = name.rpartition(":")
    return path if colon and "/" not in tag else name
