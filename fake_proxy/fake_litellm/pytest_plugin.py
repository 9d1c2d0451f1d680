"""The fixture `fake_litellm`: a fake proxy of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fake_litellm import FakeLiteLLM


@pytest.fixture
def fake_litellm() -> Iterator[FakeLiteLLM]:
    """Serve a fake LiteLLM on a free port while the test runs.

    Each test has its own server and journal, so a late request of one test cannot reach the
    next one's evidence, and parallel workers do not meet.
    """
    from fake_litellm import FakeLiteLLM

    with FakeLiteLLM() as server:
        yield server
