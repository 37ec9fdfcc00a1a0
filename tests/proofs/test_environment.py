"""R6: a bad environment ends with exit code 78 and a line for each variable, without secrets."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.proofs.carved import Carved, clean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EX_CONFIG = 78
SECRET = "planted-by-the-proof-7f3a91c2"  # noqa: S105 - planted, to be looked for
TOKEN = f"{SECRET}-of-more-than-32-bytes"
FREE = {"SERVER_PORT": "0", "METRICS_PORT": "0"}
ELSEWHERE = """\
import sys
from chassis.environment import Environment
Environment.model_config["secrets_dir"] = sys.argv.pop(1)
from app.__main__ import main
sys.exit(main())
"""
"""Starts the service with another place than /run/secrets, which is the machine's own."""


def start(
    service: Carved, folder: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Start the service in a folder, which may have a `.env`, and wait for its end."""
    secrets = folder / "secrets"
    secrets.mkdir(exist_ok=True)
    return subprocess.run(
        [service.python, "-c", ELSEWHERE, secrets, *arguments],
        cwd=folder,
        env=clean(PYTHONPATH=str(service.path), **variables),
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def faults(ended: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Read what was wrong: nothing else was said, nothing twice, and no secret."""
    assert ended.returncode == EX_CONFIG, ended
    assert not ended.stdout
    assert SECRET not in ended.stderr
    lines = ended.stderr.splitlines()
    errors = dict(line.split(": ", 1) for line in lines)
    assert len(errors) == len(lines), lines
    return errors


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        pytest.param({"ENVIRONMENT": "prod"}, {"ENVIRONMENT": "production"}, id="unknown"),
        pytest.param({"SERVER_PORT": SECRET}, {"SERVER_PORT": "integer"}, id="no number"),
        pytest.param({"SERVER_PORT": "70000"}, {"SERVER_PORT": "65535"}, id="out of range"),
        pytest.param(
            {"SERVER_PORT": f"tcp://x:{SECRET}@10.0.0.1:80"},
            {"SERVER_PORT": "integer"},
            id="a link of Kubernetes",
        ),
        pytest.param({"METRICS_ENABLED": SECRET}, {"METRICS_ENABLED": "boolean"}, id="no switch"),
        pytest.param({"METRICS_BUCKETS": f"1,{SECRET}"}, {"METRICS_BUCKETS": ""}, id="no list"),
        pytest.param({"METRICS_BUCKETS": "2,1"}, {"METRICS_BUCKETS": "increasing"}, id="falling"),
        pytest.param({"LOG_LEVEL": SECRET}, {"LOG_LEVEL": "DEBUG"}, id="no level"),
        pytest.param({"LOG_LEVELS": SECRET}, {"LOG_LEVELS": "pairs"}, id="no pairs"),
        pytest.param({"LOG_LEVELS": f"a={SECRET}"}, {"LOG_LEVELS": "DEBUG"}, id="a bad pair"),
        pytest.param({"HEALTH_DETAILS": SECRET}, {"HEALTH_DETAILS": "token"}, id="no choice"),
        pytest.param({"HEALTH_TIMEOUT_SECONDS": "inf"}, {"HEALTH_TIMEOUT_SECONDS": ""}, id="inf"),
        pytest.param({"HEALTH_TOKN": SECRET}, {"HEALTH_TOKN": "HEALTH_TOKEN"}, id="misspelt"),
        pytest.param({"health_tokne": SECRET}, {"HEALTH_TOKNE": "HEALTH_TOKEN"}, id="lower case"),
        pytest.param(
            {"SECURITY_ALLOWED_HOSTS": f"https://admin:{SECRET}@example.com"},
            {"SECURITY_ALLOWED_HOSTS": "host"},
            id="no host",
        ),
        pytest.param(
            {"SERVER_PORT": f"1\n{SECRET}\nLOG_LEVEL: forged"}, {"SERVER_PORT": ""}, id="lines"
        ),
        pytest.param(
            {
                "HEALTH_TOKEN": TOKEN,
                "HEALTH_DTAILS": SECRET,
                "SERVER_PORT": SECRET,
                "SERVER_GRACE_SECONDS": "0",
                "LOG_LEVLE": "INFO",
                "GREETINGS_LIMIT": "-1",
            },
            {
                "HEALTH_DTAILS": "HEALTH_DETAILS",
                "SERVER_PORT": "port",
                "SERVER_GRACE_SECONDS": "Seconds",
                "LOG_LEVLE": "LOG_LEVEL",
                "GREETINGS_LIMIT": "names",
            },
            id="self_contained at once",
        ),
    ],
)
def test_each_bad_variable_is_one_line_that_says_how_to_set_it(
    self_contained: Carved, tmp_path: Path, variables: Mapping[str, str], said: Mapping[str, str]
) -> None:
    errors = faults(start(self_contained, tmp_path, **variables))
    assert errors.keys() == said.keys()
    assert all(said[name] in errors[name] for name in said), errors


@pytest.mark.parametrize("command", [[], ["serve"], ["settings"], ["health"], ["version"]])
def test_files_are_held_to_the_same_and_say_where_it_stands(
    self_contained: Carved, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / ".env").write_text(
        f"HEALTH_DTAILS={SECRET}\nSERVER_HSOT={SECRET}\nLOG_FORMAT=xml\n"
    )
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "SERVER_PORT").write_text(f"{SECRET}\n")
    (tmp_path / "secrets" / "HEALTH_TOKEN").write_text(TOKEN)
    errors = faults(start(self_contained, tmp_path, *command))
    assert errors.keys() == {"HEALTH_DTAILS", "SERVER_HSOT", "SERVER_PORT", "LOG_FORMAT"}
    assert "/run/secrets" in errors["SERVER_PORT"]
    assert ".env" in errors["LOG_FORMAT"]


