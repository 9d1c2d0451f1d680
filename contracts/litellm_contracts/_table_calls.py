"""The calls of a table's contract: messages, metadata and scripted answers from TOML entries."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from litellm_contracts._errors import TableError, closest
from litellm_contracts._model import ANSWER, OMITTED, Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fake_litellm._replies import Answer

_RETURN = 200
"""After how many calls fresh task ids begin anew, so that one returns after many others."""
_TOOL = {"name": "read_file", "arguments": '{"path": "a.txt"}'}
_THE_SAME = "?redirected"
"""A location on the path of the request that is redirected, whatever that is."""
_NO_TASK: dict[str, Any] = {
    "omitted": OMITTED,
    "none": None,
    "empty": {},
    "task-id-none": {"task_id": None},
    "task-id-empty": {"task_id": ""},
}
_TAKEN_OVER = (
    "handler",
    "model",
    "key",
    "proxy",
    "picture",
    "during",
    "together",
    "between",
    "held",
    "judged",
    "may_refuse",
    "reset_connections",
    "never_read",
    "abandon_after",
    "cancel",
    "cancel_at_once",
    "cancel_after",
    "in_place",
    "closes",
    "stays",
    "let_go",
    "no_json",
    "down",
    "may_fail",
    "times",
)


def read_calls(
    entry: Mapping[str, Any], contract_id: str, task_ids: Mapping[str, Any], where: str
) -> tuple[Call, ...]:
    """Build the calls of a contract's entry; `where` names it in errors.

    An entry with `copies` stands for so many calls, each with a name and text of its own. With
    `follow` each call is made many times, in an order in which every so many of them, in
    whatever order, follow one another somewhere. With `followed_by` each call is made before each
    of those named there.

    Raises:
        TableError: where a call refers to something that is not there.
    """
    entries = _alike(entry.get("calls", []), where)
    numbered = [{"name": f"call-{number}", **one} for number, one in enumerate(entries, start=1)]
    named = [copy for one in numbered for copy in _copies(one)]
    order = named
    if "follow" in entry:
        order = [named[which] for which in every_order(len(named), entry["follow"])]
    elif "followed_by" in entry:
        order = list(_pairs(named, entry["followed_by"], where))
    if order is not named:
        order = list(_numbered(order))
    calls: dict[str, Call] = {}
    made = []
    for one in order:
        call = _call({**one, "history": _history(one, calls, where)}, contract_id, task_ids, where)
        calls[call.name] = call
        made.append(call)
    _check_references(made, where)
    return tuple(made)


def _alike(entries: Sequence[Mapping[str, Any]], where: str) -> list[dict[str, Any]]:
    """Add to each entry what it takes over from another one."""
    whole: dict[str, dict[str, Any]] = {}
    made = []
    for entry in entries:
        other = entry.get("like")
        if other is not None and other not in whole:
            hint = closest(other, whole)
            raise TableError(
                f"{where}: {entry.get('name')!r} is like no earlier call {other!r}{hint}"
            )
        made.append(dict(entry) if other is None else {**whole[other], **entry})
        if "name" in entry:
            whole[entry["name"]] = made[-1]
    return made


def _copies(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the entry, or as many numbered ones as it stands for."""
    if "copies" not in entry:
        yield entry
    for number in range(1, entry.get("copies", 0) + 1):
        yield {**entry, "name": f"{entry['name']}-{number}", "number": number}


def _history(
    entry: Mapping[str, Any], calls: Mapping[str, Call], where: str
) -> Sequence[tuple[str, Any]]:
    """Return what was said before a call: as written, then what it `continues` and its answer.

    Without anything written it is all that the other call said.
    """
    written = entry.get("history")
    if "continues" not in entry:
        return written or []
    name = entry["continues"]
    if name not in calls:
        hint = closest(name, calls)
        raise TableError(f"{where}: {entry['name']!r} continues no earlier call {name!r}{hint}")
    said = [(one["role"], one["content"]) for one in calls[name].messages]
    answer = getattr(calls[name].answers[-1], "text", "") if calls[name].answers else ANSWER
    return [*(said[:-1] if written is None else written), said[-1], ("assistant", answer)]


