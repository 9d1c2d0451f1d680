"""Text that a handler sent, made fit to be shown: characters that cannot be seen are written out.

Header values and error messages come from the handler; a control character, half a surrogate pair
or a change of writing direction among them would break a format, or show what is not there.
"""

from __future__ import annotations

import re

# The complement is what XML 1.0 can hold, without C1 controls and marks of writing direction.
_HIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
    "|[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def visible(text: str) -> str:
    r"""Return the text with `\u001b` and the like in place of what cannot be seen."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
