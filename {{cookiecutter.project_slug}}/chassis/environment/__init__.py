"""Reads settings from environment variables, and reports all faults at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.environment.decoding import Variables
from chassis.environment.fault import Fault, Misconfigured
from chassis.environment.faults import (
    insecure_settings,
    invalid_variables,
    load_without_invalid,
    raising_variables,
)
from chassis.environment.sources import THE_ENVIRONMENT, read_variables
from chassis.environment.unknown import misspelled_variables
from chassis.environment.variables import Aliases, secrets
from chassis.service import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECRETS_DIR = "/run/secrets"
"""Folder whose files are secrets, each named after its variable."""
E = TypeVar("E", bound="Environment")

__all__ = ["SECRETS_DIR", "Aliases", "Environment", "Misconfigured", "Names", "load", "secrets"]


Names: TypeAlias = tuple[str, ...]
"""A list of strings, separated by commas in a variable."""


class Environment(BaseSettings):
    """The settings tree: its features, outermost first, and every variable the service reads.

    A field is a feature: `SERVER_PORT` is `server.port`. A variable overrides one field of a
    feature's default and leaves the others. Environment variables win over `.env`, which only
    development reads, and that over files in /run/secrets that are named after variables.
    """

    model_config = SettingsConfigDict(
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        nested_model_default_partial_update=True,
        secrets_dir=SECRETS_DIR,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )
    strict: ClassVar[bool] = False
    """Whether the service refuses to start with a setting that a feature reports as insecure."""
    reads_files: ClassVar[bool] = True
    """Whether `.env` and the files of secrets are read; tests turn it off."""

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - whatever the fields take
        """Take values that win over all variables; pydantic itself does not read `.env`."""
        super().__init__(_env_file=None, **values)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, highest priority first; all variables are merged into one source."""
        del env_settings, dotenv_settings, file_secret_settings
        given, _ = read_variables(settings_cls)
        variables = {name: it.value for name, it in given.items()}
        return init_settings, Variables(settings_cls, variables)

    @classmethod
    def name(cls) -> str:
        """Return the value of ENVIRONMENT that selects this class: its name in lower case."""
        return cls.__name__.lower()

    def features(self) -> Iterator[tuple[str, Feature]]:
        """Yield each feature's name and settings, outermost first."""
        for name in type(self).model_fields:
            if isinstance(feature := getattr(self, name), Feature):
                yield name, feature


def load(environments: Sequence[type[E]]) -> E:
    """Read the settings of the environment that ENVIRONMENT selects; the first one if it is unset.

    Raises `Misconfigured` with every fault at once.
    """
    by_name = {environment.name(): environment for environment in environments}
    spellings = {variable.upper(): value for variable, value in os.environ.items() if value}
    name = os.environ.get("ENVIRONMENT") or spellings.get("ENVIRONMENT") or environments[0].name()
    if name not in by_name:
        advice = f"there is no environment {name!r}. Set it to one of: {', '.join(by_name)}."
        raise Misconfigured([Fault("ENVIRONMENT", advice)])
    return _load(by_name[name])


def _load(chosen: type[E]) -> E:
    given, faults = read_variables(chosen)
    faults += misspelled_variables(chosen)
    place = given["environment"].place if "environment" in given else THE_ENVIRONMENT
    if place != THE_ENVIRONMENT:
        advice = f"is set in {place}, which is read too late. Set it as an environment variable."
        faults.append(Fault("ENVIRONMENT", advice))
    readable: Environment | None = None
    try:
        readable = settings = chosen()
    except ValidationError as error:
        faults += invalid_variables(chosen, error)
        readable = load_without_invalid(chosen, error)
    except Exception as error:  # noqa: BLE001 - a validator may raise anything
        faults += raising_variables(chosen, error)
    if chosen.strict and readable is not None:
        named = {fault.variable for fault in faults}
        faults += [fault for fault in insecure_settings(readable) if fault.variable not in named]
    if faults:
        raise Misconfigured(faults)
    return settings
