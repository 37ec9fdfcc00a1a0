"""The levels of single loggers."""

import pytest
from pydantic import ValidationError

from chassis.environment import Environment
from chassis.logs import DEFAULT_LEVELS, Log


def test_levels_are_read_from_a_variable_and_add_to_the_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Settings(Environment):
        log: Log = Log()

    assert Settings().log.levels == DEFAULT_LEVELS
    monkeypatch.setenv("LOG_LEVEL", "debug")
    monkeypatch.setenv("LOG_LEVELS", "botocore.auth=debug, uvicorn.error=INFO")
    log = Settings().log
    assert log.level == "DEBUG"
    assert log.levels == {**DEFAULT_LEVELS, "botocore.auth": "DEBUG", "uvicorn.error": "INFO"}
    monkeypatch.setenv("LOG_LEVELS", "uvicorn=DEBUG")
    assert Settings().log.levels == {"uvicorn": "DEBUG"}


@pytest.mark.parametrize("levels", ["botocore", "=DEBUG", "botocore=LOUD", "a=INFO,b"])
def test_levels_that_cannot_be_read_are_refused(levels: str) -> None:
    with pytest.raises(ValidationError):
        Log(levels=levels)
