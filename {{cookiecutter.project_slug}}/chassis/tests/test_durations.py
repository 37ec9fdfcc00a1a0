from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import Field, ValidationError

from chassis.auth import Auth  # if auth
from chassis.cache import Caching  # if cache
from chassis.database import Database  # if database
from chassis.errors import Errors  # if errors
from chassis.health import Health
from chassis.outbound import Outbound  # if outbound
from chassis.security import Security
from chassis.server import Server
from chassis.service import Feature, Seconds
from chassis.tracing import Tracing  # if tracing

if TYPE_CHECKING:
    from collections.abc import Iterator

FEATURES: tuple[type[Feature], ...] = (
    Auth,  # if auth
    Caching,  # if cache
    Database,  # if database
    Errors,  # if errors
    Health,
    Outbound,  # if outbound
    Security,
    Server,
    Tracing,  # if tracing
)


def durations() -> Iterator[tuple[type[Feature], str]]:
    for feature in FEATURES:
        for field in feature.model_fields:
            if field.endswith(("_seconds", "_minutes")):
                yield feature, field


every_duration = pytest.mark.parametrize(("feature", "field"), [*durations()])


def accepts(feature: type[Feature], field: str, value: str) -> bool:
    try:
        feature.model_validate({field: value})
    except ValidationError:
        return False
    return True


@every_duration
@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "Infinity", "1e10", "9" * 400, "-1"])
def test_a_duration_is_a_limit(feature: type[Feature], field: str, value: str) -> None:
    assert not accepts(feature, field, value)


@every_duration
def test_what_rounds_to_no_limit_is_refused_as_no_limit_is(
    feature: type[Feature], field: str
) -> None:
    if not accepts(feature, field, "0") and field.endswith("_seconds"):
        assert not accepts(feature, field, "0.0004")


class Trade(Feature):
    pause_seconds: Seconds = 1
    ratio: float = Field(default=0.5, ge=0, le=1)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_no_figure_of_a_feature_is_anything_but_a_number(value: str) -> None:
    assert not accepts(Trade, "ratio", value)
    assert not accepts(Trade, "pause_seconds", value)
    assert accepts(Trade, "pause_seconds", "0.001")
