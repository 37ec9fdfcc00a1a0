"""Adds libraries to a carved service, with the lines that its own page has for them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.proofs.carved import Carved

HERE = Path(__file__).parent
LIBRARIES = {
    "starlette-exporter>=0.24,<1": "starlette_exporter",
    "prometheus-fastapi-instrumentator>=8.1,<9": "prometheus_fastapi_instrumentator",
    "opentelemetry-instrumentation-fastapi>=0.66b2,<1": "opentelemetry.instrumentation.fastapi",
}
"""What the page describes how to add, and the name under which each is imported."""


def lines_of(service: Carved, module: str) -> tuple[str, str]:
    """Read from the page the imports that a library needs, and the statements."""
    page = (service.path / "docs" / "develop.md").read_text()
    blocks = re.findall(r"^```python\n(.+?)^```$", page, re.MULTILINE | re.DOTALL)
    (block,) = (
        b for b in blocks if re.search(rf"^(from|import) {re.escape(module)}\b", b, re.MULTILINE)
    )
    imports, _, statements = block.partition("\n\n")
    return f"{imports}\n", statements


def add(service: Carved, root: str, *modules: str) -> None:
    """Put the feature into the composition root, and the lines of libraries where the page says."""
    imports, statements = "from app.shop import Shop\n", ""
    for module in modules:
        imported, stated = lines_of(service, module)
        imports, statements = imports + imported, statements + stated
    loop = "    for _, feature in settings.features():\n"
    field = "    greetings: Greetings = Greetings()\n"
    first = "from typing import ClassVar\n"
    text = root
    for before, after in (
        (first, first + imports),
        (field, f"{field}    shop: Shop = Shop()\n"),
        (loop, re.sub(r"^(?=.)", "    ", statements, flags=re.MULTILINE) + loop),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    path = service.path / "app" / "main.py"
    path.write_text(text)
    service.run(tool(service, "ruff"), "check", "--quiet", "--select=I", "--fix", str(path))


def tool(service: Carved, name: str) -> str:
    """Path of a program in the service's environment."""
    return str(service.python.with_name(name))


def bring(service: Carved, module: str) -> None:
    """Copy a module of a team's into `app`: tests/proofs/added_<module>.py."""
    shutil.copy(HERE / f"added_{module}.py", service.path / "app" / f"{module}.py")
