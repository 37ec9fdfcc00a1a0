from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from chassis.logs import sink as sinks
from chassis.logs.tests.installing import install, installed_handler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    sys.unraisablehook = sys.__unraisablehook__
    structlog.contextvars.clear_contextvars()
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    install(level="WARNING")
    logging.captureWarnings(capture=False)


def test_every_line_names_the_service(lines: Lines) -> None:
    install()
    logging.getLogger("library").info("hello %s", "world")
    (line,) = lines()
    assert line["message"] == "hello world"
    assert line["level"] == "info"
    assert line["logger"] == "library"
    assert line["service.name"] == "shop"
    assert line["service.version"] == "0.1.0"
    assert line["deployment.environment.name"] == "test"


def test_structlog_and_the_standard_library_share_one_handler(lines: Lines) -> None:
    install()
    structlog.contextvars.bind_contextvars(order=7)
    structlog.get_logger().bind(cart=1).info("%s paid", "Ann", name="x", message="y", token="z")
    structlog.get_logger("named").warning("sold", stacklevel="x")
    logging.getLogger("library").info("told", extra={"item": 2})
    first, second, third = lines()
    assert first["message"] == "Ann paid"
    assert first["logger"] == __name__
    assert (first["cart"], first["name"], first["field.message"]) == (1, "x", "y")
    assert first["token"] == "**********"
    assert (second["logger"], second["stacklevel"]) == ("named", "x")
    assert (third["order"], third["item"]) == (7, 2)


def test_structlog_logs_an_exception(lines: Lines) -> None:
    install()
    try:
        raise ValueError("bad")  # noqa: TRY301 - its traceback is wanted
    except ValueError as error:
        structlog.get_logger().exception("failed", number=1)
        structlog.get_logger().error("failed", exc_info=error, stack_info=True)
    for line in lines():
        assert line["exception.type"] == "ValueError"
        assert "raise ValueError" in line["exception.stacktrace"]
    assert "test_structlog_logs" in line["code.stacktrace"]


async def test_an_asynchronous_structlog_call_is_written(lines: Lines) -> None:
    install()
    await structlog.get_logger("shop").ainfo("told", number=1)
    assert lines()[0]["number"] == 1


def test_capture_logs_reaches_loggers_that_have_been_used(lines: Lines) -> None:
    logger = structlog.get_logger("shop")
    install()
    logger.info("told")
    install()
    with structlog.testing.capture_logs() as captured:
        logger.info("told", number=1)
    assert captured == [{"event": "told", "number": 1, "log_level": "info"}]
    assert len(lines()) == 1


def test_the_level_holds_for_both_and_a_logger_may_have_its_own(lines: Lines) -> None:
    install(level="warning", levels={"botocore.auth": "debug"})
    for name in ("shop", "botocore.auth.Signer"):
        logging.getLogger(name).debug("standard")
        structlog.get_logger(name).debug("structlog")
    assert [line["logger"] for line in lines()] == ["botocore.auth.Signer"] * 2
    install(level="warning")
    logging.getLogger("botocore.auth.Signer").info("quiet again")
    assert lines() == []


def test_uvicorn_logs_through_the_handler_without_its_access_and_info_lines(lines: Lines) -> None:
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.addHandler(logging.StreamHandler(sys.stdout))
    uvicorn.propagate = False
    install()
    logging.getLogger("uvicorn.access").info("GET /?token=x")
    logging.getLogger("uvicorn.error").info("Started")
    logging.getLogger("uvicorn.error").error("failed", extra={"color_message": "\x1b[31m"})
    (line,) = lines()
    assert line["message"] == "failed"
    assert "color_message" not in line


def test_a_warning_is_logged(lines: Lines) -> None:
    install()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("careful: pl4nted", stacklevel=1)
    (line,) = lines()
    assert line["logger"] == "py.warnings"
    assert "careful: **********" in line["message"]


def test_uncaught_exceptions_are_logged_wherever_they_end(lines: Lines) -> None:
    class Unraisable:
        def __del__(self) -> None:
            raise ValueError("pl4nted")

    def fail() -> None:
        raise ValueError("pl4nted")

    install()
    del [Unraisable()][0]
    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    error = ValueError("pl4nted")
    sys.excepthook(ValueError, error, None)
    unraisable, in_thread, uncaught = lines()
    assert "Unraisable.__del__" in unraisable["message"]
    assert in_thread["thread.name"] == "worker"
    assert uncaught["level"] == "critical"
    for line in (unraisable, in_thread, uncaught):
        assert line["exception.type"] == "ValueError"
        assert "pl4nted" not in json.dumps(line)


def test_hooks_of_others_stay(lines: Lines) -> None:
    sys.excepthook = mine = lambda *_: None
    install()
    assert sys.excepthook is mine


def test_a_second_install_replaces_the_first_and_no_other_handler(
    lines: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    install()
    install()
    logging.getLogger("shop").info("once")
    assert len(lines()) == 1
    assert caplog.messages == ["once"]
    assert installed_handler()


def test_no_lock_is_held_while_a_record_becomes_a_line(lines: Lines) -> None:
    held: list[object] = []

    class Curious:
        def __str__(self) -> str:
            thread = threading.Thread(target=self.look)
            thread.start()
            thread.join()
            return "seen"

        def look(self) -> None:
            for lock in filter(None, (handler.lock, handler.sink.lock)):
                if lock.acquire(blocking=False):
                    lock.release()
                else:
                    held.append(lock)

    install()
    handler = installed_handler()
    logging.getLogger("shop").info("%s", Curious())
    assert lines()[0]["message"] == "seen"
    assert held == []


def test_a_filter_of_the_handler_is_applied(lines: Lines) -> None:
    install()
    handler = installed_handler()
    handler.addFilter(lambda record: record.getMessage() != "secret")
    logging.getLogger("shop").info("secret")
    logging.getLogger("shop").info("told")
    assert [line["message"] for line in lines()] == ["told"]


def test_lines_are_utf_8_whatever_the_locale() -> None:
    program = """if True:
        import logging
        from chassis.logs import Log
        from chassis.service import Identity, Service
        Log().install(Service(identity=Identity(name="Geschäft"), environment="test"))
        logging.getLogger().warning("Grüße \\udc80")
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    line = json.loads(done.stdout.decode())
    assert line["message"] == "Grüße \\udc80"
    assert line["service.name"] == "Geschäft"
    assert done.stderr == b""


def test_the_console_leaves_out_the_constant_fields(capsys: pytest.CaptureFixture[str]) -> None:
    install(format="console")
    structlog.get_logger("shop").info("sold", item="bike", password="pl4nted")
    line = capsys.readouterr().out
    assert line.endswith("info     sold [shop] item=bike password=**********\n")
    assert "\x1b" not in line


def test_a_line_says_how_many_were_dropped_whatever_the_level(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(level="ERROR")
    monkeypatch.setattr(sinks, "MAX_BUFFER_BYTES", 1000)
    with monkeypatch.context() as full:
        full.setattr(sinks, "write_nonblocking", lambda *_: 0)
        for _ in range(9):
            logging.getLogger("shop").error("y" * 500)
    sink = installed_handler().sink
    sink.flush()
    one, report, last = lines()
    assert one["message"] == last["message"] == "y" * 500
    assert report["message"] == "standard output was full: 7 lines were dropped"
    assert (report["level"], report["service.name"], sink.dropped) == ("warning", "shop", 7)
