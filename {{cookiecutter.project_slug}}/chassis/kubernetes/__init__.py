"""How the service is rolled out on Kubernetes; README.md explains it."""

from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