OWNERS = """\
import sys
from app import main
from chassis.commands import main as run
from chassis.service import Feature

class Shop(Feature):
    tags: list[str] = []
    limits: dict[str, int] = {}

class Development(main.Development):
    shop: Shop = Shop()

sys.exit(run((Development,), main.compose, sys.argv[1:]))
"""
"""Starts the service with a feature that its owner wrote without knowing of pydantic-settings."""


def test_a_list_of_an_owner_is_words_between_commas_and_never_a_traceback(
    self_contained: Carved, tmp_path: Path
) -> None:
    def settings(**variables: str) -> subprocess.CompletedProcess[str]:
        command = [str(self_contained.python), "-c", OWNERS, "settings"]
        env = clean(PYTHONPATH=str(self_contained.path), **variables)
        return subprocess.run(
            command, cwd=tmp_path, env=env, check=False, capture_output=True, text=True, timeout=30
        )

    assert "SHOP_TAGS=A,B " in settings(SHOP_TAGS="A,B", SHOP_LIMITS="a=1").stdout
    errors = faults(settings(SHOP_TAGS=f"[{SECRET}", SHOP_LIMITS=f"a={SECRET}"))
    assert errors.keys() == {"SHOP_TAGS", "SHOP_LIMITS"}
    assert "separated by commas" in errors["SHOP_TAGS"]


@pytest.mark.parametrize("file", [".env", "secrets/HEALTH_TOKEN"])
def test_a_file_that_is_no_text_is_a_fault_and_not_a_crash(
    self_contained: Carved, tmp_path: Path, file: str
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / file).write_bytes(f"HEALTH_TOKEN={TOKEN}".encode() + b"\xff\xfe\n")
    assert faults(start(self_contained, tmp_path))


def test_production_refuses_all_that_is_insecure_at_once_and_shows_none_of_it(
    self_contained: Carved, tmp_path: Path
) -> None:
    ended = start(
        self_contained,
        tmp_path,
        ENVIRONMENT="production",
        HEALTH_TOKEN=SECRET,
        HEALTH_DETAILS="always",
        PROBLEMS_DEBUG="true",
        SECURITY_CORS_ORIGINS=f"*,https://a:{SECRET}@b.example",
        SERVER_TRUSTED_PROXIES="*",
        SERVER_PORT=SECRET,
        LOG_LEVLE=SECRET,
    )
    assert faults(ended).keys() == {
        "HEALTH_DETAILS",
        "HEALTH_TOKEN",
        "LOG_LEVLE",
        "PROBLEMS_DEBUG",
        "SECURITY_ALLOWED_HOSTS",
        "SECURITY_CORS_ORIGINS",
        "SERVER_PORT",
        "SERVER_TRUSTED_PROXIES",
    }


def test_production_with_nothing_set_asks_for_what_it_needs(
    everything: Carved, tmp_path: Path
) -> None:
    for environment in ("production", "staging"):
        errors = faults(start(everything, tmp_path, ENVIRONMENT=environment))
        assert errors.keys() == {
            "AUTH_SECRET_KEY",
            "CACHE_URL",
            "DATABASE_URL",
            "OUTBOUND_QUOTES_BASE_URL",
            "SECURITY_ALLOWED_HOSTS",
        }
        assert "api.example.com" in errors["SECURITY_ALLOWED_HOSTS"]


def test_a_whole_production_environment_starts_and_keeps_its_secrets(
    self_contained: Carved, tmp_path: Path
) -> None:
    settings = {
        **FREE,
        "ENVIRONMENT": "production",
        "SERVICE_VERSION": "2.3.4",
        "SERVICE_REVISION": "0c0ffee",
        "LOG_LEVEL": "debug",
        "LOG_LEVELS": "asyncio=WARNING",
        "SERVER_HOST": "127.0.0.1",
        "SERVER_DRAIN_SECONDS": "0.1",
        "SERVER_TRUSTED_PROXIES": "10.0.0.0/8,192.168.1.1",
        "METRICS_HOST": "127.0.0.1",
        "METRICS_BUCKETS": "0.1,1",
        "HEALTH_TOKEN": TOKEN,
        "SECURITY_ALLOWED_HOSTS": "api.example.com, *.example.org",
        "SECURITY_CORS_ORIGINS": "https://app.example.com",
        "SECURITY_HSTS_SECONDS": "31536000",
        "GREETINGS_SALUTATION": "Grüß Gott",
        "SERVER_SERVICE_HOST": "10.0.0.7",  # a link of Kubernetes: unknown, not a fault
        "LOG_LEVELS_OF_ANOTHER": SECRET,
        "GREETINGS_LIMIT": "",  # as compose sets what it has not
    }
    with self_contained.serve(**settings) as replica:
        assert replica.ask("/readyz").status == 200
        assert replica.ask("/greetings/ada").status == 400
        answer = replica.ask("/greetings/ada", Host="a.example.org")
        assert (answer.status, "Grüß Gott, ada!" in answer.body) == (200, True)
        assert "max-age=31536000" in answer.head
        assert '"checks"' in replica.ask("/health", Authorization=f"Bearer {TOKEN}").body
        assert "2.3.4" in replica.ask("/version", Host="api.example.com").body
        unknown = {line.get("variable") for line in replica.lines} - {None}
        assert unknown == {"SERVER_SERVICE_HOST", "LOG_LEVELS_OF_ANOTHER"}
        assert replica.stop() == 0
        assert SECRET.encode() not in b"".join(replica.output)
    shown = start(self_contained, tmp_path, "settings", **settings)
    assert shown.returncode == 0
    assert "HEALTH_TOKEN=**********" in shown.stdout
    assert SECRET not in shown.stdout + shown.stderr