def _pairs(
    entries: Sequence[dict[str, Any]], last: Sequence[str], where: str
) -> Iterator[dict[str, Any]]:
    """Yield each entry before each of those named in `last`."""
    by_name = {entry["name"]: entry for entry in entries}
    for wrong in (name for name in last if name not in by_name):
        raise TableError(f"{where}: no call is named {wrong!r}{closest(wrong, by_name)}")
    for entry in entries:
        for name in last:
            if entry["name"] not in last:
                yield from (entry, by_name[name])


def every_order(size: int, length: int) -> list[int]:
    """Return numbers below `size` in which each sequence of `length` of them occurs once.

    A de Bruijn sequence, by M. H. Martin's greedy construction (1934).
    """
    numbers = [0] * length
    seen = {tuple(numbers)}
    while True:
        last = numbers[len(numbers) - length + 1 :]
        for number in reversed(range(size)):
            if (*last, number) not in seen:
                seen.add((*last, number))
                numbers.append(number)
                break
        else:
            return numbers


def _numbered(entries: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give each entry a name of its own, and by turns each of its kinds of metadata."""
    times: Counter[str] = Counter()
    for number, entry in enumerate(entries, start=1):
        name = entry["name"]
        one = {**entry, "name": f"{name}-{number}", "number": number}
        if isinstance(entry.get("metadata"), list):
            one["metadata"] = entry["metadata"][times[name] % len(entry["metadata"])]
        times[name] += 1
        yield one


def _check_references(calls: Sequence[Call], where: str) -> None:
    known: list[str] = []
    for call in calls:
        if call.name in known:
            raise TableError(f"{where}: two calls are named {call.name!r}")
        other = call.partner
        if other is not None and other not in known:
            hint = closest(other, known)
            raise TableError(f"{where}: {call.name!r} refers to no earlier call {other!r}{hint}")
        known.append(call.name)


def _call(
    entry: Mapping[str, Any],
    contract_id: str,
    task_ids: Mapping[str, Any],
    where: str,
) -> Call:
    name = entry["name"]
    marker = make_marker(contract_id, entry.get("text_of", name))
    same = {key: entry[key] for key in _TAKEN_OVER if key in entry}
    answers = tuple(_answer(answer, where) for answer in entry.get("answers", []))
    text = f"{read_text(entry.get('text', 'Say hello.'))} {marker}"
    if entry["do"] == "complete_prompt":
        return Call(
            name=name, method="complete_prompt", marker=marker, prompt=text, answers=answers, **same
        )
    return Call(
        name=name,
        method="create_message",
        marker=marker,
        messages=_messages(entry, text),
        system_prompt=entry.get("system_prompt", "You are a careful assistant."),
        metadata=_metadata(entry, task_ids, where),
        answers=answers,
        **same,
    )


def make_marker(contract_id: str, name: str) -> str:
    """Return the text that tells which requests belong to a call; the same in every run."""
    digest = hashlib.sha256(f"{contract_id} {name}".encode()).hexdigest()[:8]
    return f"[{name} {digest}]"


def _messages(entry: Mapping[str, Any], text: str) -> tuple[dict[str, Any], ...]:
    history = [_message(said) for said in entry.get("history", [])]
    if "as_tool_results" in entry:
        steps = range(1, entry["as_tool_results"] + 1)
        return (*history, *(said for step in steps for said in _step(f"call_read_{step}", text)))
    if entry.get("as_parts"):
        first, _, rest = text.partition(" ")
        parts = [{"type": "text", "text": first}, {"type": "text", "text": rest}]
        return (*history, {"role": "user", "content": parts})
    return (*history, {"role": "user", "content": text})


def _step(call_id: str, result: str) -> tuple[dict[str, Any], ...]:
    """Return the call of a tool and its result."""
    asked = {"id": call_id, "type": "function", "function": dict(_TOOL)}
    return (
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": call_id, "content": result},
    )


def _message(said: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    """Return a message of the history: as it is written, or from its role and its content."""
    pairs = said.items() if isinstance(said, dict) else zip(("role", "content"), said, strict=True)
    return _with_nulls(
        {name: read_text(value) if name == "content" else value for name, value in pairs}
    )


def _metadata(entry: Mapping[str, Any], task_ids: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401
    extra = _with_nulls(_with_texts(entry.get("extra_metadata", {})))
    if "task" not in entry:
        kind = entry.get("metadata", "omitted")
        if isinstance(kind, list):
            raise TableError(f"{where}: several kinds of metadata need follow or followed_by")
        metadata = _NO_TASK[kind]
        return {**(metadata or {}), **extra} if extra and metadata is not OMITTED else metadata
    task = entry["task"]
    if task not in task_ids:
        hint = closest(task, task_ids)
        raise TableError(f"{where}: no task id is called {task!r} in [task_ids]{hint}")
    task_id = task_ids[task]
    if entry.get("fresh"):
        task_id = f"{task_id[:-3]}{entry.get('number', 0) % _RETURN:03x}"
    return {"task_id": task_id, **extra}


def _with_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """Put a null where `nulls` names it: TOML has none."""
    return values | dict.fromkeys(values.pop("nulls", ()))


def _with_texts(value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    """Put texts where they are given as repetitions, however deep."""
    if isinstance(value, list):
        return [_with_texts(one) for one in value]
    if not isinstance(value, dict) or value.keys() == {"repeat", "times"}:
        return read_text(value)
    return {name: _with_texts(one) for name, one in value.items()}


def read_text(value: Any) -> Any:  # noqa: ANN401
    """Return a text, also one that is given as a repetition; anything else as it is.

    One that is `half` ends in half of a character: JSON can hold that, and UTF-8 cannot.
    """
    if isinstance(value, dict) and "half" in value:
        return f"{value['half']}\ud83d"
    if isinstance(value, dict) and "repeat" in value:
        return str(value["repeat"]) * int(value["times"])
    return value


def _answer(entry: Mapping[str, Any], where: str) -> Answer:
    from fake_litellm import Cut, Failure, Page, Redirect, Reply, ToolCall, Usage

    rest = dict(entry)
    if "failure" in rest:
        return Failure(status=rest.pop("failure"), **rest)
    if "page" in rest:
        return Page(html=rest.pop("page"), **rest)
    if "cut" in rest:
        return Cut(at=rest["cut"])
    if "redirect" in rest:
        location = f"//{rest['to']}" if "to" in rest else rest.get("at", _THE_SAME)
        return Redirect(status=rest["redirect"], location=location)
    calls = tuple(ToolCall(**_filled(call, where)) for call in rest.pop("tool_calls", []))
    counts = {key: rest.pop(key) for key in list(rest) if key.endswith("_tokens")}
    text = read_text(rest.pop("reply"))
    if "headers" in rest:
        rest["headers"] = tuple(rest["headers"].items())
    if "pieces" in rest:
        rest["pieces"] = _pieces(rest["pieces"], text, where)
    return Reply(text=text, tool_calls=calls, usage=Usage(**counts), **rest)


def _pieces(pieces: Sequence[str], whole: str, where: str) -> tuple[str, ...]:
    if "".join(pieces) != whole:
        raise TableError(f"{where}: the pieces of {whole!r} do not make it up")
    return tuple(pieces)


def _filled(tool_call: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Put the long text where the arguments of a tool call leave room for it."""
    call = dict(tool_call)
    if "fill" in call:
        call["arguments"] = call["arguments"].replace("%s", read_text(call.pop("fill")))
    if "pieces" in call:
        call["pieces"] = _pieces(call["pieces"], call["arguments"], where)
    return call
