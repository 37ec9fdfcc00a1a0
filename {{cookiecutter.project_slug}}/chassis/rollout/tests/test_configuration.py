"""A wrong configuration is refused with every error, its key and its fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from chassis.rollout.configuration import Configuration, load
from chassis.rollout.demand import needed_rate
from chassis.rollout.errors import RefusedError

WRONG = """
strategy = "rollling"
replicas = 0
rolback_on_failure = true
canary = [{ share = 10, seconds = 1 }, { share = 200 }]
[ready]
times = "three"
smoke = ["/", 5]
"""


def test_the_file_of_the_service_is_valid() -> None:
    assert load(Path(__file__).parents[3] / "deploy" / "rollout.toml").replicas > 1


def test_five_requests_a_second_are_enough_for_a_canary_that_takes_minutes() -> None:
    configuration = load(Path(__file__).parents[3] / "deploy" / "rollout.toml")
    needed = configuration.gates.needed_requests
    for stage in configuration.canary:
        assert 5 * stage.seconds * stage.share / 100 > needed, "it would wait for requests"
    seconds = sum(stage.seconds for stage in configuration.canary)
    assert seconds + configuration.blue_green_seconds < 300
    assert needed_rate(configuration) < 2
    assert configuration.proxy.sticky == "none", "one address would see one side only"
    assert Configuration().canary == configuration.canary


def test_every_error_is_named_at_once_with_its_key_and_fix(tmp_path: Path) -> None:
    path = tmp_path / "rollout.toml"
    path.write_text(WRONG)
    with pytest.raises(RefusedError) as refused:
        load(path)
    assert set(str(refused.value).splitlines()) == {
        f"{path}.rolback_on_failure: unknown key. Remove it, or use rollback_on_failure.",
        f"{path}.strategy: 'rollling' is not one of 'rolling', 'blue-green', 'canary'.",
        f"{path}.replicas: 0 is not between 1 and 1000.",
        f"{path}.canary[1].seconds: is missing.",
        f"{path}.canary[1].share: 200.0 is not between 0.01 and 99.99.",
        f"{path}.ready.times: 'three' is not a whole number.",
        f"{path}.ready.smoke[1]: 5 is not text.",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("canary = [{share = 50, seconds = 1}, {share = 10, seconds = 1}]", "must rise"),
        ("[proxy]\nsticky = 'user'", "is not none, client, header:NAME or cookie:NAME"),
        ("[proxy]\nsticky = 'cookie:a b'", "named 'a b': use letters, digits and '_' only"),
        ("[proxy]\nsticky = 'cookie:a-b'", "named 'a-b': use letters, digits and '_' only"),
        ("[proxy]\nsticky = 'header:X_User'", "named 'X_User': use letters, digits and '-' only"),
        ("[proxy]\nsticky = 'header:'", "use letters, digits and '-' only"),
        ("replicas = ", "is not valid TOML"),
        ("replicas = true", "True is not a whole number"),
    ],
)
def test_an_impossible_value_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "rollout.toml"
    path.write_text(text)
    with pytest.raises(RefusedError, match=complaint):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"none\.toml: No such file or directory\. Name"):
        load(tmp_path / "none.toml")
