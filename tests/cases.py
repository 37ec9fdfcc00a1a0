"""Generated cases: random answers, random edits, a random change; and what must hold after it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from tests.edits import EDITS, NotHere
from tests.lives import RECORD, File, Life, Snapshot, lost_lines, parses, rows, snapshot
from tests.template import MANIFEST, QUESTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.versions import Kept

OPTIONS = [name for name in QUESTIONS if isinstance(MANIFEST[name], bool)]
CHOICES = {name: MANIFEST[name] for name in ("licence", "deployment", "ci")}
MERGED = "chassis/pyproject.toml"
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
    for name in snapshot(folder).keys() - before.keys():
        (folder / name).unlink()
    for name, (kind, content, mode) in before.items():
        path = folder / name
        if kind == "file" and not (path.is_file() and path.read_bytes() == content):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)


def follow(path: str, those: dict[str, str]) -> str:
    for old, new in those.items():
        if path.startswith(old):
            return path.replace(old, new, 1)
    return path


@dataclass
class Result:
    """The pristine carving, the team's service, the new carving, and what came of them."""

    old: Snapshot
    ours: Snapshot
    new: Snapshot
    after: Snapshot
    conflicts: set[str]
    own: list[str]

    def __post_init__(self) -> None:
        moved = {it: follow(it, RENAMED) for it in self.old if it not in self.ours}
        self.moved = {new: old for old, new in moved.items() if new in self.ours}
        gone = {it: follow(it, TEMPLATE_RENAMED) for it in self.old if it not in self.new}
        self.template_moved = {old: new for old, new in gone.items() if new in self.new}

    def wrong(self) -> list[str]:
        """List what is not as both the team and the template want it."""
        found = [it for path in self.ours if path != RECORD for it in self.wrong_in(path)]
        for path in self.old.keys() - self.ours.keys() - set(self.moved.values()):
            place = self.template_moved.get(path, path)
            if place in self.after and not {path, place} & self.conflicts:
                found.append(f"{path}: deleted by the team, and back")
        added = self.new.keys() - self.old.keys() - set(self.template_moved.values())
        return [*found, *(f"{it}: not added" for it in added - self.conflicts - self.after.keys())]

    def wrong_in(self, path: str) -> list[str]:
        """List what is wrong with a file that the team had."""
        base_path = self.moved.get(path, path)
        new_path = self.template_moved.get(base_path, base_path)
        place = new_path if base_path == path else path
        if {path, place} & self.conflicts:
            return self.lost_in_conflict(path, base_path)
        mine, template, after = self.ours[path], self.new.get(new_path), self.after.get(place)
        replaced = path.startswith("chassis/") and path not in {MERGED, *self.own}
        if replaced:
            return [] if after == template else [f"{path}: not replaced"]
        base = self.old.get(base_path)
        if base is None:
            return [] if after == mine or template else [f"{path}: a file of the team changed"]
        if template is None:
            expected = None if base == mine and path == base_path else mine
            return [] if after == expected else [f"{path}: {'left' if after else 'gone'}"]
        return wrong_content(path, base, mine, template, after)

    def lost_in_conflict(self, path: str, base_path: str) -> list[str]:
        """List lines of the team that a file with conflicts does not show."""
        if path not in self.after:
            return [f"{path}: has a conflict, and is gone"] if path in self.conflicts else []
        before = rows(self.old.get(base_path, ("", b"", 0))[1])
        own = rows(self.ours[path][1]) - before
        return [f"{path}: {line!r} lost" for line in own - rows(self.after[path][1])]


def wrong_content(
    path: str, base: File, mine: File, template: File, after: File | None
) -> list[str]:
    """List what is wrong with a file that both have."""
    if after is None:
        return [f"{path}: gone"]
    lost = lost_lines(base[1], mine[1], template[1], after[1])
    wrong = [f"{path}: {line!r}" for line in lost]
    wrong += [f"{path}: mode {after[2]:o}"] if mine[2] not in {base[2], after[2]} else []
    broken = parses(path, mine[1]) and not parses(path, after[1])
    return [*wrong, f"{path}: does not parse"] if broken else wrong


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
    old = snapshot(kept.carve(template, case.answers))
    new = snapshot(kept.carving(did["to"]["carved_tree"]))
    wrong += Result(old, before, new, result, conflicts, record.get("own", [])).wrong()
    count(tally, case, done, conflicts)
    if conflicts or case.command[0] == "update":
        code, _, err = life.carve("abort")
        wrong += [] if not code and life.snapshot() == before else [f"abort: {err}"]
        wrong += [] if life.status() == status else ["abort left another status"]
    elif case.command[0] == "add":
        wrong += way_back(case, life, before)
    return wrong


def way_back(case: Case, life: Life, before: Snapshot) -> list[str]:
    """Take the option back; without conflicts that gives the same bytes."""
    life.commit("changed")
    code, _ = life.change("remove", case.command[1])
    if code:
        return []
    after = life.snapshot()
    differing = [it for it in before.keys() | after.keys() if before.get(it) != after.get(it)]
    return [f"{it}: not the same after it was reversed" for it in differing]


def count(tally: Tally, case: Case, done: list[str], conflicts: set[str]) -> None:
    tally.cases += 1
    tally.with_conflict += bool(conflicts)
    tally.times.update(done)
    for path in conflicts:
        tally.conflicts[path] += 1
        tally.examples.append(
            f"{path} | {case.seed} | {' '.join(case.command)} | {', '.join(done)}"
        )
