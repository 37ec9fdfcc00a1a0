"""What teams do to a service in its first year: a corpus of kinds of edits."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Edit = "Callable[[Path], None]"
EDITS: dict[str, Callable[[Path], None]] = {}


class NotHere(Exception):  # noqa: N818 - an edit that this service has no place for
    """The service has no such file or line."""


def edit(words: str) -> Callable[[Callable[[Path], None]], None]:
    def keep(function: Callable[[Path], None]) -> None:
        EDITS[words] = function

    return keep


def text_of(path: Path) -> str:
    if not path.is_file():
        raise NotHere(path.name)
    return path.read_bytes().decode()


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def replace(path: Path, pattern: str, by: str, count: int = 1) -> None:
    text = text_of(path)
    changed, times = re.subn(pattern, by, text, count=count, flags=re.MULTILINE)
    if not times or changed == text:
        raise NotHere(pattern)
    write(path, changed)


def after(path: Path, pattern: str, more: str) -> None:
    replace(path, rf"({pattern})", rf"\1\n{more}")


def append(path: Path, more: str) -> None:
    write(path, text_of(path) + more)


MAIN = "app/main.py"


@edit("a feature of its own")
def add_feature(service: Path) -> None:
    if not (service / "app/greetings").is_dir():
        raise NotHere("app/greetings")
    shutil.copytree(service / "app/greetings", service / "app/customers")
    for path in (service / "app/customers").rglob("*.py"):
        text = text_of(path).replace("greeting", "customer").replace("Greeting", "Customer")
        write(path, text)
    replace(
        service / MAIN,
        "^from app.greetings",
        "from app.customers import Customers\nfrom app.greetings",
    )
    after(service / MAIN, r"^    greetings: .*$", "    customers: Customers = Customers()")


@edit("a feature of its own, last in the list")
def add_last_feature(service: Path) -> None:
    write(service / "app/zones/__init__.py", '"""Zones."""\n')
    replace(service / MAIN, r"^from chassis\.", "from app.zones import Zones\nfrom chassis.")
    replace(
        service / MAIN,
        r"\n\n\nclass Development",
        "\n    zones: Zones = Zones()\n\n\nclass Development",
    )


@edit("the example greetings removed")
def remove_greetings(service: Path) -> None:
    shutil.rmtree(service / "app/greetings") if (service / "app/greetings").is_dir() else None
    replace(service / MAIN, r"^from app.greetings.*\n", "")
    replace(service / MAIN, r"^    greetings: .*\n", "")
    replace(service / "docs/settings.md", r"^\| `GREETINGS_.*\n", "", count=0)
    replace(service / ".env.example", r"^#GREETINGS_.*\n", "", count=0)


@edit("the example notes removed")
def remove_notes(service: Path) -> None:
    replace(service / MAIN, r"^from app.notes.*\n", "")
    replace(service / MAIN, r"^    notes: .*\n", "")
    shutil.rmtree(service / "app/notes")
    (service / "app/migrations/2026_11_22_create_notes.py").unlink()


@edit("the example quotes removed")
def remove_quotes(service: Path) -> None:
    replace(service / MAIN, r"^from app.quotes.*\n", "")
    replace(service / MAIN, r"^    (outbound_)?quotes: .*\n", "", count=0)
    shutil.rmtree(service / "app/quotes")


@edit("a dependency added")
def add_dependency(service: Path) -> None:
    after(service / "pyproject.toml", r'^  "vendored-chassis".*$', '  "boltons>=25,<26",')


@edit("a development dependency added")
def add_development_dependency(service: Path) -> None:
    after(service / "pyproject.toml", r'^  "pytest>.*$', '  "pytest-cov>=7,<8",')


@edit("a development dependency added at the end")
def add_last_dependency(service: Path) -> None:
    after(service / "pyproject.toml", r'^  "yamllint.*$', '  "vulture>=2,<3",')


@edit("a bot raised a development dependency")
def raise_dependency(service: Path) -> None:
    replace(service / "pyproject.toml", r'"ruff>=[\d.]+,', '"ruff>=0.17.99,')


@edit("a bot raised a dependency of the chassis")
def raise_chassis_dependency(service: Path) -> None:
    replace(service / "chassis/pyproject.toml", r'"fastapi>=[\d.]+,', '"fastapi>=0.170,')


@edit("a linter rule ignored")
def ignore_rule(service: Path) -> None:
    after(service / "pyproject.toml", r'^  "COM812".*$', '  "ERA001", # we keep notes in comments')


@edit("a tool configured at the end of pyproject.toml")
def configure_tool(service: Path) -> None:
    append(service / "pyproject.toml", "\n[tool.vulture]\nmin_confidence = 80\n")


@edit("the version of the project raised")
def raise_version(service: Path) -> None:
    replace(service / "pyproject.toml", r"^version = .*$", 'version = "1.4.0"')


@edit("a make target at the end")
def add_last_target(service: Path) -> None:
    append(service / "Makefile", "\nseed: ## Fill the database\n\t@python -m app.seed\n")


@edit("a make target among the others")
def add_target(service: Path) -> None:
    target = "docs: ## Build the documentation\n\t@echo built\n\nformat:"
    replace(service / "Makefile", "^format:", target)


@edit("a stage of the pipeline")
def add_stage(service: Path) -> None:
    after(service / "Makefile", r"^STAGES := .*$", "STAGES += contract")


@edit("a command of a make target changed")
def change_target(service: Path) -> None:
    replace(service / "Makefile", r"pytest \$\(ARGS\)", "pytest --durations 5 $(ARGS)")


@edit("a default of development changed")
def change_default(service: Path) -> None:
    replace(service / MAIN, r"Server\(drain_seconds=0\)", "Server(port=8080, drain_seconds=0)")


@edit("defaults of production changed")
def change_production(service: Path) -> None:
    after(service / MAIN, r"^    strict: .*$", '\n    log: Log = Log(level="WARNING")')


@edit("a class for one more environment")
def add_environment(service: Path) -> None:
    replace(
        service / MAIN,
        r"^class Staging",
        'class Preview(Settings):\n    """Previews."""\n\n\nclass Staging',
    )
    replace(service / MAIN, r"Staging, Production\)", "Staging, Production, Preview)")


@edit("a setting added")
def add_setting(service: Path) -> None:
    after(
        service / "app/greetings/__init__.py",
        r'^    """Word at the beginning.*$',
        '\n    tone: str = "warm"\n    """Tone."""',
    )
    after(
        service / "docs/settings.md",
        r"^\| `GREETINGS_SALUTATION.*$",
        "| `GREETINGS_TONE` | `warm` | Tone. |",
    )
    after(service / ".env.example", r"^#GREETINGS_SALUTATION.*$", "#GREETINGS_TONE=warm")


