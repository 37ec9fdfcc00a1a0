from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.environment import Environment, Misconfigured, load, secrets
from chassis.environment.report import report
from chassis.environment.tests.shop import ENVIRONMENTS, Local, Shop
from chassis.environment.unknown import unknown_variables
from chassis.service import Identity

SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ENVIRONMENT", raising=False)


def complaints() -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        load(ENVIRONMENTS)
    return str(caught.value).splitlines()


def test_the_first_environment_is_the_default_and_needs_nothing() -> None:
    assert isinstance(load(ENVIRONMENTS), Local)


def test_a_variable_overrides_one_field_and_leaves_the_environments_other_defaults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_PORT", "81")
    monkeypatch.setenv("SHOP_HOSTS", "a.example, b.example")
    shop = load([Local]).shop
    assert (shop.port, shop.page_size, shop.hosts) == (81, 3, ("a.example", "b.example"))


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PORT", "")
    assert load([Local]).shop.port == 80


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PAGE_LINES": "4"}, 4),
        ({"PAGE_LINES": "4", "PAGE_ENTRIES": "5"}, 5),
        ({"PAGE_ENTRIES": "5", "SHOP_PAGE_SIZE": "6"}, 6),
        ({"PAGE_ENTRIES": "5", "SHOP_PAGE_SIZE": ""}, 5),
        ({"PAGE_ENTRIES": ""}, 3),
    ],
)
def test_a_variable_may_go_by_other_names_and_its_own_wins(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: int
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = load([Local])
    assert settings.shop.page_size == expected
    (line,) = (line for line in report(settings).splitlines() if "PAGE" in line)
    assert line.endswith("the environment" if expected > 3 else "default of local")


def test_every_problem_is_told_at_once_a_line_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "remote")
    monkeypatch.setenv("SHOP_PORT", "0")
    monkeypatch.setenv("SHOP_PAGESIZE", "5")
    found = complaints()
    assert [line.split(":")[0] for line in found] == [
        "PAYMENT_ACCOUNT",
        "SHOP_HOSTS",
        "SHOP_PAGESIZE",
        "SHOP_PORT",
    ]
    assert found[0] == "PAYMENT_ACCOUNT: is not set. It is: Account that is paid."
    assert "Did you mean SHOP_PAGE_SIZE?" in found[2]
    assert "greater than or equal to 1" in found[3]
    assert "(set in the environment)" in found[3]


class Guarded(Environment):
    """May trust its network."""

    strict = True
    service: Identity = Identity()
    shop: Shop = Shop(hosts=("a.example",), url="http://b.example")


def test_what_is_not_encrypted_is_told_unless_the_network_is_private(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Misconfigured, match="SHOP_URL: is without TLS"):
        load([Guarded])
    monkeypatch.setenv("SERVICE_PRIVATE_NETWORK", "true")
    load([Guarded])
    monkeypatch.setenv("SHOP_HOSTS", ",")
    with pytest.raises(Misconfigured, match=r"\ASHOP_HOSTS: is empty[^\n]*\Z"):
        load([Guarded])


@pytest.mark.parametrize("name", ["environment", "Environment"])
def test_small_letters_name_the_environment_as_they_name_any_variable(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "guarded")
    monkeypatch.setenv("service_private_network", "true")
    environments: tuple[type[Environment], ...] = (Local, Guarded)
    assert isinstance(load(environments), Guarded)
    monkeypatch.setenv("ENVIRONMENT", "local")
    assert isinstance(load(environments), Local)


def test_capitals_win_over_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"shop_port": "81", "SHOP_PORT": "82", "Shop_Port": "83"}.items():
        monkeypatch.setenv(name, value)
    assert load([Local]).shop.port == 82


def test_an_unknown_environment_is_told_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "prod")
    assert complaints() == [
        "ENVIRONMENT: there is no environment 'prod'. Set it to one of: local, remote."
    ]


def test_no_value_is_ever_shown_in_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PORT", SECRET)
    monkeypatch.setenv("SHOP_TOKENS", SECRET)
    assert SECRET not in "\n".join(complaints())


def test_what_resembles_no_variable_is_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_WINDOW_DRESSING", "1")
    load(ENVIRONMENTS)
    assert unknown_variables(Local) == {"SHOP_WINDOW_DRESSING": ""}


