from __future__ import annotations

from chassis.testing.process import Running


def test_routes_that_cannot_be_served_are_one_line_and_a_failure() -> None:
    parts = ("'livez'", "GET, HEAD /livez in chassis.health.routes", "GET /mine")
    with Running("-m", "chassis.tests.faulty_routes") as running:
        assert running.exit_code() == 3
        (line,) = running.lines
    assert line["level"] == "critical"
    assert line["message"].startswith("could not start: ")
    assert all(part in line["message"] for part in parts)
    assert "exception.stacktrace" not in line
