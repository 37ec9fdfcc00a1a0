"""Generated cases: random answers, random edits, a random change; and what must hold after it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.edits import EDITS, NotHere
from tests.lives import RECORD, Life, Snapshot, lost_lines, parses, rows, snapshot
from tests.template import MANIFEST, QUESTIONS
from tests.versions import Kept

OPTIONS = [name for name in QUESTIONS if isinstance(MANIFEST[name], bool)]
CHOICES = {name: MANIFEST[name] for name in ("licence", "deployment", "ci")}
RENAMED = {"docs/operations.md": "docs/operating.md", "app/greetings/": "app/salutations/"}
TEMPLATE_RENAMED = {"docs/log-shipping.md": "docs/shipping-of-logs.md"}
UPDATES = [("v0.1.0", "v0.2.0"), ("v0.1.0", "v0.3.0"), ("v0.2.0", "v0.3.0"), ("between", "v0.3.0")]


@dataclass
class Case:
    """What a seed gives."""

    seed: str
    start: str
    answers: dict[str, Any]
    command: list[str]
    edits: list[str]


@dataclass
class Tally:
    """Cases and conflicts, by kind of edit."""

    cases: int = 0
    with_conflict: int = 0
    times: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


def random_answers(random: Random) -> dict[str, Any]:
    answers = {name: MANIFEST[name] for name in QUESTIONS}
    answers |= {name: random.random() < 0.7 for name in OPTIONS}
    answers |= {name: random.choice(choices) for name, choices in CHOICES.items()}
    answers |= {"project_slug": "orders", "python_version": random.choice(["3.14", "3.13", "3.12"])}
    if not answers["docker"]:
        answers["deployment"] = "none"
    return answers


def generate(seed: str) -> Case:
    random = Random(seed)  # noqa: S311 - a test's choice
    answers = random_answers(random)
    kind = random.choice(["switch", "switch", "choose", "rename", "update", "update"])
    start = random.choice(["v0.1.0", "v0.2.0"])
    if kind == "switch":
        option = random.choice(OPTIONS)
        command = ["remove" if answers[option] else "add", option]
    elif kind == "choose":
        name = random.choice(list(CHOICES) if answers["docker"] else ["licence", "ci"])
        others = [it for it in CHOICES[name] if it != answers[name]]
        command = ["change", f"{name}={random.choice(others)}"]
    elif kind == "rename":
        command = ["change", "project_name=Order desk", "project_slug=order-desk"]
    else:
        start, target = random.choice(UPDATES)
        command = ["update", "--to", target]
    edits = random.sample(sorted(EDITS), random.randint(1, 6))
    return Case(seed, start, answers, command, edits)


def live(case: Case, template: Path, kept: Kept, folder: Path) -> tuple[Life, list[str]]:
    """Carve, edit and commit; return the service and the edits that it had a place for."""
    life = Life(kept.carve(template, case.answers), folder)
    done = []
    for words in case.edits:
        before = snapshot(life.folder)
        try:
            EDITS[words](life.folder)
        except NotHere:
            put_back(life.folder, before)
        else:
            done.append(words)
    life.commit()
    (life.folder / "scratch.local").write_text("untracked")
    return life, done


def put_back(folder: Path, before: Snapshot) -> None:
    for name, (kind, content, mode) in before.items():
        if (
            kind == "file"
            and not (folder / name).is_file()
            or (folder / name).read_bytes() != content
        ):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
            (folder / name).chmod(mode)
    for name in snapshot(folder).keys() - before.keys():
        (folder / name).unlink()


def follow(path: str, those: dict[str, str]) -> str:
    for old, new in those.items():
        if path.startswith(old):
            return path.replace(old, new, 1)
    return path


def verify(
    old: Snapshot,
    ours: Snapshot,
    new: Snapshot,
    result: Snapshot,
    conflicts: set[str],
    own: list[str],
) -> list[str]:
    """List what is not as both the team and the template want it."""
    wrong = []
    moved = {
        follow(it, RENAMED): it for it in old if it not in ours and follow(it, RENAMED) in ours
    }
    moved_back = {it: path for path, it in moved.items()}
    template_moved = {
        it: follow(it, TEMPLATE_RENAMED)
        for it in old
        if it not in new and follow(it, TEMPLATE_RENAMED) in new
    }
    for path, (_, content, mode) in ours.items():
        base_path = moved.get(path, path)
        new_path = template_moved.get(base_path, base_path)
        place = new_path if base_path == path else path
        if path == RECORD or {path, place} & conflicts:
            continue
        base, template, after = old.get(base_path), new.get(new_path), result.get(place)
        replaced = (
            path.startswith("chassis/") and path != "chassis/pyproject.toml" and path not in own
        )
        if replaced:
            wrong += [f"{path}: not replaced"] if after != template else []
        elif base is None:
            wrong += (
                [f"{path}: a file of the team changed"]
                if after != ours[path] and template is None
                else []
            )
        elif template is None:
            unchanged = base == ours[path] and path == base_path
            wrong += [f"{path}: edited, and gone"] if after is None and not unchanged else []
            wrong += [f"{path}: left over"] if after is not None and unchanged else []
        elif after is None:
            wrong.append(f"{path}: gone")
        else:
            lost = lost_lines(base[1], content, template[1], after[1])
            wrong += [f"{path}: {line!r}" for line in lost]
            wrong += [f"{path}: mode {after[2]:o}"] if mode != base[2] and after[2] != mode else []
            wrong += (
                [f"{path}: does not parse"]
                if not parses(path, after[1]) and parses(path, content)
                else []
            )
    for path in old.keys() - ours.keys() - moved_back.keys():
        if (
            template_moved.get(path, path) in result
            and not {path, template_moved.get(path, path)} & conflicts
        ):
            wrong.append(f"{path}: deleted by the team, and back")
    for path in new.keys() - old.keys() - ours.keys() - conflicts - result.keys():
        wrong.append(f"{path}: not added") if path not in template_moved.values() else None
    for path in conflicts:
        base_path = moved.get(path, path)
        if path in ours and path in result:
            own_lines = rows(ours[path][1]) - rows(old.get(base_path, ("", b"", 0))[1])
            wrong += [f"{path}: {line!r} lost" for line in own_lines - rows(result[path][1])]
        elif path in ours:
            wrong.append(f"{path}: has a conflict, and is gone")
    return wrong


def play(case: Case, template: Path, kept: Kept, folder: Path, tally: Tally) -> list[str]:
    """Live through a case; return what went wrong."""
    life, done = live(case, template, kept, folder)
    before, status = life.snapshot(), life.status()
    code, planned = life.change(*case.command, "--dry-run")
    wrong = (
        []
        if life.snapshot() == before and life.status() == status
        else ["the dry run touched something"]
    )
    code, did = life.change(*case.command)
    result, conflicts = life.snapshot(), set(did["conflicts"])
    wrong += [] if planned["changes"] == did["changes"] else ["the dry run said something else"]
    touched = {it for it in before.keys() | result.keys() if before.get(it) != result.get(it)} - {
        RECORD
    }
    said = {it["path"] for it in did["changes"]}
    wrong += [f"{it}: touched and not said" for it in touched - said]
    wrong += [f"{it}: said and not touched" for it in said - touched - conflicts]
    wrong += [f"code {code}"] if code != bool(conflicts) else []
    record = life.record
    moved = record["carved_tree"] == did["to"]["carved_tree"]
    wrong += ["the baseline moved"] if conflicts and (moved and did["from"] != did["to"]) else []
    wrong += ["the baseline stayed"] if not conflicts and not moved else []
    wrong += compare(case, life, kept, template, before, result, did)
    count(tally, case, done, conflicts)
    if conflicts or case.command[0] == "update":
        code, _, err = life.carve("abort")
        wrong += [] if not code and life.snapshot() == before else [f"abort: {err}"]
        wrong += [] if life.status() == status else ["abort left another status"]
    elif case.command[0] == "add":
        wrong += way_back(case, life, before)
    return wrong


def compare(
    case: Case,
    life: Life,
    kept: Kept,
    template: Path,
    before: Snapshot,
    result: Snapshot,
    did: dict[str, Any],
) -> list[str]:
    """Hold the result against what the team and the template want."""
    old = snapshot(kept.carve(template, case.answers))
    tree = did["to"]["carved_tree"]
    new = next(it for it in kept.made.values() if f'"{tree}"' in (it / RECORD).read_text())
    own = life.record.get("own", [])
    return verify(old, before, snapshot(new), result, set(did["conflicts"]), own)


def way_back(case: Case, life: Life, before: Snapshot) -> list[str]:
    """Take the option back; without conflicts that gives the same bytes."""
    life.commit("changed")
    code, _ = life.change("remove", case.command[1])
    if code:
        return []
    after = life.snapshot()
    differing = [it for it in before.keys() | after.keys() if before.get(it) != after.get(it)]
    return [f"{it}: not the same after the way back" for it in differing]


def count(tally: Tally, case: Case, done: list[str], conflicts: set[str]) -> None:
    tally.cases += 1
    tally.with_conflict += bool(conflicts)
    tally.times.update(done)
    for path in conflicts:
        tally.conflicts[path] += 1
        tally.examples.append(
            f"{path} | {case.seed} | {' '.join(case.command)} | {', '.join(done)}"
        )
