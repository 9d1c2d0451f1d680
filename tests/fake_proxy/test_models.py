from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pytest

from fake_litellm._models import DEFAULT_MODELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fake_litellm import FakeLiteLLM
    from tests.fake_proxy.conftest import Wire


@pytest.mark.parametrize(
    ("models", "listed"),
    [
        pytest.param(None, list(DEFAULT_MODELS), id="any"),
        pytest.param(["z", "a/b"], ["z", "a/b"], id="some, in their order"),
        pytest.param([], [], id="none"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/models", "/models"])
def test_models_are_listed(
    serve: Callable[..., FakeLiteLLM],
    connect: Callable[[FakeLiteLLM], Wire],
    path: str,
    models: list[str] | None,
    listed: list[str],
) -> None:
    answer = connect(serve(models=models)).get(path)
    assert [entry["id"] for entry in answer.json["data"]] == listed
    assert answer.json["object"] == "list"


def test_an_entry_is_written_as_litellm_writes_it(wire: Wire) -> None:
    assert wire.get("/v1/models/gpt-4o").body == (
        b'{"id":"gpt-4o","object":"model","created":1677610602,"owned_by":"openai",'
        b'"mode":"chat","max_input_tokens":128000,"max_output_tokens":16384}'
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("/v1/models/a", "a", id="v1"),
        pytest.param("/models/a", "a", id="without v1"),
        pytest.param("/v1/models/%E6%A8%A1%20x", "模 x", id="encoded"),
    ],
)
def test_one_model(wire: Wire, path: str, name: str) -> None:
    assert wire.get(path).json["id"] == name


def test_a_name_with_a_slash_has_no_route(wire: Wire) -> None:
    answer = wire.get("/v1/models/openai/gpt-4o")
    assert (answer.status, answer.json) == (404, {"detail": "Not Found"})


def test_a_model_that_is_not_there(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    answer = connect(serve(models=["a"])).get("/v1/models/nope")
    assert answer.status == 404
    assert answer.json == {"detail": "The model `nope` does not exist or is not accessible"}


@pytest.mark.parametrize("path", ["/v1/model/info", "/model/info"])
def test_model_info(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire], path: str
) -> None:
    (info,) = connect(serve(models=["alias"])).get(path).json["data"]
    assert list(info) == ["model_name", "litellm_params", "model_info"]
    assert info["model_name"] == "alias"
    assert info["litellm_params"] == {"model": "openai/alias"}
    assert info["model_info"]["max_tokens"] == 16384
    assert info["model_info"]["supports_prompt_caching"] is True


def test_model_info_of_one_model(wire: Wire) -> None:
    first = wire.get("/v1/model/info").json["data"][0]
    wanted = first["model_info"]["id"]
    assert wire.get(f"/v1/model/info?litellm_model_id={wanted}").json == {"data": [first]}
    missing = wire.get("/v1/model/info?litellm_model_id=nope")
    assert missing.status == 400
    assert missing.json == {"detail": {"error": "Model id = nope not found on litellm proxy"}}


def test_model_info_v2_needs_a_database(wire: Wire) -> None:
    answer = wire.get("/v2/model/info")
    assert answer.status == 500
    assert answer.json["detail"]["error"].startswith("DB not connected.")


def test_model_group_info(
    serve: Callable[..., FakeLiteLLM], connect: Callable[[FakeLiteLLM], Wire]
) -> None:
    wire = connect(serve(models=["a", "b"]))
    groups = wire.get("/model_group/info").json["data"]
    assert [group["model_group"] for group in groups] == ["a", "b"]
    assert (groups[0]["providers"], groups[0]["mode"]) == (["openai"], "chat")
    assert wire.get("/model_group/info?model_group=b").json == {"data": groups[1:]}


@pytest.mark.parametrize(("name", "mode"), [("gpt-5.1-codex", "responses"), ("gpt-5", "chat")])
def test_each_list_says_by_which_api_a_model_is_asked(wire: Wire, name: str, mode: str) -> None:
    infos = {row["model_name"]: row["model_info"] for row in wire.get("/model/info").json["data"]}
    groups = {row["model_group"]: row for row in wire.get("/model_group/info").json["data"]}
    told = (wire.get(f"/v1/models/{name}").json, infos[name], groups[name])
    assert [one["mode"] for one in told] == [mode] * 3


def test_the_sdk_lists_models(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == list(DEFAULT_MODELS)
    assert client.models.retrieve("gpt-5").id == "gpt-5"


def test_the_sdk_reads_a_missing_model(serve: Callable[..., FakeLiteLLM]) -> None:
    server = serve(models=["a"])
    with (
        openai.OpenAI(base_url=server.base_url, api_key="k", max_retries=0) as sdk,
        pytest.raises(openai.NotFoundError),
    ):
        sdk.models.retrieve("nope")
