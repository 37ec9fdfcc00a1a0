"""What import contracts cannot say: who reads variables, and what an import costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("app", "chassis")
    for path in (ROOT / folder).rglob("*.py")
    if not {"contract", "rollout", "testing", "tests"} & {*path.relative_to(ROOT).parts}
]
READERS = {"chassis/entry.py", "chassis/features/__main__.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_the_environment_reads_variables_and_no_middleware_is_a_task(path: Path) -> None:
    source = path.read_text()
    assert "BaseHTTPMiddleware" not in source
    if path.parent.name != "environment" and path.relative_to(ROOT).as_posix() not in READERS:
        assert "environ" not in {
            node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)
        }
        assert "getenv" not in source


def test_a_health_check_loads_nothing_but_the_standard_library() -> None:
    program = (
        "import sys, app.__main__\n"
        "foreign = {name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names\n"
        "assert foreign == {'__main__', 'app', 'chassis'}, foreign\n"
        "assert 'chassis.commands' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-S", "-c", program], check=True, cwd=ROOT)  # noqa: S603


def test_nothing_happens_at_import() -> None:
    program = (
        "import logging, threading, app.main\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert not logging.getLogger().handlers\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)  # noqa: S603
