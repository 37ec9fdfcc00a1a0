"""The composition root: which features, in which order, with which defaults per environment."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from app.greetings import Greetings
from app.notes import Notes  # if database
from app.quotes import Quotes, QuotesApi  # if outbound
from app.reminders import Reminders  # if jobs
from chassis.auth import Auth  # if auth
from chassis.cache import Caching  # if cache
from chassis.database import Database  # if database
from chassis.environment import Environment, secrets
from chassis.errors import Errors  # if errors
from chassis.health import Health
from chassis.jobs import Jobs  # if jobs
from chassis.logs import Log
from chassis.metrics import Metrics  # if metrics
from chassis.problems import Problems
from chassis.security import Security
from chassis.server import Server
from chassis.service import Identity, Service
from chassis.tracing import Tracing  # if tracing


class Settings(Environment):
    """The features, outermost first: together, all settings of the service."""

    service: Identity = Identity(name="{{ cookiecutter.project_slug }}")
    log: Log = Log()
    errors: Errors = Errors()  # if errors
    tracing: Tracing = Tracing()  # if tracing
    server: Server = Server()
    metrics: Metrics = Metrics()  # if metrics
    health: Health = Health()
    problems: Problems = Problems()
    security: Security = Security()
    auth: Auth = Auth()  # if auth
    database: Database = Database()  # if database
    cache: Caching = Caching()  # if cache
    outbound_quotes: QuotesApi = QuotesApi()  # if outbound
    jobs: Jobs = Jobs()  # if jobs
    greetings: Greetings = Greetings()
    notes: Notes = Notes()  # if database
    quotes: Quotes = Quotes()  # if outbound
    reminders: Reminders = Reminders()  # if jobs


class Development(Settings):
    """A developer's machine: readable logs, permissive, no servers needed. Reads `.env`."""

    model_config = SettingsConfigDict(env_file=".env")

    log: Log = Log(level="DEBUG", format="console")
    server: Server = Server(drain_seconds=0)
    health: Health = Health(details="always")
    problems: Problems = Problems(debug=True)
    tracing: Tracing = Tracing(ratio=1)  # if tracing
    security: Security = Security(docs=True)
    database: Database = Database(url="sqlite:///dev.db")  # if database


class Test(Settings):
    """The tests: embedded servers, free ports; `.env` and secret files are not read."""

    model_config = SettingsConfigDict(secrets_dir=None)

    server: Server = Server(port=0, drain_seconds=0)
    metrics: Metrics = Metrics(port=0)  # if metrics


class Production(Settings):
    """Production: no insecure defaults, no embedded servers."""

    strict: ClassVar[bool] = True

    server: Server = Server(host="0.0.0.0,::")  # in a container, reached through a proxy
    metrics: Metrics = Metrics(host="0.0.0.0,::")  # if metrics


class Staging(Production):
    """Staging: the same rules as production, with other values."""


API = Path(__file__).with_name("openapi.toml")
"""Title and description of the API."""
ENVIRONMENTS = (Development, Test, Staging, Production)
"""The values of the variable ENVIRONMENT, by name in lower case; the first is the default."""


def compose(settings: Settings) -> Service:
    """Build the service: the board, with every feature installed on it."""
    service = Service(
        identity=settings.service,
        environment=settings.name(),
        secrets=secrets(settings),
        options=tomllib.loads(API.read_text("utf-8")),
    )
    for _, feature in settings.features():
        feature.install(service)
    return service
