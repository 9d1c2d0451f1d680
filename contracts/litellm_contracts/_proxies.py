"""The proxies that the handlers of a contract are built for, most of them like any LiteLLM."""

from __future__ import annotations

import re

from fake_litellm import FakeLiteLLM, Reply
from fake_litellm._models import info
from litellm_contracts._model import ANSWER

MOUNTED, SLASHED, UNLISTED, MODEST = "mounted", "slashed", "unlisted", "modest"
"""Names of proxies that differ: served below a path of that name; with a slash at the end of the
address that handlers are given; one that refuses to tell about its models; one whose models can do
little."""
_MODEL_ROUTES = re.compile(r"(/v\d)?/(models?|model_group)(/.*)?")
_INFO_ROUTES = re.compile(r"(/v1)?/model/info")
_REFUSAL = {"message": "Virtual key is not allowed to call this route.", "code": "403"}


def new_proxy(name: str, litellm: str) -> FakeLiteLLM:
    """Return a proxy, not started yet."""
    below = f"/{name}" if name == MOUNTED else ""
    fake = FakeLiteLLM(litellm=litellm, reply=Reply(text=ANSWER), root_path=below)
    if name == UNLISTED:
        fake.expect_request(_MODEL_ROUTES).respond_with_json({"error": _REFUSAL}, status=403)
    elif name == MODEST:
        models = info(None)
        for model in models:
            known = model["model_info"]
            known |= {key: False for key in known if key.startswith("supports_")}
            known |= {"supports_native_streaming": False, "max_input_tokens": 8192}
        fake.expect_request(_INFO_ROUTES).respond_with_json({"data": models})
    return fake


def address_of(name: str, fake: FakeLiteLLM) -> str:
    """Return the base URL that the handlers of a proxy are given."""
    return f"{fake.base_url}/" if name == SLASHED else fake.base_url