@edit("a setting of a last feature documented")
def add_last_setting(service: Path) -> None:
    after(
        service / "docs/settings.md",
        r"^\| `GREETINGS_LIMIT.*$",
        "| `ZONES_SIZE` | `3` | Zones at most. |",
    )
    after(service / ".env.example", r"^#GREETINGS_LIMIT.*$", "#ZONES_SIZE=3")


@edit("the README introduces the service")
def introduce(service: Path) -> None:
    after(service / "README.md", r"^# .*$", "\nOwned by the checkout team; ask in #checkout.")


@edit("a section at the end of the README")
def add_section(service: Path) -> None:
    append(service / "README.md", "\n## On call\n\nWrite to #checkout first.\n")


@edit("a section of the README removed")
def remove_section(service: Path) -> None:
    replace(service / "README.md", r"^## Remove a feature\n(?:(?!## ).*\n)+", "")


@edit("a paragraph of the operations page rewritten")
def rewrite_operations(service: Path) -> None:
    replace(
        service / "docs/operations.md",
        r"^A shared dependency holds back.*$",
        "Our dependencies hold back",
    )


@edit("a document deleted")
def delete_document(service: Path) -> None:
    text_of(service / "docs/log-shipping.md")
    (service / "docs/log-shipping.md").unlink()


@edit("a document renamed")
def rename_document(service: Path) -> None:
    text_of(service / "docs/operations.md")
    (service / "docs/operations.md").rename(service / "docs/operating.md")


@edit("a package of the system in the image")
def add_package(service: Path) -> None:
    after(
        service / "Dockerfile",
        r"^FROM base AS environment$",
        "\nRUN apt-get update && apt-get install -y libpq5",
    )


@edit("a variable in the image")
def add_image_variable(service: Path) -> None:
    replace(
        service / "Dockerfile",
        r"^    PYTHONUNBUFFERED=1",
        r"    MALLOC_ARENA_MAX=2 \\\n    PYTHONUNBUFFERED=1",
    )


@edit("a service in compose")
def add_compose(service: Path) -> None:
    after(service / "compose.yaml", r"^include:$", "  - path: compose/mail.yaml")
    write(service / "compose/mail.yaml", "services:\n  mail:\n    image: axllent/mailpit\n")


@edit("a step in the workflow")
def add_step(service: Path) -> None:
    after(
        service / ".github/workflows/ci.yml",
        r"^      - run: make test$",
        "      - run: make contract",
    )


@edit("another runner in the workflow")
def change_runner(service: Path) -> None:
    replace(service / ".github/workflows/ci.yml", "ubuntu-24.04", "[self-hosted, linux]", count=0)


@edit("a job in the pipeline of GitLab")
def add_job(service: Path) -> None:
    append(service / ".gitlab-ci.yml", "\npages:\n  stage: release\n  script:\n    - make docs\n")


