"""Reads variables from the environment, `.env` and secret files, as text."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dotenv.parser import parse_stream
from dotenv.variables import parse_variables

from chassis.environment.fault import Fault
from chassis.environment.variables import resolve_aliases, variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dotenv.parser import Binding
    from pydantic_settings import BaseSettings

THE_ENVIRONMENT = "the environment"
MAX_BYTES = 1_000_000
"""Largest size of a `.env` or secret file, in bytes."""


class SourcedValue(NamedTuple):
    """A value, and where it was set."""

    value: str
    place: str


def read_variables(environment: type[BaseSettings]) -> tuple[dict[str, SourcedValue], list[Fault]]:
    """Return the variables that are set, by name in lower case, and the faults in reading them.

    Environment variables win over `.env`, and `.env` over secret files. An empty one counts as
    unset.
    """
    faults: list[Fault] = []
    given: dict[str, SourcedValue] = {}
    undecodable: set[str] = set()
    known = {variable.name.lower() for variable in variables(environment)}
    for place, found in _sources(environment, faults):
        in_capitals_last = sorted(found.items(), reverse=True)  # wins over other spellings
        lower = {name.lower(): value for name, value in in_capitals_last if value}
        for name, value in resolve_aliases(lower, environment).items():
            if value is None or name in given or name in undecodable:
                continue
            if _is_text(value):
                given[name] = SourcedValue(value, place)
            elif name in known:
                undecodable.add(name)
                faults.append(Fault(name.upper(), f"is not text in UTF-8 (set in {place})."))
    return given, faults


def origins(environment: type[BaseSettings]) -> dict[str, str]:
    """Return where each variable is set, by its name."""
    return {name.upper(): it.place for name, it in read_variables(environment)[0].items()}


def _sources(
    environment: type[BaseSettings], faults: list[Fault]
) -> Iterator[tuple[str, dict[str, str]]]:
    config: Any = environment.model_config
    yield THE_ENVIRONMENT, dict(os.environ)
    if not getattr(environment, "reads_files", True):
        return
    for file in reversed(_as_paths(config.get("env_file"))):
        yield str(file), _read_dotenv(file, config.get("env_file_encoding") or "utf-8", faults)
    names = {name for it in variables(environment) for name in (it.name, *it.aliases)}
    for folder in reversed(_as_paths(config.get("secrets_dir"))):
        yield "/run/secrets", _read_secret_files(folder, {name.lower() for name in names}, faults)


def _as_paths(configured: Any) -> list[Path]:  # noqa: ANN401 - a path, several, or none
    several = [configured] if isinstance(configured, (str, os.PathLike)) else configured or []
    return [Path(path).expanduser() for path in several]


def _read_dotenv(file: Path, encoding: str, faults: list[Fault]) -> dict[str, str]:
    """Parse a file as python-dotenv does, except that `${NAME}` in single quotes is literal."""
    found: dict[str, str] = {}
    if not file.exists():
        return found
    try:
        text = _read_text(file, encoding)
    except ValueError as error:
        faults.append(Fault(str(file), f"{error} Correct it or remove it."))
        return found
    for binding in parse_stream(io.StringIO(text, newline=None)):
        if binding.error or (binding.key and binding.value is None):
            advice = "is not a setting. Write NAME=value, with quotes on both sides or none."
            faults.append(Fault(f"{file} line {_line_number(binding)}", advice))
        elif binding.key and binding.value:
            quoted = binding.original.string.partition("=")[2].lstrip().startswith("'")
            known = {**os.environ, **found}
            atoms = parse_variables(binding.value)
            expanded = binding.value if quoted else "".join(it.resolve(known) for it in atoms)
            found[binding.key] = expanded
    return found


def _line_number(binding: Binding) -> int:
    whole = binding.original.string
    blank = whole[: len(whole) - len(whole.lstrip())]
    return binding.original.line + blank.count("\n")


def _read_secret_files(folder: Path, names: set[str], faults: list[Fault]) -> dict[str, str]:
    """Read the files of a folder; faults are reported only for those named after variables."""
    found: dict[str, str] = {}
    try:
        files = sorted(folder.iterdir())
        inside = folder.resolve()
    except FileNotFoundError:
        return found
    except OSError as error:
        faults.append(Fault(str(folder), f"cannot be read: {error.strerror}."))
        return found
    for file in files:
        try:
            if not file.resolve().is_relative_to(inside):
                raise ValueError("is a link to outside its folder.")  # noqa: TRY301 - reported below
            found[file.name] = _read_text(file, "utf-8").strip()
        except (OSError, RuntimeError, ValueError) as error:
            if file.name.lower() in names:
                advice = f"{error} Make it a file that contains only the value."
                faults.append(Fault(file.name.upper(), f"its file in {folder} {advice}"))
    return found


def _read_text(file: Path, encoding: str) -> str:
    """Read a file. Raises ValueError, with a message to append to the name of the file."""
    if file.is_dir():
        raise ValueError("is a directory.")
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise ValueError(f"has more than {MAX_BYTES} bytes.")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"is not text in {encoding.upper()}.") from error


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
