"""The proxies that handlers are built for: how they are reached, and what surrounds them."""

from __future__ import annotations

import json
import logging
import os
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from fake_litellm import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from litellm_contracts._model import Call
    from litellm_contracts._observation import Observation

    MakeCall = Callable[..., Call]
    Perform = Callable[..., Observation]


def test_a_handler_may_have_a_proxy_of_its_own(message: MakeCall, perform: Perform) -> None:
    answers = (Reply(text="Elsewhere."),)
    calls = [message("one"), message("two", handler="second", proxy="another", answers=answers)]
    observation = perform(*calls)
    one, two = observation.outcomes
    assert one.proxy != two.proxy
    assert [seen.request.header_values("host") for seen in observation.seen] == [
        [one.proxy],
        [two.proxy],
    ]
    assert (one.received_text, two.received_text) == ("Hello.", "Elsewhere.")


def test_a_proxy_may_keep_its_models_to_itself(
    message: MakeCall, perform: Perform, right: type[Any]
) -> None:
    statuses: list[int] = []

    class Asking(right):  # type: ignore[misc]
        def __init__(self, *, base_url: str, **given: str) -> None:
            super().__init__(base_url=base_url, **given)
            for path in ("models", "v1/models", "v1/model/info", "model_group/info"):
                try:
                    urllib.request.urlopen(f"{base_url}/{path}")  # noqa: S310
                except urllib.error.HTTPError as error:
                    statuses.append(error.code)

    [outcome] = perform(message(proxy="unlisted"), factory=Asking).outcomes
    assert (statuses, outcome.error) == ([403] * 4, None)


def test_a_proxy_may_be_down_for_a_call(message: MakeCall, perform: Perform) -> None:
    down = message("two", down=True)
    observation = perform(message("one"), down, message("three"))
    one, two, three = observation.outcomes
    assert (one.error, three.error) == (None, None)
    assert str(two.error).startswith("APIConnectionError")
    assert [seen.call and seen.call.name for seen in observation.seen] == ["one", "three"]


def test_a_proxy_may_be_served_by_https(message: MakeCall, perform: Perform) -> None:
    before = dict(os.environ)
    [outcome] = perform(message("one", proxy="secure"), factory=_Trusting).outcomes
    assert (outcome.error, outcome.received_text) == (None, "Hello.")
    assert dict(os.environ) == before


class _Trusting:
    """Trusts whom the environment names."""

    def __init__(self, *, base_url: str, **_: str) -> None:
        self.url = f"{base_url}/v1/chat/completions"
        self.context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])

    def create_message(self, _system: str, messages: list[Any], *_: Any) -> Iterator[Any]:  # noqa: ANN401
        body = json.dumps({"model": "gpt-4o", "messages": messages}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, context=self.context) as answer:  # noqa: S310
            said = json.load(answer)["choices"][0]["message"]["content"]
        yield {"type": "text", "text": said}

    def complete_prompt(self, prompt: str) -> str:
        raise NotImplementedError(prompt)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        pytest.param("slashed", "http://127.0.0.1:{}/", id="slash"),
        pytest.param("versioned", "http://127.0.0.1:{}/v1", id="version"),
        pytest.param("named", "http://localhost:{}", id="name"),
        pytest.param("capital", "http://LOCALHOST:{}", id="capitals"),
    ],
)
def test_the_address_of_a_proxy_may_be_written_in_another_way(
    message: MakeCall, perform: Perform, right: type[Any], name: str, url: str
) -> None:
    given: list[str] = []

    class Noting(right):  # type: ignore[misc]
        def __init__(self, *, base_url: str, **others: str) -> None:
            given.append(base_url)
            super().__init__(base_url=base_url, **others)

    observation = perform(message(proxy=name), factory=Noting)
    [outcome], [seen] = observation.outcomes, observation.seen
    assert given == [url.format(outcome.proxy.rpartition(":")[2])]
    assert seen.host == outcome.host


def test_a_company_has_proxies_and_a_log_of_everything(
    message: MakeCall, perform: Perform, right: type[Any], caplog: pytest.LogCaptureFixture
) -> None:
    found: dict[str, Any] = {}

    class Noting(right):  # type: ignore[misc]
        def __init__(self, *, base_url: str, api_key: str, **others: str) -> None:
            names = ("HTTPS_PROXY", "http_proxy", "NO_PROXY", "DO_NOT_TRACK")
            found.update({name: os.environ.get(name) for name in names}, base_url=base_url)
            found["is_logged"] = logging.getLogger("any").isEnabledFor(logging.DEBUG)
            logging.getLogger("any").debug("the key is %s", api_key)
            super().__init__(base_url=base_url, api_key=api_key, **others)

    before, level = dict(os.environ), logging.root.level
    levels = [handler.level for handler in logging.root.handlers]
    observation = perform(message(proxy="company"), factory=Noting)
    [outcome] = observation.outcomes
    assert (outcome.error, outcome.received_text) == (None, "Hello.")
    assert found["HTTPS_PROXY"] == found["http_proxy"] == found["base_url"]
    assert (found["NO_PROXY"], found["DO_NOT_TRACK"]) == ("127.0.0.1,localhost", "1")
    assert found["is_logged"]
    assert observation.logged == ()
    assert "the key is" not in caplog.text
    assert (dict(os.environ), logging.root.level) == (before, level)
    assert [handler.level for handler in logging.root.handlers] == levels
