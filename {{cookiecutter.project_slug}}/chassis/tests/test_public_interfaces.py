"""The chassis uses the public interfaces of its libraries: an update must not break it silently."""

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from threading import Thread

import chassis

OTHERS = ("__", "_abc_", "_is_protocol", "_is_runtime_protocol")
"""How names begin that are Python's own, or added to a class by `abc` and `typing`."""


def own_classes() -> Iterator[type]:
    for module in pkgutil.walk_packages(chassis.__path__, "chassis."):
        if not {"__main__", "contract", "testing", "tests"} & {*module.name.split(".")}:
            classes = inspect.getmembers(import_module(module.name), inspect.isclass)
            yield from (it for _, it in classes if it.__module__ == module.name)


def private_overrides(kind: type) -> Iterator[str]:
    names = {it for it in vars(kind) if it.startswith("_") and not it.startswith(OTHERS)}
    for base in kind.__mro__[1:]:
        if not base.__module__.startswith("chassis."):
            for name in sorted(names & {*vars(base)}):
                yield f"{kind.__name__}.{name} overrides that of {base.__module__}"


def test_no_class_overrides_a_private_name_of_a_library() -> None:
    classes = [*own_classes()]
    assert len(classes) > 20
    assert [line for kind in classes for line in private_overrides(kind)] == []


def test_an_override_is_found() -> None:
    own = type("Own", (Thread,), {"_bootstrap": None, "_own": None})
    assert [*private_overrides(own)] == ["Own._bootstrap overrides that of threading"]
