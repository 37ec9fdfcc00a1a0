"""Calls every operation of the examples with the generated client; prints what it called."""
# mypy: ignore-errors
# ruff: noqa: ANN001, ANN002, ANN003, ANN201, T201 - its types are the client's; the test reads it
# It runs where the client was generated, whose libraries the environment of the template has not.

import sys

from orders_client import AuthenticatedClient, models
from orders_client.api.auth import me
from orders_client.api.greetings import create_greeting, read_greeting
from orders_client.api.notes import create_note, delete_note, list_notes, read_note, update_note
from orders_client.api.quotes import read_quote

url, token = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token)


def call(operation, kind, *arguments, **named):
    """Call it; the answer has the type that the document says."""
    answer = operation.sync_detailed(*arguments, client=client, **named)
    assert isinstance(answer.parsed, kind), answer
    print(operation.__name__.rpartition(".")[2])
    return answer


assert call(me, models.Me).parsed.subject == "ada"
assert call(read_greeting, models.Greeting, "ada").parsed.text == "Hello, ada!"
party = models.Party(names=["Ada", "Grace"])
assert call(create_greeting, models.Greeting, body=party).parsed.text == "Hello, Ada and Grace!"
made = call(create_note, models.Written, body=models.Draft(title="typed"))
note, tag = made.parsed, made.headers["etag"]
assert call(read_note, models.Written, note.id).parsed == note
draft = models.Draft(title="typed", text="more")
changed = call(update_note, models.Written, note.id, body=draft, if_match=tag)
assert changed.parsed.text == "more"
page = call(list_notes, models.Page).parsed
assert (page.notes, page.next_) == ([changed.parsed], None)
refused = call(delete_note, models.Problem, note.id, if_match=tag)
assert (refused.status_code, refused.parsed.status) == (412, 412)
gone = call(delete_note, type(None), note.id, if_match=changed.headers["etag"])
assert gone.status_code == 204
assert call(read_quote, models.Quote, "ABC").parsed.price == 7.5
wrong = call(read_quote, models.Problem, "abc").parsed
assert (wrong.status, len(wrong.errors)) == (422, 1)
