"""How the service is rolled out on Kubernetes; README.md explains it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
