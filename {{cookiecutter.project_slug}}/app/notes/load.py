"""Load for `make load`: clients that write a note, read it, and delete it in the end."""

from __future__ import annotations

from uuid import uuid4

from locust import HttpUser, between, task


class Writer(HttpUser):
    """Has its own note, which it reads more often than it writes."""

    wait_time = between(0.1, 0.5)
    path = ""

    def on_start(self) -> None:
        """Write the note."""
        self.title = f"load {uuid4()}"
        note = self.client.post("/notes", json={"title": self.title}).json()
        self.path = f"/notes/{note['id']}"

    def on_stop(self) -> None:
        """Delete it, if it was written."""
        if not self.path:
            return
        self.client.delete(self.path, name="/notes/{id}", headers={"If-Match": "*"})

    @task(6)
    def read_note(self) -> None:
        """Read the note."""
        self.client.get(self.path, name="/notes/{id}")

    @task(2)
    def list_notes(self) -> None:
        """Read the newest notes."""
        self.client.get("/notes")

    @task
    def update_note(self) -> None:
        """Write the note again."""
        draft = {"title": self.title, "text": "again"}
        headers = {"If-Match": "*"}
        self.client.put(self.path, name="/notes/{id}", json=draft, headers=headers)
