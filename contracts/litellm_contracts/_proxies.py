"""The proxies that the handlers of a contract are built for, most of them like any LiteLLM."""

from __future__ import annotations

import re

from fake_litellm import FakeLiteLLM, Reply
from fake_litellm._models import info
from litellm_contracts._model import ANSWER

MOUNTED, UNLISTED, MODEST, SECURE, COMPANY = "mounted", "unlisted", "modest", "secure", "company"
"""Names of proxies that differ: served below a path of that name; one that refuses to tell about
its models; one whose models can do little; one that is served by https; one in a company, whose
environment names proxies for whatever is elsewhere, and whose log is at DEBUG."""
_WRITTEN = {
    "slashed": "http://127.0.0.1:{port}/",
    "versioned": "http://127.0.0.1:{port}/v1",
    "named": "http://localhost:{port}",
    "capital": "http://LOCALHOST:{port}",
}
"""Names of proxies whose address is written in another way."""
_MODEL_ROUTES = re.compile(r"(/v\d)?/(models?|model_group)(/.*)?")
_INFO_ROUTES = re.compile(r"(/v1)?/model/info")
_REFUSAL = {"message": "Virtual key is not allowed to call this route.", "code": "403"}


def new_proxy(name: str, litellm: str) -> FakeLiteLLM:
    """Return a proxy, not started yet."""
    below = f"/{name}" if name == MOUNTED else ""
    reply = Reply(text=ANSWER)
    fake = FakeLiteLLM(litellm=litellm, reply=reply, root_path=below, https=name == SECURE)
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
    return _WRITTEN[name].format(port=fake.port) if name in _WRITTEN else fake.base_url
