"""What differs between two answers, as a list of places with both values."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ABSENT = "<absent>"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One place where the fake's answer is not the real one's.

    Attributes:
        case: The exchange.
        place: Where, such as `status`, `headers/vary`, `headers#order`, `json/error/message`,
            `events/2/data/choices/0#order` or `session/session_id`.
        real: What LiteLLM has there.
        fake: What the fake has there.
    """

    case: str
    place: str
    real: Any
    fake: Any

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.case}: {self.place}: {_short(self.real)} is {_short(self.fake)} in the fake"


def compare(case: str, real: dict[str, Any], fake: dict[str, Any]) -> list[Difference]:
    """Return the differences between a recorded exchange and the fake's.

    Where the status differs, the rest of the answer is not compared, but the session is.
    """
    places = list(_session(real, fake))
    if real["status"] != fake["status"]:
        places.append(("status", real["status"], fake["status"]))
    else:
        places += _answers(real, fake)
    return [
        Difference(case=case, place=place, real=ours, fake=theirs) for place, ours, theirs in places
    ]


_Place = tuple[str, Any, Any]


def _session(real: dict[str, Any], fake: dict[str, Any]) -> Iterator[_Place]:
    if "session" in real:
        yield from _values("session", real["session"], fake.get("session"))


def _answers(real: dict[str, Any], fake: dict[str, Any]) -> Iterator[_Place]:
    if (
        "headers" not in real or "headers" not in fake
    ):  # an exchange of which only status and session are held
        return
    yield from _headers(real["headers"], fake["headers"])
    for part in ("end", "framing", "chunked", "written", "text", "json", "events"):
        yield from _values(part, real.get(part, ABSENT), fake.get(part, ABSENT))


def _headers(real: list[str], fake: list[str]) -> Iterator[_Place]:
    pairs = [[line.partition(": ")[::2] for line in lines] for lines in (real, fake)]
    names, fakes = ([name for name, _ in lines] for lines in pairs)
    for name in (Counter(names) - Counter(fakes)).elements():
        yield f"headers/{name}", dict(pairs[0])[name], ABSENT
    for name in (Counter(fakes) - Counter(names)).elements():
        yield f"headers/{name}", ABSENT, dict(pairs[1])[name]
    common = [name for name in names if name in fakes]
    others = [name for name in fakes if name in names]
    if common != others and Counter(common) == Counter(others):
        yield "headers#order", common, others
    for name in dict.fromkeys(common):
        ours, theirs = ([value for key, value in lines if key == name] for lines in pairs)
        if ours != theirs and len(ours) == len(theirs):
            yield f"headers/{name}", ours[0], theirs[0]


def _values(place: str, real: Any, fake: Any) -> Iterator[_Place]:  # noqa: ANN401
    if isinstance(real, dict) and isinstance(fake, dict):
        yield from _objects(place, real, fake)
    elif isinstance(real, list) and isinstance(fake, list):
        if len(real) != len(fake):
            yield f"{place}#length", len(real), len(fake)
        for index, (ours, theirs) in enumerate(zip(real, fake, strict=False)):
            yield from _values(f"{place}/{index}", ours, theirs)
    elif real != fake or type(real) is not type(fake):
        yield place, real, fake


def _objects(place: str, real: dict[str, Any], fake: dict[str, Any]) -> Iterator[_Place]:
    for key in real | fake:
        yield from _values(f"{place}/{key}", real.get(key, ABSENT), fake.get(key, ABSENT))
    ours = [key for key in real if key in fake]
    theirs = [key for key in fake if key in real]
    if ours != theirs:
        yield f"{place}#order", ours, theirs


def _short(value: Any) -> str:  # noqa: ANN401
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:150]}... ({len(text)} characters)"  # noqa: PLR2004
