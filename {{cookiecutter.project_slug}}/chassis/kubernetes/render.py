"""Renders an overlay with kustomize, and adds the alerts.

`python -m chassis.kubernetes.render OVERLAY` prints YAML for `kubectl apply`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from chassis.kubernetes import FOLDER
from chassis.kubernetes.rules import prometheus_rule  # if metrics

OVERLAYS = (
    "staging",
    "production",
    "gateway",
    "argo-rollouts/blue-green",
    "argo-rollouts/canary",  # if metrics
)
NO_IMAGE = "sha256:" + 64 * "0"


def render(overlay: str) -> str:
    """Return every object of an overlay as YAML. Raises SystemExit with kustomize's message."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise SystemExit("kubectl is not on PATH. Run `make k8s-render`, which installs one.")
    command = [kubectl, "kustomize", str(FOLDER / "overlays" / overlay)]
    ended = subprocess.run(command, check=False, capture_output=True, encoding="utf-8")  # noqa: S603 - ours
    if ended.returncode:
        raise SystemExit(f"{overlay}: {ended.stderr.strip()}")
    parts = [ended.stdout]
    parts.append(prometheus_rule(ended.stdout))  # if metrics
    return "".join(parts)


def main(overlay: str) -> None:
    """Print an overlay; warn on standard error if it has no image yet."""
    if overlay not in OVERLAYS:
        raise SystemExit(f"There is no overlay {overlay!r}. Choose one of: {', '.join(OVERLAYS)}.")
    text = render(overlay)
    if NO_IMAGE in text:
        advice = "put the digest of a pushed image into its kustomization.yaml"
        print(f"{overlay} has no image yet: {advice}.", file=sys.stderr)  # noqa: T201 - its job
    sys.stdout.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:2] or ["production"])
