from __future__ import annotations

import pytest

from litellm_handler import LiteLLMCompletionError, LiteLLMError, LiteLLMStreamingError

KEY = "sk-secret-1234"


class CauseError(Exception):
    def __init__(self, message: str = "", **attributes: object) -> None:
        super().__init__(message)
        vars(self).update(attributes)


def caused_by(error: CauseError, cause: Exception) -> CauseError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        pytest.param(LiteLLMStreamingError, "LiteLLM streaming error: ", id="streaming"),
        pytest.param(LiteLLMCompletionError, "LiteLLM completion error: ", id="completion"),
    ],
)
def test_a_message_says_which_call_failed(kind: type[LiteLLMError], prefix: str) -> None:
    assert issubclass(kind, LiteLLMError)
    assert str(kind("boom")) == f"{prefix}boom"


@pytest.mark.parametrize(
    ("cause", "message"),
    [
        pytest.param(CauseError("boom"), "boom", id="its message"),
        pytest.param(CauseError(), "CauseError", id="its name without one"),
        pytest.param(
            caused_by(CauseError("Connection error."), OSError("refused")),
            "Connection error. (refused)",
            id="its own cause",
        ),
        pytest.param(
            CauseError("An error ocurred", body={"message": "boom"}),
            "An error ocurred (boom)",
            id="its body",
        ),
        pytest.param(CauseError("400: boom", body={"message": "boom"}), "400: boom", id="once"),
        pytest.param(CauseError("502", body="<html>"), "502", id="not a page"),
        pytest.param(CauseError("bad key sk-secret-1234!"), "bad key [api key]!", id="no key"),
        pytest.param(
            caused_by(CauseError("Connection error."), OSError("b'Bearer sk-secret-1234\\n'")),
            "Connection error. (b'Bearer [api key]\\n')",
            id="no key from its own cause",
        ),
    ],
)
def test_a_message_names_the_cause(cause: CauseError, message: str) -> None:
    error = LiteLLMError.wrap(cause, api_key=KEY)
    assert str(error) == f"LiteLLM error: {message}"


@pytest.mark.parametrize(
    "api_key", [pytest.param("sk-secret-1234\n", id="newline"), pytest.param(KEY, id="plain")]
)
def test_the_causes_are_rid_of_the_key_too(api_key: str) -> None:
    root = OSError("b'Bearer sk-secret-1234\\n'")
    cause = caused_by(CauseError("bad key sk-secret-1234"), root)
    LiteLLMError.wrap(cause, api_key=api_key)
    assert str(cause) == "bad key [api key]"
    assert str(root) == "b'Bearer [api key]\\n'"


def test_an_empty_key_hides_nothing() -> None:
    assert str(LiteLLMError.wrap(CauseError("boom"), api_key="")) == "LiteLLM error: boom"
