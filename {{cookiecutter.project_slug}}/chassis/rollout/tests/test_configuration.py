"""A wrong configuration is refused at once, with the place and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.rollout.configuration import load
from chassis.rollout.errors import Refused

WRONG = """
strategy = "rollling"
replicas = 0
rolback_on_failure = true
canary = [{ share = 10, seconds = 1 }, { share = 200 }]
[ready]
times = "three"
smoke = ["/", 5]
"""


def test_the_file_that_comes_with_the_service_is_right() -> None:
    assert load(Path(__file__).parents[3] / "deploy" / "rollout.toml").replicas > 1


def test_every_fault_is_named_at_once_with_its_key_and_fix(tmp_path: Path) -> None:
    path = tmp_path / "rollout.toml"
    path.write_text(WRONG)
    with pytest.raises(Refused) as refused:
        load(path)
    assert set(str(refused.value).splitlines()) == {
        f"{path}.rolback_on_failure: there is no such key; there is rollback_on_failure.",
        f"{path}.strategy: 'rollling' is not 'rolling', 'blue-green', 'canary'.",
        f"{path}.replicas: 0 is not between 1 and 1000.",
        f"{path}.canary[1].seconds: is missing.",
        f"{path}.canary[1].share: 200.0 is not between 0.01 and 99.99.",
        f"{path}.ready.times: 'three' is not a whole number.",
        f"{path}.ready.smoke[1]: 5 is not text.",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("canary = [{share = 50, seconds = 1}, {share = 10, seconds = 1}]", "do not rise"),
        ("[proxy]\nsticky = 'user'", "is not client, header:NAME or cookie:NAME"),
        ("[proxy]\nsticky = 'cookie:a b'", "'a b': use letters, digits and '_' only"),
        ("[proxy]\nsticky = 'cookie:a-b'", "'a-b': use letters, digits and '_' only"),
        ("[proxy]\nsticky = 'header:X_User'", "'X_User': use letters, digits and '-' only"),
        ("[proxy]\nsticky = 'header:'", "use letters, digits and '-' only"),
        ("replicas = ", "is no TOML"),
        ("replicas = true", "True is not a whole number"),
    ],
)
def test_what_does_not_make_sense_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "rollout.toml"
    path.write_text(text)
    with pytest.raises(Refused, match=complaint):
        load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"none\.toml: No such file or directory\. Name another"):
        load(tmp_path / "none.toml")
