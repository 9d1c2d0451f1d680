from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from parity import _known
from parity._compare import Difference

if TYPE_CHECKING:
    from pathlib import Path

LIST = """# Why.

[[difference]]
id = "vary"
exchanges = ["chat/*"]
places = ["headers/vary"]
count = 2
reason = "not worth it"

# --- Bodies

[[difference]]
id = "order"
exchanges = ["*"]
places = ["json*#order"]
count = 1
reason = "not built"
"""
VARY = ("chat/a", "headers/vary"), ("chat/b", "headers/vary")
ORDER = ("chat/a", "json/choices/0#order")


@pytest.fixture
def entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[_known.Known]:
    path = tmp_path / "known.toml"
    path.write_text(LIST, encoding="utf-8")
    monkeypatch.setattr(_known, "PATH", path)
    return _known.load()


def judge(entries: list[_known.Known], *found: tuple[str, str]) -> _known.Verdict:
    differences = [Difference(case=case, place=place, real=1, fake=2) for case, place in found]
    return _known.judge(differences, entries)


def test_holds_where_the_list_is_exact(entries: list[_known.Known]) -> None:
    assert judge(entries, *VARY, ORDER).holds


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param((*VARY, ORDER, ("chat/a", "status")), "unlisted  chat/a: status", id="new"),
        pytest.param(
            (*VARY, ORDER, ("auth/a", "headers/vary")), "unlisted  auth/a", id="elsewhere"
        ),
        pytest.param(
            (*VARY, ORDER, ("chat/c", "headers/vary")), "grown     vary: 2 listed, 3", id="more"
        ),
        pytest.param((VARY[0], ORDER), "shrunk    vary: 2 listed, 1 left", id="fewer"),
        pytest.param(VARY, "stale     order", id="none"),
    ],
)
def test_says_what_is_wrong(
    entries: list[_known.Known], found: tuple[tuple[str, str], ...], said: str
) -> None:
    verdict = judge(entries, *found)

    assert not verdict.holds
    assert said in str(verdict)


def test_shrinking_keeps_the_heading_of_what_follows(entries: list[_known.Known]) -> None:
    shrunk = _known.shrink(LIST, judge(entries, ORDER))

    assert '"vary"' not in shrunk
    assert shrunk.startswith('# Why.\n\n# --- Bodies\n\n[[difference]]\nid = "order"')


def test_an_entry_that_covers_nothing_is_stale(entries: list[_known.Known], tmp_path: Path) -> None:
    nothing = LIST.replace("count = 1", "count = 0")
    (tmp_path / "known.toml").write_text(nothing, encoding="utf-8")

    assert "stale     order" in str(judge(_known.load(), *VARY))
    assert judge(entries, *VARY, ORDER).holds


def test_shrinking_lowers_and_removes_but_never_adds(entries: list[_known.Known]) -> None:
    shrunk = _known.shrink(LIST, judge(entries, VARY[0]))

    assert "count = 1" in shrunk
    assert '"order"' not in shrunk
    assert _known.shrink(LIST, judge(entries, *VARY, *VARY, ORDER)) == LIST


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(LIST.replace('"order"', '"vary"'), "used 2 times", id="one id twice"),
        pytest.param(LIST.replace("not built", " "), "'order' has no reason", id="no reason"),
    ],
)
def test_a_bad_list_is_refused(text: str, said: str, entries: list[_known.Known]) -> None:
    assert entries
    _known.PATH.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=said):
        _known.load()
