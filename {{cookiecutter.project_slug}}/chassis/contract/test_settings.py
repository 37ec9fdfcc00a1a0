"""Variables become settings, and all faults are reported at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import Field, SecretStr

from chassis.environment import Environment, Misconfigured, Names, load
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Shop(Feature):
    port: int = Field(default=80, ge=1)
    """TCP port."""
    page_size: int = 10
    """Entries on a page."""
    hosts: Names = ()
    """Names of the shop."""
    token: SecretStr | None = None
    """Shared secret."""

    def insecure(self) -> Iterator[tuple[str, str]]:
        if not self.hosts:
            yield "hosts", "is empty. Name the hosts."


class Local(Environment):
    shop: Shop = Shop(page_size=3)


class Remote(Environment):
    strict = True
    shop: Shop = Shop()


ENVIRONMENTS: tuple[type[Environment], ...] = (Local, Remote)


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENVIRONMENT", raising=False)


def faults(monkeypatch: pytest.MonkeyPatch, **variables: str) -> list[str]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as caught:
        load(ENVIRONMENTS)
    return str(caught.value).splitlines()


def test_a_variable_overrides_one_field_and_leaves_the_defaults_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_PORT", "81")
    monkeypatch.setenv("SHOP_HOSTS", "a.example, b.example")
    settings = load([Local]).shop
    assert (settings.port, settings.page_size) == (81, 3)
    assert settings.hosts == ("a.example", "b.example")


def test_every_fault_has_a_line_that_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = faults(monkeypatch, SHOP_PORT="none", SHOP_PAGE_SIZ="7")
    assert [line.partition(":")[0] for line in lines] == ["SHOP_PAGE_SIZ", "SHOP_PORT"]
    assert "SHOP_PAGE_SIZE" in lines[0]


def test_a_strict_environment_refuses_what_is_insecure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(monkeypatch, ENVIRONMENT="remote") == ["SHOP_HOSTS: is empty. Name the hosts."]


def test_an_unknown_environment_names_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    (line,) = faults(monkeypatch, ENVIRONMENT="mars")
    assert "local, remote" in line


def test_no_fault_shows_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = faults(monkeypatch, SHOP_TOKEN="pl4nted", SHOP_PORT="pl4nted")
    assert "pl4nted" not in "".join(lines)
