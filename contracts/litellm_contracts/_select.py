"""`-k`: which contracts to run, in pytest's own expression language over ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from litellm_contracts._errors import UnknownContractError, UsageError, closest

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class _Holds:
    id: str

    def __call__(self, word: str, /, **_: str | int | bool | None) -> bool:
        return word in self.id


def select(expression: str, ids: Iterable[str], kind: str = "contract") -> set[str]:
    """Return the ids that match, such as `presence`, `retry and not 429`, or one whole id.

    Args:
        expression: As pytest's `-k`.
        ids: What there is to choose from.
        kind: What the ids name, for the error.

    Raises:
        UsageError: where the expression cannot be read.
        UnknownContractError: where it matches nothing, naming the closest id.
    """
    from _pytest.mark import expression as language

    unreadable = getattr(language, "ParseError", SyntaxError)  # pytest 8 has an error of its own
    ids = list(ids)
    if expression in ids:
        return {expression}
    try:
        compiled = language.Expression.compile(expression)
    except (SyntaxError, unreadable) as error:
        raise UsageError(
            f"cannot read -k {expression!r}: {error}; expected words joined by and, or, not, such "
            "as 'presence and not retry'"
        ) from None
    found = {one for one in ids if compiled.evaluate(_Holds(one))}
    if not found:
        hint = closest(expression, ids)
        raise UnknownContractError(f"-k {expression!r} matches no {kind}{hint}")
    return found
