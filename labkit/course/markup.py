"""The little Markdown that hints and reasons use, as HTML."""

from __future__ import annotations

import re
from html import escape

__all__ = ["inline_html"]

_CODE = re.compile("`([^`\n]+)`")


def inline_html(text: str) -> str:
    """Turn a sentence with code in backticks into HTML; everything else is escaped.

    Examples
    --------
    >>> inline_html("`i32.sub` < top")
    '<code>i32.sub</code> &lt; top'
    """
    return _CODE.sub(r"<code>\1</code>", escape(text))
