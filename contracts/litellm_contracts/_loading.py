"""How a handler's factory is imported, from a module or a file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import HandlerError, closest

if TYPE_CHECKING:
    from collections.abc import Callable


def load_factory(spec: str) -> Callable[..., Any]:
    """Import the factory that `package.module:factory` or `path/to/file.py:factory` names.

    Raises:
        HandlerError: where it cannot be imported, has no such attribute or cannot be called.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        raise HandlerError(
            f"cannot read the handler {spec!r}: expected package.module:factory or "
            "path/to/file.py:factory"
        )
    module = _import_file(place) if place.endswith(".py") else _import_module(place)
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
