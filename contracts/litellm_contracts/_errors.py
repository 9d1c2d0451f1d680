"""Every error of the suite, by whose fault it is; each class knows its exit code.

ContractsError
 x UsageError (exit 2: the command line, the configuration or a table is wrong)
   · TableError (a contract table)
   · UnknownContractError (an id or selection that matches nothing)
 x HandlerError (exit 3: the handler could not be loaded or started, or broke the protocol)

Anything else that escapes is the suite's own fault: exit 4.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_CONFORMANT = 0
EXIT_BROKEN = 1
EXIT_USAGE = 2
EXIT_HANDLER = 3
EXIT_SUITE = 4
EXIT_CODES = {
    EXIT_CONFORMANT: "conformant: every must is kept",
    EXIT_BROKEN: "a must is broken, or the run is incomplete (such as with -k)",
    EXIT_USAGE: "the command line or the configuration is wrong",
    EXIT_HANDLER: "the handler could not be loaded or started, or broke the protocol",
    EXIT_SUITE: "the suite's own fault",
}
"""What each exit code says, for the help and the documentation."""


class ContractsError(Exception):
    """Says what was wrong, what was expected and what to do."""

    exit_code = EXIT_SUITE


class UsageError(ContractsError):
    """The command line, the configuration or a table is wrong."""

    exit_code = EXIT_USAGE


class TableError(UsageError):
    """A contract table does not follow its schema."""


class UnknownContractError(UsageError):
    """No contract has this id."""


class HandlerError(ContractsError):
    """The handler could not be loaded or started, or does not offer what it must."""

    exit_code = EXIT_HANDLER


def closest(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean ...?)` for the closest known word, or nothing."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else ""
