from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import openai

    from tests.fake_proxy.conftest import Wire

PATH = "/v1/embeddings"


def test_an_answer(wire: Wire) -> None:
    assert wire.call(PATH, {"model": "alias", "input": "x"}).body == (
        b'{"model":"alias","data":[{"embedding":[0.1,0.2,0.3],"index":0,"object":"embedding"}],'
        b'"object":"list","usage":{"completion_tokens":0,"prompt_tokens":10,"total_tokens":10,'
        b'"completion_tokens_details":null,"prompt_tokens_details":null}}'
    )


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        pytest.param("x", 1, id="text"),
        pytest.param(["x", "y"], 2, id="texts"),
        pytest.param([1, 2, 3], 1, id="tokens"),
        pytest.param([[1, 2], [3]], 2, id="lists of tokens"),
        pytest.param([], 1, id="empty"),
        pytest.param({}, 1, id="object"),
    ],
)
def test_each_input_has_its_vector(wire: Wire, asked: Any, count: int) -> None:  # noqa: ANN401
    data = wire.call(PATH, {"model": "m", "input": asked}).json["data"]
    assert [entry["index"] for entry in data] == list(range(count))


@pytest.mark.parametrize(("asked", "length"), [(5, 5), (0, 1), (10**9, 4096), ("7", 3)])
def test_dimensions(wire: Wire, asked: object, length: int) -> None:
    body = {"model": "m", "input": "x", "dimensions": asked}
    assert len(wire.call(PATH, body).json["data"][0]["embedding"]) == length


def test_the_sdk_decodes_base64(client: openai.OpenAI) -> None:
    answer = client.embeddings.create(model="m", input=["x", "y"])
    assert [len(entry.embedding) for entry in answer.data] == [3, 3]
    assert answer.data[0].embedding == pytest.approx([0.1, 0.2, 0.3])
