"""Which handlers a contract builds, with which key, and when they are closed."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import os
import urllib.error
import urllib.request
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._doors import PythonDoor
from litellm_contracts._errors import HandlerError
from litellm_contracts._scenario import Stage
from litellm_contracts._surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Perform = Callable[..., Observation]


@pytest.fixture
def counted(right: type[Any]) -> type[Any]:
    """Return a right handler that notes in `log` what is built and closed."""

    class Counted(right):  # type: ignore[misc]
        log: list[tuple[str, Any]] = []  # noqa: RUF012 - what all of them did

        def __init__(self, **given: str) -> None:
            super().__init__(**given)
            self.log.append(("built", self))

        async def aclose(self) -> None:
            await super().aclose()
            self.log.append(("closed", self))

    return Counted


def test_each_handler_of_a_contract_is_built_once_and_closed(
    message: MakeCall, prompt: MakeCall, perform: Perform, counted: type[Any]
) -> None:
    perform(
        message("one", handler="first"),
        message("two", handler="second"),
        prompt("three", handler="first"),
        factory=counted,
    )
    (_, first), (_, second), *closed = counted.log
    assert closed == [("closed", first), ("closed", second)]


def test_a_handler_can_be_closed_before_the_others(
    message: MakeCall, perform: Perform, counted: type[Any]
) -> None:
    observation = perform(
        message("one", handler="first", closes=True),
        message("two", handler="second"),
        message("three", handler="first"),
        factory=counted,
    )
    (_, first), told, (_, second), (_, again), *rest = counted.log
    assert told == ("closed", first)
    assert rest == [("closed", second), ("closed", again)]
    assert [outcome.error for outcome in observation.outcomes] == [None] * 3


def test_a_closed_handler_can_be_called_again(
    message: MakeCall, perform: Perform, counted: type[Any]
) -> None:
    perform(message("one", closes=True, stays=True), message("two"), factory=counted)
    (_, first), *rest = counted.log
    assert rest == [("closed", first), ("closed", first)]


def test_a_handler_may_have_a_key_of_its_own(message: MakeCall, perform: Perform) -> None:
    calls = [message("one"), message("two", handler="second", key="another")]
    observation = perform(*calls)
    key = observation.api_key
    another = f"{key}-another-{key[-8:]}"  # masked, both may look the same
    assert [outcome.api_key for outcome in observation.outcomes] == [key, another]
    assert [one.request.header_values("authorization") for one in observation.seen] == [
        [f"Bearer {key}"],
        [f"Bearer {another}"],
    ]


def test_a_handler_may_be_let_go_while_its_stream_is_to_be_read(
    message: MakeCall, perform: Perform
) -> None:
    log: list[str] = []

    class Noting:
        def __init__(self, **_: str) -> None:
            weakref.finalize(self, log.append, "gone")

        def create_message(self, *_: Any) -> AsyncIterator[Any]:  # noqa: ANN401
            return _says_nothing(log)

        async def complete_prompt(self, prompt: str) -> str:
            raise NotImplementedError(prompt)

    perform(message("one", let_go=True), message("two"), factory=Noting)
    assert log[:3] == ["gone", "begun", "begun"]


async def _says_nothing(log: list[str]) -> AsyncIterator[Any]:
    log.append("begun")
    yield {"type": "text", "text": ""}


def test_a_handler_that_cannot_be_built_ends_the_contract(
    message: MakeCall, perform: Perform
) -> None:
    with pytest.raises(HandlerError, match="TypeError"):
        perform(message(), factory=print)


def test_where_it_may_fail_a_handler_need_not_be_built(
    message: MakeCall, perform: Perform, right: type[Any]
) -> None:
    class Strict(right):  # type: ignore[misc]
        def __init__(self, *, base_url: str, **given: str) -> None:
            if base_url.endswith("/"):
                raise ValueError(base_url)
            super().__init__(base_url=base_url, **given)

    slashed = {"handler": "second", "proxy": "slashed", "may_fail": True}
    calls = [message("one", **slashed), message("two", **slashed), message("three")]
    one, two, three = perform(*calls, factory=Strict).outcomes
    assert one.error == two.error
    assert "my:factory raised while it built a handler: ValueError" in str(one.error)
    assert three.error is None


def test_the_models_of_a_proxy_may_be_able_to_do_little(
    message: MakeCall, perform: Perform, right: type[Any]
) -> None:
    told: list[dict[str, Any]] = []

    class Asking(right):  # type: ignore[misc]
        def __init__(self, *, base_url: str, **given: str) -> None:
            super().__init__(base_url=base_url, **given)
            with urllib.request.urlopen(f"{base_url}/v1/model/info") as answer:  # noqa: S310
                told.extend(json.load(answer)["data"])

    [outcome] = perform(message(proxy="modest"), factory=Asking).outcomes
    models = {model["model_name"]: model["model_info"] for model in told}
    assert outcome.error is None
    assert models["gpt-4o"]["supports_function_calling"] is False
    assert models["gpt-4o"]["supports_native_streaming"] is False


def test_what_was_seen_of_earlier_calls_is_forgotten(
    right: Callable[..., Any], message: MakeCall
) -> None:
    async def main() -> list[Observation]:
        async with Stage(PythonDoor(right, "my:factory"), "1.106.2") as stage:
            return [await stage.perform([message(name)], "gpt-4o") for name in ("one", "two")]

    assert [len(observation.seen) for observation in asyncio.run(main())] == [1, 1]


def test_stages_have_keys_of_their_own(right: Callable[..., Any]) -> None:
    stages = [Stage(PythonDoor(right, "my:factory"), "1.106.2") for _ in range(2)]
    assert stages[0].api_key != stages[1].api_key


def test_a_handler_may_be_built_while_a_stream_is_open(
    message: MakeCall, perform: Perform, counted: type[Any]
) -> None:
    class Noting(counted):
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            async for chunk in super().create_message(*arguments):
                yield chunk
            self.log.append(("read", self))

    perform(message("one"), message("two", handler="other", during="one"), factory=Noting)
    assert [what for what, _ in counted.log[:4]] == ["built", "built", "read", "read"]
    (_, first), (_, second), (_, inner), (_, outer) = counted.log[:4]
    assert (inner, outer) == (second, first)


def test_the_environment_holds_what_is_none_of_a_handlers(
    message: MakeCall, perform: Perform, right: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LITELLM_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    found: list[str] = []

    class Looking(right):  # type: ignore[misc]
        def __init__(self, **given: str) -> None:
            super().__init__(**given)
            found.extend([os.environ["LITELLM_API_KEY"], os.environ["OPENAI_API_KEY"]])

    perform(message("one"), factory=Looking)
    assert found == ["sk-of-the-environment", "sk-of-the-user"]
    assert "LITELLM_API_KEY" not in os.environ


def test_a_handler_can_be_built_for_a_proxy_below_a_path(
    message: MakeCall, perform: Perform
) -> None:
    observation = perform(message("one", proxy="mounted"))
    [outcome], [seen] = observation.outcomes, observation.seen
    assert (outcome.error, outcome.proxy.partition("/")[2]) == (None, "mounted")
    assert seen.request.path == "/mounted/v1/chat/completions"


def test_a_message_can_point_at_a_picture_on_another_server(
    message: MakeCall, perform: Perform, right: type[Any]
) -> None:
    class Fetching(right):  # type: ignore[misc]
        async def create_message(self, system: str, messages: Any, metadata: Any) -> Any:  # noqa: ANN401
            [text, picture] = messages[-1]["content"]
            url = picture["image_url"]["url"]
            await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())  # noqa: S310
            messages = [{"role": "user", "content": [text]}]
            async for chunk in super().create_message(system, messages, metadata):
                yield chunk

    observation = perform(message("one", picture="another"), factory=Fetching)
    [outcome] = observation.outcomes
    assert outcome.error is None
    assert [(seen.request.path, seen.request.status) for seen in observation.seen] == [
        ("/picture.png", 200),
        ("/v1/chat/completions", 200),
    ]


def test_log_messages_with_the_key_are_kept(
    message: MakeCall, perform: Perform, right: type[Any]
) -> None:
    class Logging(right):  # type: ignore[misc]
        def __init__(self, base_url: str, api_key: str, model: str) -> None:
            super().__init__(base_url, api_key, model)
            logging.getLogger("provider").warning("built with %s", api_key)

        async def create_message(self, *given: Any) -> Any:  # noqa: ANN401
            logging.getLogger("provider").warning("sent to %s", self.base_url)
            async for chunk in super().create_message(*given):
                yield chunk

    observation = perform(message("one"), factory=Logging)
    assert observation.logged == (("one", f"built with {observation.api_key}"),)
    assert observation.about(["one"]).logged == observation.logged
    assert observation.about(["other"]).logged == ()
    assert not any(isinstance(one, Surroundings) for one in logging.root.handlers)


@pytest.mark.parametrize(
    ("key", "begins"), [("", "sk-contract-"), ("other", "sk-contract-"), ("token", "eyJ")]
)
def test_a_key_may_be_a_token(message: MakeCall, perform: Perform, key: str, begins: str) -> None:
    observation = perform(message("one", key=key))
    [outcome] = observation.outcomes
    assert outcome.api_key.startswith(begins)
    assert observation.api_key in outcome.api_key


def test_messages_may_be_a_tuple_and_metadata_no_json(
    message: MakeCall, perform: Perform, right: type[Any]
) -> None:
    given: list[Any] = []

    class Noting(right):  # type: ignore[misc]
        async def create_message(self, *arguments: Any) -> Any:  # noqa: ANN401
            given.append(arguments)
            async for chunk in super().create_message(*arguments):
                yield chunk

    metadata = {"task_id": "task-0001"}
    calls = [
        message("one", metadata=metadata, no_json="messages"),
        message("two", metadata=metadata, no_json="metadata"),
        message("three", metadata=metadata),
    ]
    observation = perform(*calls, factory=Noting)
    (_, in_tuple, plain), (_, in_list, with_signal), (*_, last) = given
    assert in_tuple == tuple(calls[0].messages)
    assert in_list == list(calls[1].messages)
    assert plain == last == metadata
    assert with_signal.keys() == {"task_id", "signal"}
    with pytest.raises(TypeError):
        copy.deepcopy(with_signal)
    with pytest.raises(TypeError):
        json.dumps(with_signal)
    assert [one.altered for one in observation.outcomes] == ["", "", ""]


def test_a_handler_may_be_built_without_a_key(message: MakeCall, perform: Perform) -> None:
    def refuse(*, api_key: str, **_: str) -> None:
        raise ValueError(f"a key is missing: {api_key!r}")

    [outcome] = perform(message(key="none", may_fail=True), factory=refuse).outcomes
    assert "ValueError: a key is missing: ''" in str(outcome.error)
    assert outcome.api_key == ""
