"""The template under test, and how to carve it: in this process, or as cookiecutter does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from cookiecutter.generate import generate_context
from cookiecutter.main import cookiecutter
from cookiecutter.prompt import prompt_for_config

import post_gen_project
from literal_answers import resolve
from pre_gen_project import problems

ROOT = Path(__file__).parent.parent
RAW = ROOT / "{{cookiecutter.project_slug}}"
MANIFEST: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
QUESTIONS = [name for name in MANIFEST if not name.startswith("_")]
FREE_TEXT = ("project_name", "description", "author")
BIN = Path(sys.executable).parent


def answer(**given: object) -> dict[str, Any]:
    """Answer the questions as cookiecutter does: what is given, and the defaults."""
    context = generate_context(str(ROOT / "cookiecutter.json"), extra_context=given)
    return dict(prompt_for_config(context, no_input=True))


def stands(answers: dict[str, Any]) -> bool:
    """Return whether answers are carved unchanged: neither refused nor resolved to others."""
    return resolve(answers) == answers and not list(problems(answers))


def carve(where: Path, **given: object) -> Path:
    """Carve into a folder that does not exist yet, without leaving this process."""
    shutil.copytree(RAW, where)
    post_gen_project.make(where, answer(**given))
    return where


def bake(where: Path, **given: object) -> Path:
    """Let cookiecutter carve under a folder that does not exist yet, hooks and all."""
    home = where.parent / "home"
    home.mkdir(exist_ok=True)
    (home / "config").write_text(
        json.dumps({"replay_dir": str(home), "cookiecutters_dir": str(home)})
    )
    made = cookiecutter(
        str(ROOT),
        no_input=True,
        extra_context=given,
        output_dir=str(where),
        config_file=str(home / "config"),
    )
    return Path(made)


def run(
    *command: str, cwd: Path, typed: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a program of this environment, at home in its working folder."""
    clean = {name: os.environ[name] for name in ("SYSTEMROOT", "TMPDIR") if name in os.environ}
    path = os.pathsep.join([str(BIN), os.environ["PATH"]])
    return subprocess.run(
        command,
        cwd=cwd,
        input=typed,
        env={**clean, "PATH": path, "HOME": str(cwd), **variables},
        encoding="utf-8",
        capture_output=True,
        check=False,
    )


def files(root: Path) -> dict[str, Path]:
    """Every file under a folder, by its path from there."""
    found = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): path for path in found}


def read(path: Path) -> str | None:
    """Text of a file; None for an image."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def texts(root: Path) -> dict[str, str]:
    """Text of every file that has one, by its path from the folder."""
    read_all = {name: read(path) for name, path in files(root).items()}
    return {name: text for name, text in read_all.items() if text is not None}


def succeeded(ended: subprocess.CompletedProcess[str]) -> str:
    """Give what a program printed; what it complained of is shown if it failed."""
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def copy_template(where: Path) -> Path:
    """Copy what cookiecutter needs of this checkout."""
    names = ("cookiecutter.json", "literal_answers.py", "unfinished.py", "hooks", RAW.name)
    where.mkdir()
    for part in map(ROOT.joinpath, names):
        copy = shutil.copytree if part.is_dir() else shutil.copyfile
        copy(part, where / part.name)
    return where


def commit(where: Path) -> None:
    """Commit everything in a folder, as somebody."""
    somebody = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false")
    succeeded(run("git", "init", "--quiet", cwd=where))
    succeeded(run("git", "add", "--all", "--force", ".", cwd=where))
    succeeded(run("git", *somebody, "commit", "--quiet", "--message=all", cwd=where))
