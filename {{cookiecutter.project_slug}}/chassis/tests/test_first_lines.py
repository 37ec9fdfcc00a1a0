"""What the service logs when it starts: its addresses, and no chatter of libraries."""

from __future__ import annotations

from chassis.testing.process import Running


def test_the_line_serving_names_the_documentation_where_it_is_served() -> None:
    with Running(SECURITY_DOCS="true") as running:
        line = running.said("serving")
        assert line["docs"] == f"{line['url']}/docs"
        assert running.get("/docs")[0] == 200
    with Running() as running:
        assert "docs" not in running.said("serving")


def test_libraries_log_nothing_of_their_own_while_all_is_well() -> None:
    with Running(LOG_LEVEL="INFO") as running:
        running.wait_until_ready()
        running.signal()
        assert running.exit_code() == 0
        names = {line["logger"].partition(".")[0] for line in running.lines}
    assert names == {"chassis"}
