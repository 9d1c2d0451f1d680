"""What a request offers are its own call's tools, and it chooses none that another call was to."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from litellm_contracts._finding import Finding, named
from litellm_contracts._model import is_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litellm_contracts._observation import Observation, Seen
    from litellm_contracts._profile import Profile

_MOST_TOOLS = 128
"""How many tools OpenAI takes with a request."""


def check_own_tools(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """Each request of a judged call offers the tools that the call was given, and no other call's.

    A tool keeps its parameters, however deep. A handler may know nothing of tools: then none of its
    requests offers any. It may have tools of its own, leave some out where there are more than
    OpenAI takes, and try without any where the proxy refuses them.
    """
    calls = [outcome.call for outcome in observation.outcomes]
    given_to = {call.name: _tools(call.metadata) for call in calls}
    everyones = [_tools(seen.request.json).keys() for seen in observation.seen]
    knows_tools = observation.knows_tools or any(
        one.keys() & offered for one in given_to.values() for offered in everyones
    )
    for outcome in observation.judged():
        given = given_to[outcome.call.name]
        foreign = {
            signature
            for one in given_to.values()
            for name, signature in one.items()
            if given.get(name) != signature
        }
        for number, seen in enumerate(observation.requests_of(outcome.call)):
            offered = _tools(seen.request.json)
            may_try_without = number > 0 and any(map(is_fault, outcome.call.answers))
            must_offer = knows_tools and not may_try_without and len(given) <= _MOST_TOOLS
            lost = dict(_lost_of_offer(outcome.call.metadata, seen.request.json))
            if not (must_offer and lost) and not foreign & set(offered.values()):
                continue
            if offered == given:
                name, parameters = min(lost.items())
                wrong = f"{name} without its parameters {', '.join(sorted(parameters))}"
                cause = "what is deep in a schema is left out, or a reference is not written out"
            else:
                wrong = f"the tools {_listed(offered)}"
                cause = (
                    "the tools of an earlier call are kept, or given up for good after a failure"
                )
            yield Finding(
                message=f"request {seen.number} offers {wrong}; {named(outcome.call)} was given "
                f"{_listed(given)}",
                call=outcome.call.name,
                request=seen.number,
                cause=cause,
            )


def check_own_tool_choice(observation: Observation, _profile: Profile) -> Iterator[Finding]:
    """No request of a judged call chooses the tool that another call was to choose."""
    choices = {_choice(outcome.call.metadata) for outcome in observation.outcomes} - {_choice({})}
    for outcome in observation.judged():
        given = _choice(outcome.call.metadata)
        for seen in observation.requests_of(outcome.call):
            choice = _choice(seen.request.json)
            if choice != given and choice in choices:
                yield Finding(
                    message=f"request {seen.number} has the tool_choice {choice} of another call; "
                    f"{named(outcome.call)} was given {given}",
                    call=outcome.call.name,
                    request=seen.number,
                    cause="the choice of an earlier call is kept in the settings of all requests",
                )


def offers_tools(seen: Seen) -> bool:
    """Tell whether a request offers tools."""
    return bool(_tools(seen.request.json))


def _functions(holder: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401 - a body, or metadata
    """Return the tools in it by name.

    Those without a name are the model's own, such as a search, or another API's, such as Gemini's.
    """
    tools = mapping(holder).get("tools")
    functions = [
        mapping(mapping(tool).get("function", tool))
        for tool in (tools if isinstance(tools, list) else ())
    ]
    return {str(function["name"]): function for function in functions if function.get("name")}


def _tools(holder: Any) -> dict[str, str]:  # noqa: ANN401 - a request's body, or metadata
    """Return the tools in it: by name what tells them apart, parameters' names and description."""
    return {name: _signature(function) for name, function in _functions(holder).items()}


def _lost_of_offer(given: Any, offered: Any) -> Iterator[tuple[str, set[str]]]:  # noqa: ANN401
    """Yield each tool that is given and not offered, or not as given, and what parameters it lost.

    A tool may be offered with something before its name, such as the server it is from; one that
    was given by that very name is another.
    """
    wanted = _functions(given)
    for name, function in wanted.items():
        lost = [
            _all_parameters(function) - _all_parameters(one)
            for other, one in _functions(offered).items()
            if other == name or (other.endswith(name) and other not in wanted)
        ]
        if all(lost):
            yield name, min(lost, key=len, default=_all_parameters(function))


def _choice(holder: Any) -> str:  # noqa: ANN401 - a request's body, or metadata
    """Return the choice of a tool in it; `null` and `"auto"` are none."""
    choice = mapping(holder).get("tool_choice")
    return json.dumps(None if choice == "auto" else choice, sort_keys=True)


def _signature(function: dict[str, Any]) -> str:
    description = str(function.get("description") or "").strip()
    return f"{function.get('name')}({', '.join(_parameters(function))}) {description!r}"


def _parameters(function: dict[str, Any]) -> dict[str, Any]:
    return mapping(_schema(function).get("properties"))


def _schema(function: dict[str, Any]) -> dict[str, Any]:
    return mapping(function.get("parameters") or function.get("input_schema"))


def _all_parameters(function: dict[str, Any]) -> set[str]:
    """Return the names of a tool's parameters, those within others included.

    Where they stand is left open: a reference may be written out.
    """
    names: set[str] = set()
    schemas = [_schema(function)]
    while schemas:
        schema = schemas.pop()
        properties = mapping(schema.get("properties"))
        names |= properties.keys()
        below = [value for key, value in schema.items() if key != "properties"]
        below += properties.values()
        lists = [one for one in below if isinstance(one, list)]
        schemas += [one for one in (*below, *chain(*lists)) if isinstance(one, dict)]
    return names


def mapping(value: Any) -> dict[str, Any]:  # noqa: ANN401 - what a handler sent
    """Return the value where it is an object, else an empty one: valid-request tells of it."""
    return value if isinstance(value, dict) else {}


def _listed(tools: dict[str, str]) -> str:
    return ", ".join(sorted(tools.values())) or "(none)"
