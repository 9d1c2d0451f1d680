"""What the tests share: a page that is open, and what is measured inside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

PHONE, DESKTOP = 360, 1280


@dataclass
class Tab:
    """A page that is open, and what it did on its own.

    Attributes:
        page: The page.
        asked: Every address it asked for.
        complaints: What it wrote to the console, and its uncaught errors.
    """

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


Open = Callable[..., Tab]

OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"

# Relative luminance and contrast as in WCAG 2.2, 1.4.3; a text's ground is that of the nearest
# ancestor that has one.
FAINT_TEXTS = """
() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if ((channels(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    seen += 1;
    const [high, low] = [getComputedStyle(element).color, ground(element)]
      .map(luminance).sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faint.push(`${texts.currentNode.data.trim().slice(0, 40)}: ${ratio}`);
  }
  if (seen < 5) faint.push(`only ${seen} texts were seen`);
  return [...new Set(faint)];
}
"""
GROUND = "getComputedStyle(document.body).backgroundColor"
WIDTH = "document.documentElement.scrollWidth"


def faint_texts(page: Page) -> list[str]:
    """Return the visible texts whose contrast with their ground is below 4.5, with the ratio."""
    return page.evaluate(FAINT_TEXTS)  # type: ignore[no-any-return]