@pytest.mark.parametrize("name", ["SHOP_SHOP", "SHOP_IP", "SHOP_PORTFOLIO", "SHOP", "SHOPS_PORT"])
def test_names_that_others_use_do_not_stop_the_service(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "anything")
    assert load([Local]).shop.port == 80


def test_an_environment_named_in_dotenv_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("ENVIRONMENT=remote\n")
    monkeypatch.setitem(Local.model_config, "env_file", ".env")
    assert complaints()[0].startswith("ENVIRONMENT: is set in .env")


def test_what_a_feature_says_of_a_value_is_told_in_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_URL", "example.com")
    (complaint,) = complaints()
    assert complaint.startswith("SHOP_URL: should begin with a scheme (set in the environment)")


def test_a_secret_file_that_is_no_text_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shop_token").write_bytes(b"\xff\xfe")
    monkeypatch.setitem(Local.model_config, "secrets_dir", str(tmp_path))
    assert "UTF-8" in complaints()[0]


def test_passwords_are_secrets_wherever_they_stand_in_a_url() -> None:
    url = SecretStr(f"https://user:{SECRET}@example.com/")
    settings = Local(shop=Shop(token=url, hosts=("amqp://:hidden-too@example.com",)))
    assert secrets(settings) == {SECRET, url.get_secret_value(), "hidden-too"}


def test_secret_files_are_read_and_real_variables_win(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shop_token").write_text(SECRET)
    (tmp_path / "shop_page_size").write_text("7")
    monkeypatch.setitem(Local.model_config, "secrets_dir", str(tmp_path))
    monkeypatch.setenv("SHOP_PAGE_SIZE", "8")
    settings = load([Local])
    assert settings.shop.page_size == 8
    assert secrets(settings) == {SECRET}
    assert "SHOP_TOKEN=**********  /run/secrets" in report(settings).replace("    ", "")


def test_the_report_names_the_origin_and_hides_what_is_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOP_URL", f"https://user:{SECRET}@example.com/")
    (tmp_path / ".env").write_text("SHOP_PORT=82\n")
    monkeypatch.setitem(Local.model_config, "env_file", ".env")
    settings = load(ENVIRONMENTS)
    rows = [line.split() for line in report(settings).splitlines()]
    assert ["SHOP_PORT=82", ".env"] in rows
    assert ["SHOP_PAGE_SIZE=3", "default", "of", "local"] in rows
    assert ["SHOP_URL=https://user:**********@example.com/", "the", "environment"] in rows
    for form in ("text", "env", "markdown"):
        assert SECRET not in report(settings, form)
    assert SECRET in secrets(settings)


class Twice(Environment):
    """Has groups of two words."""

    model_config = SettingsConfigDict(secrets_dir=None)
    reads_files = True
    shop_north: Shop = Shop()
    shop_south: Shop = Shop(page_size=3)


def test_a_group_may_have_a_name_of_two_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "shop_north_token").write_text(SECRET)
    monkeypatch.setitem(Twice.model_config, "secrets_dir", str(tmp_path))
    monkeypatch.setenv("SHOP_SOUTH_PORT", "81")
    settings = load([Twice])
    assert (settings.shop_north.port, settings.shop_south.port) == (80, 81)
    assert settings.shop_south.page_size == 3
    assert secrets(settings) == {SECRET}
    rows = [line.split()[:2] for line in report(settings).splitlines()]
    assert ["SHOP_SOUTH_PORT=81", "the"] in rows
    assert ["SHOP_NORTH_TOKEN=**********", "/run/secrets"] in rows


@pytest.mark.parametrize("name", ["SHOP_SOUHT_PORT", "SHOP_SOUTH_PROT", "SHOP_SOUTHPORT"])
def test_either_word_and_the_field_may_be_misspelt(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "81")
    with pytest.raises(Misconfigured, match=f"{name}: .*Did you mean SHOP_SOUTH_PORT"):
        load([Twice])


def test_a_fault_names_the_variable_of_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_SOUTH_PORT", "0")
    with pytest.raises(Misconfigured) as caught:
        load([Twice])
    assert [fault.variable for fault in caught.value.faults] == ["SHOP_SOUTH_PORT"]
