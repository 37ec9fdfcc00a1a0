"""What keeps the features apart, so that each can be read, changed and removed alone."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).parent.parent / "app"
PARTS = {"service", "exchange", "application", "route_names", "route_template", "series", "startup"}
KERNEL = PARTS | {"environment"}
ALWAYS = {"health", "logs", "problems", "security", "server", "timing"}
INFRASTRUCTURE = [
    *sorted(ALWAYS),
    "auth",  # if auth
    "breaker",  # if outbound
    "cache",  # if cache
    "database",  # if database
    "metrics",  # if metrics
    "outbound",  # if outbound
    "tracing",  # if tracing
]
SOURCES = [path for path in APP.rglob("*.py") if "tests" not in path.parts]


def imports(path: Path) -> Iterator[str]:
    """Yield what a file imports from the service: the name after `app.`."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            names += [f"app.{alias.name}" for alias in node.names if node.module == "app"]
        yield from (name.split(".")[1] for name in names if name.startswith("app."))


@pytest.mark.parametrize("feature", INFRASTRUCTURE)
def test_infrastructure_imports_the_kernel_and_what_is_always_there(feature: str) -> None:
    allowed = KERNEL | ALWAYS | {feature}
    allowed |= {"breaker"} if feature == "outbound" else set()  # if outbound
    for path in (APP / feature).rglob("*.py"):
        assert set(imports(path)) <= allowed, path


@pytest.mark.parametrize("part", sorted(PARTS))
def test_the_kernel_knows_no_feature(part: str) -> None:
    files = [path for path in SOURCES if path.relative_to(APP).parts[0] in {part, f"{part}.py"}]
    assert files
    assert set().union(*map(imports, files)) <= PARTS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(APP)))
def test_only_the_environment_reads_variables_and_no_middleware_is_a_task(path: Path) -> None:
    source = path.read_text()
    assert "BaseHTTPMiddleware" not in source
    if path.parent.name != "environment" and path != APP / "__main__.py":
        assert "environ" not in {
            node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
        }
        assert "getenv" not in source


def test_a_health_check_loads_nothing_but_the_standard_library() -> None:
    program = (
        "import sys, app.__main__\n"
        "foreign = {name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "assert foreign == {'__main__', 'app'}, foreign\n"
        "assert 'chassis.commands' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-S", "-c", program], check=True, cwd=APP.parent)  # noqa: S603


def test_nothing_happens_at_import() -> None:
    program = (
        "import logging, threading, app.main\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert not logging.getLogger().handlers\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=APP.parent)  # noqa: S603
