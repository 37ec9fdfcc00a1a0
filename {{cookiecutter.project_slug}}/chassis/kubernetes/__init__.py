"""Renders and validates the Kubernetes manifests; deploy/kubernetes/README.md explains them."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
