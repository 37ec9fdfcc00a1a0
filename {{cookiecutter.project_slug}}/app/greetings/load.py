"""Load for `make load`: clients that greet."""

from __future__ import annotations

from locust import HttpUser, between, task


class Greeter(HttpUser):
    """Greets one person most of the time, and sometimes several at once."""

    wait_time = between(0.1, 0.5)

    @task(4)
    def read_greeting(self) -> None:
        """Greet one."""
        self.client.get("/greetings/ada", name="/greetings/{name}")

    @task
    def create_greeting(self) -> None:
        """Greet several."""
        self.client.post("/greetings", json={"names": ["Ada", "Grace"]})
