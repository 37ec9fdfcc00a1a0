"""What of a setting is secret: lines and the report of the settings mask each part, decoded too."""

from __future__ import annotations

import pytest

from chassis.environment.secret_names import MASK, find_secrets
from chassis.environment.variables import format_value


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://u:pw with space@h/d", f"amqp://u:{MASK}@h/d"),
        ("amqp://u:p@w/d#@h/d", f"amqp://u:{MASK}@h/d"),
        ("amqp://u:p%40w@h/d?x=1", f"amqp://u:{MASK}@h/d?x=1"),
        ("amqp://h/d?sslpassword=pw&x=1", f"amqp://h/d?sslpassword={MASK}&x=1"),
        ("amqps://:pw@h/0", f"amqps://:{MASK}@h/0"),
        ("https://pw@h/x", f"https://{MASK}@h/x"),
        ("https://h/x?sig=1&access_token=pw", f"https://h/x?sig=1&access_token={MASK}"),
        (("amqp://a:pw@h", "amqp://b:pw@h"), f"amqp://a:{MASK}@h,amqp://b:{MASK}@h"),
        ("http://h:80/users/joe@example.com", ...),
        ("amqp://user@h/d?connect_timeout=3", ...),
        ("https://h/token?token_type=jwt", ...),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: object, shown: object) -> None:
    assert format_value(url) == (url if shown is ... else shown)


@pytest.mark.parametrize(
    ("setting", "parts"),
    [
        ("api-key=K%2BEY-1,tenant=blue", {"K%2BEY-1", "K+EY-1"}),
        ("authorization=Bearer%20TOKEN1, x-team=a1b2c3d4e5f6", {"TOKEN1", "a1b2c3d4e5f6"}),
        ("amqp://u:p%40ss%20word@h/d", {"p%40ss%20word", "p@ss word"}),
        ("amqp://u:pw with space@h/d", {"pw with space"}),
        ("amqp://h/d?sslpassword=p%40ss", {"p%40ss", "p@ss"}),
        ("https://TOKEN1:x-oauth-basic@h", {"TOKEN1"}),
        ("p%41ss", {"pAss"}),
    ],
)
def test_each_part_of_a_hidden_setting_is_a_secret(setting: str, parts: set[str]) -> None:
    assert parts | {setting} <= set(find_secrets(setting, hidden=True))


def test_harmless_parts_of_a_hidden_setting_are_none() -> None:
    setting = "api-key=KEY,tenant=blue,region=eu-west-1,dataset=orders"
    assert set(find_secrets(setting, hidden=True)) == {setting, "KEY"}
    assert not set(find_secrets("http://h:80/users/joe@example.com", hidden=False))