@edit("a bot raised an action")
def raise_action(service: Path) -> None:
    pattern = r"actions/checkout@\w+ # v[\d.]+"
    replace(
        service / ".github/workflows/ci.yml",
        pattern,
        f"actions/checkout@{'a' * 40} # v7.9.9",
        count=0,
    )


@edit("an entry in .gitignore")
def ignore_file(service: Path) -> None:
    append(service / ".gitignore", "*.local\n/reports/\n")


@edit("a hook of pre-commit")
def add_hook(service: Path) -> None:
    append(
        service / ".pre-commit-config.yaml",
        "      - id: ours\n        name: ours\n        entry: make ours\n",
    )


@edit("tests added")
def add_tests(service: Path) -> None:
    write(service / "tests/test_ours.py", "def test_ours() -> None:\n    assert True\n")
    append(service / "tests/test_service.py", "\n\ndef test_more() -> None:\n    assert True\n")


@edit("what production must be given, in a test")
def add_variable_to_test(service: Path) -> None:
    after(
        service / "tests/test_service.py",
        r'^    "SERVER_PORT": "0",$',
        '    "CUSTOMERS_URL": "http://127.0.0.1:1",',
    )


@edit("a fixture for all tests")
def add_fixture(service: Path) -> None:
    after(service / "conftest.py", r'^    "chassis.testing.logs",$', '    "tests.fixtures",')


@edit("a feature renamed")
def rename_feature(service: Path) -> None:
    if not (service / "app/greetings").is_dir():
        raise NotHere("app/greetings")
    (service / "app/greetings").rename(service / "app/salutations")
    replace(service / MAIN, r"from app.greetings", "from app.salutations")
    for path in (service / "app/salutations").rglob("*.py"):
        write(path, text_of(path).replace("app.greetings", "app.salutations"))


@edit("routes of the notes changed")
def change_notes(service: Path) -> None:
    append(service / "app/notes/routes.py", "\n# ours: notes are archived, see #123\n")


@edit("the client of quotes changed")
def change_quotes(service: Path) -> None:
    append(service / "app/quotes/api.py", "\n# ours: quotes come in cents\n")


@edit("a migration added")
def add_migration(service: Path) -> None:
    if not (service / "app/migrations").is_dir():
        raise NotHere("app/migrations")
    write(
        service / "app/migrations/2027_01_01_create_customers.py",
        '"""Customers."""\n\nrevision = "2"\n',
    )


@edit("an alert tuned")
def tune_alert(service: Path) -> None:
    replace(service / "monitoring/rules/service.yaml", r"for: \w+", "for: 17m")


@edit("a dashboard deleted")
def delete_dashboard(service: Path) -> None:
    found = sorted((service / "monitoring/dashboards").glob("*.json"))
    if not found:
        raise NotHere("dashboards")
    found[0].unlink()


@edit("the proxy tuned")
def tune_proxy(service: Path) -> None:
    replace(
        service / "proxy/nginx/http.conf", r"^client_max_body_size.*$", "client_max_body_size 8m;"
    )


@edit("rollouts tuned")
def tune_rollouts(service: Path) -> None:
    replace(service / "deploy/rollout.toml", r"^replicas = 2$", "replicas = 6")
    replace(service / "deploy/rollout.toml", r"^memory_mebibytes = 512$", "memory_mebibytes = 900")


@edit("a script that can be run")
def add_script(service: Path) -> None:
    write(service / "scripts/backup", "#!/bin/sh\nexit 0\n")
    (service / "scripts/backup").chmod(0o755)


@edit("a carved file made executable")
def make_executable(service: Path) -> None:
    (service / "app/__main__.py").chmod(0o755)


@edit("an image and a file without a last line end")
def add_binary(service: Path) -> None:
    (service / "docs/logo.png").write_bytes(bytes(range(256)) * 4)
    write(service / "docs/note.txt", "no end of line")


@edit("a symbolic link")
def add_link(service: Path) -> None:
    (service / "docs/readme.md").symlink_to("../README.md")


@edit("the holder of the licence changed")
def change_licence(service: Path) -> None:
    path = next(iter(sorted(service.glob("LICENSE*"))))
    write(path, text_of(path).replace("Platform Team", "Example Ltd.") + "\nAll of it.\n")


@edit("rules for agents")
def add_rules(service: Path) -> None:
    append(service / "AGENTS.md", "- Ask before you add a dependency.\n")


@edit("another version of Python")
def change_python(service: Path) -> None:
    write(service / ".python-version", "3.12\n")


@edit("a part of the chassis taken over")
def own_chassis(service: Path) -> None:
    append(service / "chassis/probe.py", "\n# ours\n")
    replace(
        service / ".cookiecutter.json",
        r'^  "raw_tree"',
        '  "own": [\n    "chassis/probe.py"\n  ],\n  "raw_tree"',
    )
