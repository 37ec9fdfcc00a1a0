"""A refused or failed carve loses no answer, leaves no folder and removes nothing of anybody's."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.template import ROOT, answer, commit, copy_template, files, run, succeeded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEPT = {
    "description": 'It\'s "quoted" $HOME `id` \\ {{ 7*7 }} 🚀',
    "author": "Zoë & Co.",
    "metrics": "no",
    "ci": "gitlab",
    "licence": "Apache-2.0",
}
SAID = [f"{name}={value}" for name, value in KEPT.items()]
WITHOUT_PRIVILEGE = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
)
"""Starts a program that the modes of files bind, as they bind everybody but root."""


def record(service: Path) -> dict[str, Any]:
    answers = json.loads((service / ".cookiecutter.json").read_text("utf-8"))["answers"]
    return dict(answers)


def printed_command(said: str) -> str:
    message, _, command = said.partition("Nothing was carved. This command, for a POSIX shell, ")
    assert command, message
    return command.partition("\n")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("bad", "changed"),
    [
        ({"project_name": "  "}, {"project_name": "New service", "project_slug": "service"}),
        ({"project_name": "Json"}, {"project_slug": "json-service"}),
        ({"project_name": "!!!"}, {"project_slug": "service"}),
        ({"project_name": "7" * 60}, {"project_slug": f"service-{'7' * 32}"}),
        ({"project_name": "x" * 61, "project_slug": "x"}, {"project_name": "x" * 60}),
        ({"project_slug": "../up"}, {"project_slug": "up-service"}),
        ({"email": "nobody"}, {"email": "team@example.com"}),
        ({"image_owner": "A B"}, {"image_owner": "example"}),
        ({"author": "a\nb\u202e"}, {"author": "a b"}),
        (
            {"project_slug": "app", "email": "", "description": "\x07", "image_owner": "/"},
            {
                "project_slug": "app-service",
                "email": "team@example.com",
                "description": "A service that is a pleasure to run.",
                "image_owner": "example",
            },
        ),
    ],
)
def test_a_refusal_prints_the_command_that_carves_with_all_other_answers(
    tmp_path: Path, bad: dict[str, str], changed: dict[str, str]
) -> None:
    given = {**KEPT, **bad}
    said = [f"{name}={value}" for name, value in given.items()]
    refused = run("cookiecutter", str(ROOT), "--no-input", *said, cwd=tmp_path, PWD=str(tmp_path))
    assert refused.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == [".cookiecutter_replay"]
    command = printed_command(refused.stderr)
    assert "--output-dir" not in command
    succeeded(run("sh", "-c", command, cwd=tmp_path))
    (service,) = tmp_path.glob("*/.cookiecutter.json")
    assert record(service.parent) == {
        name: it for name, it in answer(**{**given, **changed}).items() if not name.startswith("_")
    }


def test_the_command_names_template_and_place_as_they_were_given(tmp_path: Path) -> None:
    commit(copy_template(tmp_path / "template.git"))
    where = ("--output-dir", "my place", "--checkout", "HEAD")
    url = (tmp_path / "template.git").as_uri()
    given = (url, "--no-input", "project_slug=test", *where)
    refused = run("cookiecutter", *given, cwd=tmp_path, PWD=str(tmp_path))
    command = printed_command(refused.stderr)
    assert command.splitlines()[0].strip(" \\") == (
        f"cookiecutter {url} --no-input --checkout HEAD --output-dir '{tmp_path}/my place'"
    )
    succeeded(run("sh", "-c", command, cwd=tmp_path))
    assert (tmp_path / "my place" / "test-service" / "Makefile").is_file()


def test_answers_at_the_prompts_are_not_lost_either(tmp_path: Path) -> None:
    typed = "\n".join(["Json", "", 'Of "orders"', *[""] * 13, "no", "", ""])
    refused = run("cookiecutter", str(ROOT), cwd=tmp_path, typed=f"{typed}\n")
    succeeded(run("sh", "-c", printed_command(refused.stderr), cwd=tmp_path))
    answers = record(tmp_path / "json-service")
    assert answers["description"] == 'Of "orders"'
    assert (answers["docker"], answers["deployment"]) == (False, "none")


@pytest.mark.parametrize("options", [(), ("-f",)])
@pytest.mark.parametrize("there", [(), ("mine.py",)])
def test_a_folder_that_is_there_is_left_and_the_command_carves_beside_it(
    tmp_path: Path, options: tuple[str, ...], there: tuple[str, ...]
) -> None:
    (tmp_path / "orders").mkdir()
    for name in there:
        (tmp_path / "orders" / name).write_text("mine = True  # if metrics\n")
    ended = run("cookiecutter", str(ROOT), "--no-input", *options, *SAID, cwd=tmp_path)
    if options and not there:  # it is empty, and may be filled
        succeeded(ended)
        return
    assert ended.returncode == 1
    assert files(tmp_path / "orders").keys() == set(there)
    succeeded(run("sh", "-c", printed_command(ended.stderr), cwd=tmp_path))
    assert record(tmp_path / "orders-2")["author"] == KEPT["author"]


def test_a_refusal_by_cruft_prints_a_command_of_cruft(tmp_path: Path) -> None:
    template = copy_template(tmp_path / "template")
    commit(template)
    context = json.dumps({**KEPT, "email": "nobody"})
    create = ("cruft", "create", str(template), "-y", "--extra-context")
    refused = run(*create, context, cwd=tmp_path)
    assert refused.returncode != 0
    succeeded(run("sh", "-c", printed_command(refused.stderr), cwd=tmp_path))
    assert record(tmp_path / "orders")["description"] == KEPT["description"]
    assert (tmp_path / "orders" / ".cruft.json").is_file()


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return copy_template(tmp_path / "template")


@pytest.fixture
def output(tmp_path: Path) -> Path:
    (tmp_path / "output").mkdir()
    return tmp_path / "output"


def with_a_flaw(template: Path) -> None:
    with (template / "{{cookiecutter.project_slug}}" / "Makefile").open("a") as makefile:
        makefile.write("a  # if nothing\n")


def with_a_file_that_cannot_be_copied(template: Path) -> None:
    (template / "{{cookiecutter.project_slug}}" / "app" / "lost").symlink_to("nowhere")


def with_a_disk_that_is_full(template: Path) -> None:
    hook = template / "hooks" / "post_gen_project.py"
    full = 'raise OSError(28, "No space left on device")'
    text = hook.read_text("utf-8")
    hook.write_text(text.replace("    record = {", f"    {full}\n    record = {{"), "utf-8")


@pytest.mark.parametrize("options", [(), ("-f",)])
@pytest.mark.parametrize(
    "spoil", [with_a_flaw, with_a_file_that_cannot_be_copied, with_a_disk_that_is_full]
)
def test_a_failed_carve_leaves_nothing_and_prints_the_command(
    template: Path,
    output: Path,
    spoil: Callable[[Path], None],
    options: tuple[str, ...],
) -> None:
    spoil(template)
    if options:
        (output / "orders").mkdir()
    before = sorted(output.rglob("*"))
    ended = run(
        "cookiecutter",
        "../template",
        "--no-input",
        *options,
        *SAID,
        cwd=output,
        HOME=str(output.parent),
    )
    assert ended.returncode != 0
    assert sorted(output.rglob("*")) == before
    assert "deployment=compose" in printed_command(ended.stderr)


def test_a_carve_that_is_interrupted_leaves_nothing_and_prints_the_command(
    template: Path, output: Path
) -> None:
    hook = template / "hooks" / "post_gen_project.py"
    slow = '(root.parent.parent / "asleep").touch() or __import__("time").sleep(60)'
    text = hook.read_text("utf-8")
    hook.write_text(text.replace("    record = {", f"    {slow}\n    record = {{"), "utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "cookiecutter", str(template), "--no-input", *SAID],
        cwd=output,
        env={
            "HOME": str(output.parent),
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as carving:
        patience = time.monotonic() + 60
        while not (output.parent / "asleep").exists() and time.monotonic() < patience:
            time.sleep(0.05)
        os.killpg(carving.pid, signal.SIGINT)
        _, said = carving.communicate(timeout=60)
    assert carving.returncode != 0
    assert list(output.iterdir()) == []
    assert "Traceback" not in said
    assert "deployment=compose" in printed_command(said)


@pytest.mark.parametrize("after", ["unlink()", "parent.rename(record.parent.parent / 'moved')"])
def test_a_program_that_carves_may_do_what_it_likes_with_the_service(
    tmp_path: Path, after: str
) -> None:
    program = (
        "import sys, pathlib, cookiecutter.main as it;"
        f"it.cookiecutter({str(ROOT)!r}, no_input=True, output_dir={str(tmp_path)!r});"
        f"record = pathlib.Path({str(tmp_path)!r}, 'orders', '.cookiecutter.json'); record.{after}"
    )
    ended = run(sys.executable, "-c", program, cwd=tmp_path)
    succeeded(ended)
    assert ended.stderr == ""
    assert len(list(tmp_path.glob("*/Makefile"))) == 1


@pytest.fixture
def without_privilege(tmp_path: Path) -> tuple[str, ...]:
    """Give what to start a program with that cannot write what is read-only."""
    (tmp_path / "locked").mkdir(mode=0o555)
    if WITHOUT_PRIVILEGE and shutil.which(WITHOUT_PRIVILEGE[0]) is None:
        pytest.skip("NOT PROVEN: root may write everything, and there is no setpriv to stop it")
    tried = run(*WITHOUT_PRIVILEGE, "touch", str(tmp_path / "locked" / "a"), cwd=tmp_path)
    if tried.returncode == 0:
        pytest.skip("NOT PROVEN: whoever runs the tests may write what is read-only")
    return WITHOUT_PRIVILEGE


@pytest.mark.parametrize("spoil", [None, with_a_flaw, with_a_file_that_cannot_be_copied])
def test_a_read_only_template_carves_a_service_or_leaves_nothing(
    template: Path,
    output: Path,
    without_privilege: tuple[str, ...],
    spoil: Callable[[Path], None] | None,
) -> None:
    if spoil is not None:
        spoil(template)
    set_modes(template, folder=0o555, file=0o444)
    try:
        carving = ("cookiecutter", str(template), "--no-input", *SAID)
        ended = run(*without_privilege, *carving, cwd=output, HOME=str(template.parent))
    finally:
        set_modes(template, folder=0o755, file=0o644)
    assert (ended.returncode == 0) == (spoil is None), ended.stderr
    assert all(path.stat().st_mode & 0o200 for path in output.rglob("*"))
    assert [path.name for path in output.iterdir()] == ([] if spoil else ["orders"])


def set_modes(template: Path, *, folder: int, file: int) -> None:
    for path in [template, *template.rglob("*")]:
        if not path.is_symlink():
            path.chmod(folder if path.is_dir() else file)
