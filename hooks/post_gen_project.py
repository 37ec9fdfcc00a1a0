"""Carve the service from the raw tree: paths, then lines, then names; print the next steps."""

from __future__ import annotations

import json
import re
import runpy
import shutil
from hashlib import sha1
from pathlib import Path, PurePath
from typing import Any

# The hook's only Jinja. JSON never has the three quotes in a row that would end this string.
ANSWERS = r"""{{ cookiecutter | tojson }}"""
COMMENTS = {".md": ("<!--", " -->"), ".html": ("<!--", " -->"), ".jsonc": ("//", "")}
QUOTED = {".py", ".toml", ".yaml", ".yml", ".json", ".jsonc"}
PLACE = re.compile(r"\{\{ cookiecutter\.(\w+) \}\}")
HOSTS = {"gh": "github.com", "gl": "gitlab.com", "bb": "bitbucket.org"}


class Flaw(SystemExit):
    """The template is inconsistent: stop, and let cookiecutter remove the folder."""


def conditions(answers: dict[str, Any]) -> dict[str, bool]:
    """Return for each condition of paths and lines whether it is on."""
    known = {it: it == answers[name] for name, those in answers["_choices"].items() for it in those}
    return {**known, **{name: it for name, it in answers.items() if isinstance(it, bool)}}


def holds(condition: str, known: dict[str, bool], where: str) -> bool:
    """Evaluate a condition: `metrics`, or `database or cache`."""
    for name in set(condition.split(" or ")) - known.keys():
        raise Flaw(f"{where}: there is no condition {name!r}, only {', '.join(known)}.")
    return any(known[name] for name in condition.split(" or "))


def carve(text: str, path: PurePath, known: dict[str, bool]) -> str:
    """Keep the lines that are on: `# if x` marks a line, `# if x:` and `# end` enclose a block."""
    opener, closer = COMMENTS.get(path.suffix, ("#", ""))
    marked = re.compile(rf"^(.*?)(?:[ \t]*{opener} (if (.+?)(:?)|else:?|end){closer})?$")
    kept, block = [], None
    for number, line in enumerate(text.split("\n"), 1):
        before, mark, condition, colon = marked.findall(line)[0] if opener in line else [""] * 4
        if not mark:
            kept += [line] if block is not False else []
        elif mark == "end" and not before and block is not None:
            block = None
        elif condition and before and not colon and block is None:
            kept += [before] if holds(condition, known, f"{path}:{number}") else []
        elif condition and not before and colon and block is None and path.suffix != ".py":
            block = holds(condition, known, f"{path}:{number}")
        else:
            raise Flaw(f"{path}:{number}: {mark!r} is out of place.")
    if block is not None:
        raise Flaw(f"{path}: a block has no end.")
    return "\n".join(kept)


def fill(text: str, path: PurePath, answers: dict[str, Any]) -> str:
    """Fill in the answers; in code a placeholder is inside double quotes."""
    for name in set(PLACE.findall(text)) - answers.keys():
        raise Flaw(f"{path}: there is no answer {name!r}.")
    values = {name: str(it) for name, it in answers.items()}
    if path.suffix in QUOTED:
        values = {name: json.dumps(it, ensure_ascii=False)[1:-1] for name, it in values.items()}
    return PLACE.sub(lambda place: values[place[1]], text)


def read(path: Path) -> bytes:
    """Read a file; a text gets the line ends of the repository, whatever the checkout did."""
    content = path.read_bytes()
    return content if b"\0" in content else content.replace(b"\r\n", b"\n")


def tree_id(folder: Path) -> str:
    """Compute the id of a tree of plain files as git does, without git: it identifies a version."""

    def identify(kind: str, content: bytes) -> bytes:
        return sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).digest()

    def identify_folder(folder: Path) -> bytes:
        rows = {}
        for path in folder.iterdir():
            name = path.name.encode()
            if path.is_dir():
                rows[name + b"/"] = b"40000 " + name + b"\0" + identify_folder(path)
            else:
                rows[name] = b"100644 " + name + b"\0" + identify("blob", read(path))
        return identify("tree", b"".join(rows[key] for key in sorted(rows)))

    return identify_folder(folder).hex()


def source(template: str) -> dict[str, str]:
    """Return the address of the template, without a password; empty for a local path."""
    host, _, rest = template.partition(":")
    address = f"https://{HOSTS[host]}/{rest}.git" if host in HOSTS else template
    address = re.sub(r"^([\w.-]+@[\w.-]+):", r"ssh://\1/", address)
    if not re.match("(https?|ssh)://", address):
        return {}
    return {"source": re.sub(r"^(https?://)[^/@]*@", r"\1", address)}


def make(root: Path, answers: dict[str, Any]) -> None:
    """Turn a copy of the raw tree into the requested service, and record the answers."""
    record = {"template": answers["_template_name"], "version": answers["_version"]}
    record.update(source(str(answers.get("_template"))), raw_tree=tree_id(root))
    known = conditions(answers)
    listed = [(condition, path) for condition, paths in answers["_paths"].items() for path in paths]
    for condition, path in (it for it in listed if not (root / it[1]).exists()):
        raise Flaw(f"_paths, {condition}: there is no {path}.")
    for condition, path in listed:
        if not holds(condition, known, "_paths") and (root / path).exists():
            shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
    for folder in sorted((it for it in root.rglob("*") if it.is_dir()), reverse=True):
        folder.rmdir() if not any(folder.iterdir()) else None
    for path in (it for it in root.rglob("*") if it.is_file()):
        try:
            text = read(path).decode()
        except UnicodeDecodeError:
            continue  # an image has neither markers nor names
        text = fill(carve(text, path.relative_to(root), known), path, answers)
        path.write_bytes(text.encode())
    record["answers"] = {name: it for name, it in answers.items() if not name.startswith("_")}
    if (digest := root / "chassis" / "digest.py").exists():
        record["chassis"] = runpy.run_path(str(digest))["seal"]()
    record["carved_tree"] = tree_id(root)
    text = json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False)
    (root / ".cookiecutter.json").write_bytes(f"{text}\n".encode())


if __name__ == "__main__":
    try:
        make(Path.cwd(), given := json.loads(ANSWERS))
    except (OSError, KeyboardInterrupt) as error:
        raise SystemExit(f"The service could not be carved: {error or 'interrupted'}.") from None
    on = ", ".join(sorted(name for name, is_on in conditions(given).items() if is_on))
    print("{project_slug} is ready: {on}.".format(on=on, **given))
    if given["email"].endswith("@example.com"):
        who = given["email"]
        print(f"{who} reaches nobody, and SECURITY.md names it. Carve with email=ADDRESS.")
    print("Next:\n  cd {project_slug}\n  make run\n  make test".format(**given))
