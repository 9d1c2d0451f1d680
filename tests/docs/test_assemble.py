from __future__ import annotations

import pytest
from assemble import turn_links


@pytest.mark.parametrize(
    ("source", "link", "turned", "others"),
    [
        pytest.param("README.md", "[a](docs/ci.md)", "[a](ci.md)", set(), id="page-of-docs"),
        pytest.param("docs/ci.md", "[a](../README.md)", "[a](index.md)", set(), id="root"),
        pytest.param("docs/ci.md", "[a](matrix.md#b)", "[a](matrix.md#b)", set(), id="anchor"),
        pytest.param(
            "docs/ci.md",
            "[a](../tox.ini)",
            "[a](repository/tox.ini.txt)",
            {"tox.ini"},
            id="file-of-the-repository",
        ),
        pytest.param(
            "README.md",
            "[a](.ci/run)",
            "[a](repository/ci/run.txt)",
            {".ci/run"},
            id="hidden-at-the-root",
        ),
        pytest.param("README.md", "[a](examples)", "a", set(), id="folder"),
        pytest.param("README.md", "[a](https://b/c)", "[a](https://b/c)", set(), id="elsewhere"),
        pytest.param("README.md", "[a](#b)", "[a](#b)", set(), id="same-page"),
    ],
)
def test_a_link_leads_to_the_page_or_to_a_copy(
    source: str, link: str, turned: str, others: set[str]
) -> None:
    assert turn_links(source, f"See {link}.") == (f"See {turned}.", others)


def test_a_link_that_leads_nowhere_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="links to docs/nothing"):
        turn_links("README.md", "[a](docs/nothing.md)")
