"""How a handler's factory is imported, from a module or a file."""

from __future__ import annotations

import importlib
import importlib.util
import signal
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import HandlerError, closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IMPORT_LIMIT = 120.0
"""Seconds that importing a handler may take, where the system has timers for it."""


class _TooLongError(BaseException):
    """What no `except Exception` of the module that is imported takes for its own."""


def load_factory(spec: str) -> Callable[..., Any]:
    """Import the factory that `package.module:factory` or `path/to/file.py:factory` names.

    Raises:
        HandlerError: where it cannot be imported, or not within `IMPORT_LIMIT`, has no such
            attribute or cannot be called.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        raise HandlerError(
            f"cannot read the handler {spec!r}: expected package.module:factory or "
            "path/to/file.py:factory"
        )
    try:
        with _limited():
            module = _import_file(place) if place.endswith(".py") else _import_module(place)
    except _TooLongError:
        raise HandlerError(
            f"importing {place!r} took longer than {IMPORT_LIMIT:g} s; what waits, listens or runs "
            "for ever belongs into a function that the import does not call"
        ) from None
    try:
        factory = getattr(module, name)
    except AttributeError:
        hint = closest(name, (known for known in dir(module) if not known.startswith("_")))
        raise HandlerError(f"{place} has no attribute {name!r}{hint}") from None
    except ImportError as error:
        raise HandlerError(f"cannot import {spec}: {error}") from error
    if not callable(factory):
        raise HandlerError(
            f"{spec} is not callable (it is of type {type(factory).__name__}); expected a class or "
            "function called as factory(base_url=..., api_key=..., model=...)"
        )
    return factory  # type: ignore[no-any-return]


@contextmanager
def _limited() -> Iterator[None]:
    """Interrupt what takes longer than `IMPORT_LIMIT`, where that can be done."""
    in_main = threading.current_thread() is threading.main_thread()
    if not (in_main and hasattr(signal, "setitimer")):  # Windows has none
        yield
        return

    def interrupt(*_: object) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, interrupt)
    left, _ = signal.setitimer(signal.ITIMER_REAL, IMPORT_LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, before)


def _import_module(name: str) -> Any:  # noqa: ANN401
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise HandlerError(
            f"cannot import the handler's module {name!r}: {what}; is it installed in this "
            "environment, or should the path to a file be given (path/to/file.py:factory)?"
        ) from error


def _import_file(place: str) -> Any:  # noqa: ANN401
    path = Path(place)
    if not path.is_file():
        raise HandlerError(f"the handler's file {place!r} does not exist")
    name = f"litellm_contracts_handler_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise HandlerError(f"{place!r} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}"
        raise HandlerError(f"cannot import the handler's file {place!r}: {what}") from error
    return module
