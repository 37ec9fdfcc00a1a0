"""What every test may ask for, and an environment that is the same on every machine."""

import os

KEPT = ("HOME", "LANG", "PATH", "SYSTEMROOT", "TEMP", "TERM", "TMP", "TMPDIR", "USERPROFILE")
"""What finding and running programs needs."""
KEPT_PREFIXES = ("COV", "DOCKER_", "HYPOTHESIS_", "PYTEST_", "TEST_", "UV", "VIRTUAL_ENV")
"""How variables begin that are meant for tests, or for what runs and measures them."""

for _name in list(os.environ):
    if _name not in KEPT and not _name.startswith(KEPT_PREFIXES):
        del os.environ[_name]

pytest_plugins = [
    "chassis.testing.logs",
    "chassis.testing.database",  # if database
]


def pytest_configure() -> None:
    """Keep every test from a `.env` in this folder and from the machine's /run/secrets."""
    from chassis.environment import Environment  # noqa: PLC0415 - after the environment was emptied

    Environment.reads_files = False
