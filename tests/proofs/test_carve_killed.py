"""A change that fails, or is killed at any step, is undone by `carve abort`: nothing is lost."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.lives import in_conflict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lives import Life


@pytest.mark.parametrize("where", ["carve.apply.remove", "carve.apply.swap", "carve.apply.unmerge"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "orders"), "orders: No space left on device."),
        (KeyboardInterrupt(), "Interrupted."),
    ],
)
def test_a_failed_write_is_no_success_and_is_undone(
    where: str,
    error: BaseException,
    said: str,
    carve: Callable[..., Life],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise error

    life = in_conflict(carve)
    before, status = life.snapshot(), life.status()
    monkeypatch.setattr(where, fail)
    code, out, err = life.carve("remove", "database")
    assert (code, out) == (2, "")
    assert err == f"carve: {said} Everything was restored as it was before.\n"
    assert (life.snapshot(), life.status()) == (before, status)


def test_what_could_not_be_changed_needs_no_putting_back(
    carve: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "compose")

    def refuse_what_is_there(place: Path) -> None:
        assert not place.exists(), f"{place}: its folder is read-only"

    life = carve()
    before, status = life.snapshot(), life.status()
    monkeypatch.setattr("carve.apply.stage", refuse)
    monkeypatch.setattr("carve.journal.unlink", refuse_what_is_there)
    said = "carve: compose: Permission denied. Everything was restored as it was before.\n"
    assert life.carve("remove", "cache") == (2, "", said)
    assert (life.snapshot(), life.status()) == (before, status)


class Killed(BaseException):
    """The process ends here."""


def kill_at(number: int, patch: pytest.MonkeyPatch) -> None:
    left = [number]

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    patch.setattr("carve.apply.step", step)
    patch.setattr("carve.journal.step", step)


@pytest.mark.parametrize("what", ["conflict", "no conflict"])
def test_a_kill_at_any_step_and_of_abort_itself_is_undone(
    what: str, carve: Callable[..., Life]
) -> None:
    life = in_conflict(carve) if what == "conflict" else carve()
    before, status = life.snapshot(), life.status()
    number = killed = 0
    while killed == number:
        number += 1 if number < 4 else 5
        with pytest.MonkeyPatch.context() as patch:
            kill_at(number, patch)
            try:
                life.carve("remove", "database")
            except Killed:
                killed = number
                kill_at(number % 3 + 1, patch)
                with suppress(Killed):
                    life.carve("abort")
        life.carve("abort")
        assert life.snapshot() == before, number
        assert life.status() == status, number
        assert not list((life.folder / ".git").glob("*.lock"))
    assert number > 10
