"""Which answers are compressed, as measured on LiteLLM 1.106.2."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from fake_litellm import Failure, Reply

if TYPE_CHECKING:
    import openai

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire

LONG = Reply(text="word " * 200)
GZIP = "Accept-Encoding: gzip, deflate"


def test_a_long_answer_is_compressed(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(LONG)
    answer = wire.chat(GZIP)
    told = json.loads(gzip.decompress(answer.body))
    assert told["choices"][0]["message"]["content"] == LONG.text
    assert ("vary", "Origin, Accept-Encoding") in answer.headers
    assert answer.headers[-1] == ("content-encoding", "gzip")


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((), id="not asked for"),
        pytest.param(("Accept-Encoding: br",), id="another coding"),
        pytest.param(("Accept-Encoding: gzip;q=0, br",), id="refused"),
    ],
)
def test_a_client_that_takes_no_gzip(
    wire: Wire, fake_litellm: FakeLiteLLM, lines: tuple[str, ...]
) -> None:
    fake_litellm.script(LONG)
    answer = wire.chat(*lines)
    assert answer.json["choices"][0]["message"]["content"] == LONG.text
    assert ("vary", "Origin, Accept-Encoding") in answer.headers
    assert "content-encoding" not in answer.names


def test_any_coding_means_gzip_too(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(LONG)
    assert ("content-encoding", "gzip") in wire.chat("Accept-Encoding: *").headers


@pytest.mark.parametrize(
    ("size", "vary"),
    [
        pytest.param(499, "Origin", id="short"),
        pytest.param(500, "Origin, Accept-Encoding", id="long"),
    ],
)
def test_500_bytes_are_long(wire: Wire, fake_litellm: FakeLiteLLM, size: int, vary: str) -> None:
    around = len(wire.post(b'{"model": "m", "messages": []}').body) - len(Reply().text)
    fake_litellm.script(Reply(text="x" * (size - around)))
    answer = wire.post(b'{"model": "m", "messages": []}')
    assert len(answer.body) == size
    assert ("vary", vary) in answer.headers


def test_an_error_is_compressed_as_well(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Failure(status=400, message="x" * 500))
    answer = wire.chat(GZIP)
    assert answer.status == 400
    assert json.loads(gzip.decompress(answer.body))["error"]["message"] == "x" * 500


def test_a_stream_is_not(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(LONG)
    answer = wire.chat(GZIP, stream=True)
    assert "content-encoding" not in answer.names
    assert ("vary", "Origin") in answer.headers
    assert len(answer.events) == 203


def test_a_cut_answer_is_not(wire: Wire, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(Reply(text=LONG.text, ends="drop"))
    wire.ask(GZIP)
    assert b"content-encoding" not in wire.read_head()
    assert wire.rest().startswith(b'{"id":')


def test_the_sdk_unpacks_it(client: openai.OpenAI, fake_litellm: FakeLiteLLM) -> None:
    fake_litellm.script(LONG)
    completion = client.chat.completions.with_raw_response.create(
        model="m", messages=[{"role": "user", "content": "x"}]
    )
    assert completion.headers["content-encoding"] == "gzip"
    assert completion.parse().choices[0].message.content == LONG.text
