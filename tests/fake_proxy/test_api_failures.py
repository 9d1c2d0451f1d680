"""Failures in LiteLLM's envelope, raw and as the real SDK sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pytest

from fake_litellm import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire


@pytest.mark.parametrize(
    ("status", "kind", "opening"),
    [
        pytest.param(400, "invalid_request_error", "BadRequestError", id="400"),
        pytest.param(
            401, "authentication_error", "AuthenticationError: AuthenticationError", id="401"
        ),
        pytest.param(403, "permission_error", "APIError: APIError", id="403"),
        pytest.param(404, "invalid_request_error", "NotFoundError: NotFoundError", id="404"),
        pytest.param(422, "unprocessable_entity_error", "BadRequestError", id="422"),
        pytest.param(429, "throttling_error", "RateLimitError: RateLimitError", id="429"),
        pytest.param(
            500, "internal_server_error", "InternalServerError: InternalServerError", id="500"
        ),
        pytest.param(502, "internal_server_error", "BadGatewayError: BadGatewayError", id="502"),
        pytest.param(
            503,
            "internal_server_error",
            "ServiceUnavailableError: ServiceUnavailableError",
            id="503",
        ),
        pytest.param(529, "internal_server_error", "APIError: APIError", id="529"),
    ],
)
def test_a_failure_in_litellms_envelope(
    wire: Wire, fake_litellm: FakeLiteLLM, status: int, kind: str, opening: str
) -> None:
    fake_litellm.script(Failure(status=status, param="messages"))
    answer = wire.chat(model="alias", stream=True)
    assert (answer.status, fake_litellm.journal[0].status) == (status, status)
    assert answer.error == {
        "message": f"litellm.{opening}: OpenAIException - scripted failure\n\n"
        "LiteLLM: model group 'alias' failed with the error above. No fallback was attempted.",
        "type": kind,
        "param": "messages" if status in {400, 422, 429, 500} else None,
        "code": str(status),
    }
    assert wire.chat().status == 200


@pytest.mark.parametrize(
    ("litellm", "settings"),
    [
        pytest.param("1.106.2", ["request_timeout: None", "timeout: None"], id="1.106.2"),
        pytest.param(
            "1.109.1",
            ["request_timeout: None", "timeout: None", "stream_timeout: None"],
            id="1.109.1",
        ),
    ],
)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(408, "invalid_request_error", id="408"),
        pytest.param(504, "internal_server_error", id="504"),
    ],
)
def test_a_timeout_tells_the_settings(
    guarded: Callable[..., Wire], litellm: str, settings: list[str], status: int, kind: str
) -> None:
    failure = Failure(status=status)
    wire = guarded(api_key=None, missing_session_id=None, litellm=litellm, reply=failure)
    error = wire.chat().error
    said, deployment, _ = error["message"].split("\n\n")
    assert said == "litellm.Timeout: Timeout Error: OpenAIException - scripted failure"
    assert deployment.removeprefix("Deployment Info: ").split("\n") == settings
    assert error["type"] == kind


@pytest.mark.parametrize(
    ("messages", "status", "opening"),
    [
        pytest.param("hi", 400, "Invalid request format: ", id="text"),
        pytest.param({"role": "user"}, 400, "Invalid request format: ", id="object"),
        pytest.param([{"role": "user"}, "a"], 400, "Invalid request format: ", id="of texts"),
        pytest.param(3, 500, "", id="number"),
    ],
)
def test_messages_that_are_no_objects(
    wire: Wire, messages: object, status: int, opening: str
) -> None:
    answer = wire.chat(messages=messages)
    assert answer.status == status
    assert answer.error["message"].startswith(f"{opening}litellm.APIConnectionError: ")
    assert ("x-litellm-timeout", "6000.0") in answer.headers


def test_the_sdk_reads_a_failure(client: openai.OpenAI, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Failure(status=429, message="slow down"))
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="m", messages=[])
    assert caught.value.body == {
        "message": "slow down",
        "type": "throttling_error",
        "param": None,
        "code": "429",
    }


def test_the_sdk_heeds_retry_after(fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(
        Failure(status=429, retry_after_ms=1), Failure(status=503, retry_after_ms=1)
    )
    with openai.OpenAI(base_url=fake_litellm.base_url, api_key="k", max_retries=2) as sdk:
        assert sdk.chat.completions.create(model="m", messages=[]).model == "m"
    assert [record.status for record in fake_litellm.journal] == [429, 503, 200]
