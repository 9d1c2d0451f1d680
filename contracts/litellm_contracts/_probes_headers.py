"""Probes of header lines: names, defaults, and values that are more or less than a text."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from litellm_contracts._probe_asking import HEADER, SESSION, Asked, Question, both, with_header

if TYPE_CHECKING:
    from fake_litellm import FakeLiteLLM

_VARIABLE = "OPENAI_CUSTOM_HEADERS"


def letter_case(fake: FakeLiteLLM) -> str:
    """Look at the letter case of a name."""

    def tell(asked: Asked) -> str:
        [name] = (name for name, _ in asked.requests[0].headers if name.lower() == HEADER.lower())
        return {HEADER: "kept", HEADER.lower(): "lower-case"}.get(name, name)

    return both(fake, with_header(), tell)


def default_in_another_case(fake: FakeLiteLLM) -> str:
    """Override a default header in another letter case."""
    return both(fake, _over_default(HEADER.lower(), "request-session"), _count)


def omit(fake: FakeLiteLLM) -> str:
    """Take a default header away from one request."""
    return both(fake, _over_default(HEADER, _special("Omit")()), _count)


def omit_in_another_case(fake: FakeLiteLLM) -> str:
    """Take a default header away, in another letter case."""
    return both(fake, _over_default(HEADER.lower(), _special("Omit")()), _count)


def not_given(fake: FakeLiteLLM) -> str:
    """Give `NOT_GIVEN`, over a default header and without one."""
    value = _special("NOT_GIVEN")
    over = both(fake, _over_default(HEADER, value), _count)
    return f"{over} over a default, {both(fake, with_header(value), _count)} without"


def none(fake: FakeLiteLLM) -> str:
    """Give `None`."""
    return both(fake, with_header(None), _sent_or_refused)


def integer(fake: FakeLiteLLM) -> str:
    """Give a number."""
    return both(fake, with_header(20261123), _sent_or_refused)


def empty(fake: FakeLiteLLM) -> str:
    """Give an empty text."""
    return both(fake, with_header(""), _sent_or_refused)


def as_bytes(fake: FakeLiteLLM) -> str:
    """Give bytes."""
    return both(fake, with_header(SESSION.encode()), _sent_or_refused)


def non_ascii(fake: FakeLiteLLM) -> str:
    """Give a text beyond ASCII."""
    return both(fake, with_header("sitzung-äöü"), _sent_or_refused)


def line_break(fake: FakeLiteLLM) -> str:
    """Give a text that would be two lines."""
    return both(fake, with_header(f"{SESSION}\r\nX-Injected: 1", max_retries=1), _sent_or_refused)


def outer_space(fake: FakeLiteLLM) -> str:
    """Give a text that ends with a space."""
    return both(fake, with_header(f"{SESSION} ", max_retries=1), _sent_or_refused)


def custom_headers_variable(fake: FakeLiteLLM) -> str:
    """Set a header in the environment; not to be run beside other probes."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = f"{HEADER}: {SESSION}\n"
    try:
        return both(fake, Question(), lambda asked: "sent" if asked.lines() else "ignored")
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


def _over_default(name: str, value: object) -> Question:
    return Question(
        client={"default_headers": {HEADER: "default-session"}},
        request={"extra_headers": {name: value}},
    )


def _special(name: str) -> Any:  # noqa: ANN401
    from openai import _types  # exported from `openai` itself only since 1.13.4 and 1.56.2

    return getattr(_types, name)


def _count(asked: Asked) -> str:
    lines = len(asked.lines())
    return f"{lines} line" if lines == 1 else f"{lines} lines"


def _sent_or_refused(asked: Asked) -> str:
    if asked.requests and asked.error is None:
        return f"sent as {asked.lines()[0]!r}"
    tries = f" after {asked.retries} retries" if asked.retries != 1 else " after 1 retry"
    sent = f"{len(asked.requests)} requests" if asked.requests else "nothing is sent"
    return f"{asked.failure}{tries if asked.retries else ' at once'}, {sent}"
