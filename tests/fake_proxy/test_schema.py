"""The schema that recorded requests are held against drives the fake itself."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import TYPE_CHECKING

import hypothesis
import pytest
import schemathesis
import yaml
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fake_litellm import FakeLiteLLM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case
    from schemathesis.schemas import APIOperation

DOCUMENT = yaml.safe_load(files("litellm_contracts").joinpath("openapi/litellm.yaml").read_bytes())
OPERATIONS = [
    pytest.param(found.ok(), id=found.ok().label)
    for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
]
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KEY = "sk-schema"
SETTINGS = hypothesis.settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)

Hold = Callable[..., int]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeLiteLLM]:
    # Before this release LiteLLM fails on a body that is no object, and so does the fake.
    with FakeLiteLLM(litellm="1.109.1", api_key=KEY) as fake:
        yield fake


@pytest.fixture
def hold(server: FakeLiteLLM) -> Iterator[Hold]:
    """Return a call that sends a case, holds the answer against the schema, returns its status."""

    def send(case: Case, authorization: str = f"Bearer {KEY}") -> int:
        headers = {"Authorization": authorization}
        answer = case.call_and_validate(base_url=server.base_url, headers=headers, checks=CHECKS)
        return answer.status_code

    yield send
    assert server.handler_errors == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_valid_requests_are_answered_by_the_schema(hold: Hold, operation: APIOperation) -> None:
    @SETTINGS
    @hypothesis.given(operation.as_strategy(GenerationMode.POSITIVE))
    def examples(case: Case) -> None:
        assert hold(case) == 200

    examples()


@pytest.mark.parametrize("operation", OPERATIONS[:1])
def test_invalid_requests_are_answered_by_the_schema(hold: Hold, operation: APIOperation) -> None:
    @SETTINGS
    @hypothesis.given(operation.as_strategy(GenerationMode.NEGATIVE))
    def examples(case: Case) -> None:
        assert hold(case) in {200, 400, 401, 500}

    examples()


@pytest.mark.parametrize("operation", OPERATIONS[:6])
@pytest.mark.parametrize(
    ("authorization", "status"),
    [pytest.param("", 401, id="no key"), pytest.param("Bearer wrong", 400, id="wrong key")],
)
def test_a_bad_key_is_answered_by_the_schema(
    hold: Hold, operation: APIOperation, authorization: str, status: int
) -> None:
    @hypothesis.settings(SETTINGS, max_examples=3)
    @hypothesis.given(operation.as_strategy(GenerationMode.POSITIVE))
    def examples(case: Case) -> None:
        assert hold(case, authorization) == status

    examples()
