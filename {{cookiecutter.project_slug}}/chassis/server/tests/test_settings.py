import pytest
from pydantic import ValidationError

from chassis.server import Server


@pytest.mark.parametrize("proxies", [("0.0.0.0/0",), ("::/0",), ("10.0.0.1", "0.0.0.0/0")])
def test_trusting_everybody_is_insecure(proxies: tuple[str, ...]) -> None:
    assert [field for field, _ in Server(trusted_proxies=proxies).insecure()] == ["trusted_proxies"]
    assert not list(Server(trusted_proxies=("10.0.0.0/8", "192.0.2.1")).insecure())


@pytest.mark.parametrize("values", [{"trusted_proxies": ("*",)}, {"drain_seconds": float("inf")}])
def test_senseless_values_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Server.model_validate(values)
