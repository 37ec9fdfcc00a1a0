"""Renders every overlay into build/kubernetes and validates each object against its schema.

The schemas of Kubernetes' own kinds come with kubernetes-validate, those of other kinds are in
schemas.yaml. A kind without a schema is an error: nothing is skipped silently.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator
from kubernetes_validate import SchemaNotFoundError, ValidationError, validate

from chassis.kubernetes import ROOT
from chassis.kubernetes.render import OVERLAYS, render

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILD = ROOT / "build" / "kubernetes"
VERSIONS = ("1.34", "1.37")
"""The oldest Kubernetes with all features that are used, and the newest known one."""
SCHEMAS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("schemas.yaml").read_text("utf-8")
)


def faults(document: dict[str, Any]) -> Iterator[str]:
    """Yield the errors of an object by the schemas; an unknown field is one."""
    kind = f"{document['apiVersion']}/{document['kind']}"
    if kind in SCHEMAS:
        for error in Draft202012Validator(SCHEMAS[kind]).iter_errors(document):
            yield f"{error.json_path}: {error.message}"
        return
    for version in VERSIONS:
        try:
            validate(document, version, strict=True)
        except SchemaNotFoundError:
            yield f"{kind} has no schema in Kubernetes {version}, nor in schemas.yaml."
        except ValidationError as error:
            yield f"{error.json_path}: {error.message} (Kubernetes {version})"


def main() -> int:
    """Print every fault; return the exit code."""
    found = 0
    for overlay in OVERLAYS:
        text = render(overlay)
        path = BUILD / f"{overlay}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        documents = list(yaml.safe_load_all(text))
        for document in documents:
            for fault in faults(document):
                found += 1
                name = f"{document['kind']} {document['metadata']['name']}"
                print(f"{overlay}: {name}: {fault}", file=sys.stderr)  # noqa: T201 - its job
        print(f"{overlay}: {len(documents)} objects")  # noqa: T201 - its job
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(main())
