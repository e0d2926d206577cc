"""Text of a run as HTML: the one place where what others wrote becomes markup.

Markdown goes through a maintained parser that takes no HTML, formulas become MathML, and all of it passes a sanitizer
with a short list of tags last of all: neither parser is trusted alone. Control and bidirectional characters are written
as escapes first, so that no text looks other than it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from judgebench.errors import visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

_MOST_MARKDOWN = 24_000
"""Characters up to which a text is rendered; a longer one is shown as it is written."""
_MOST_SHOWN = 1_000_000
"""Characters of one text on a page; the record as JSON holds all of it."""
_MOST_MATH = 2_000
_MOST_INLINE = 400
"""Characters of a formula in a line: at every dollar sign so many are looked through."""
_MATH = frozenset(
    {
        "math", "mrow", "mi", "mo", "mn", "mfrac", "msup", "msub", "msubsup", "msqrt", "mroot", "mtext", "mspace",
        "mtable", "mtr", "mtd", "munder", "mover", "munderover", "mstyle", "mpadded", "menclose", "mphantom",
    }
)  # fmt: skip
_TAGS = _MATH | {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "h1", "h2", "h3", "h4",
    "h5", "h6", "table", "thead", "tbody", "tr", "th", "td", "span",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"}, "ol": {"start"}, "math": {"display"}, "mo": {"stretchy", "fence"}, "mfrac": {"linethickness"},
    "mi": {"mathvariant"}, "mspace": {"width"}, "mtd": {"columnalign"}, "span": {"class"},
}  # fmt: skip
_CLASSES = {"formula"}
_INLINE = re.compile(r"\\\((.+?)\\\)|\$\$(.+?)\$\$|\$(?![\s$])(.+?)(?<!\s)\$(?!\d)|\$ (.+?) \$", re.DOTALL)
_DISPLAY = ((r"\[", r"\]"), ("$$", "$$"))
_SIGNS = re.compile(r"[*_`#>|$]|\\[(\[]|^\s*(?:[-+]|\d+\.)\s", re.MULTILINE)


def is_marked_up(text: str) -> bool:
    """Say whether rendering a text as Markdown can make it easier to read."""
    return len(text) <= _MOST_MARKDOWN and _SIGNS.search(text) is not None


@lru_cache(maxsize=256)
def markdown(text: str) -> Markup:
    """Return a text as HTML, its Markdown and its formulas rendered."""
    import nh3

    if len(text) > _MOST_MARKDOWN:
        return plain(text)
    made = _parser().render(visible(text))
    return Markup(  # noqa: S704 - what the sanitizer returns
        nh3.clean(
            made,
            tags=set(_TAGS),
            clean_content_tags={"script", "style"},
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            attribute_filter=_kept_attribute,
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def plain(text: str) -> Markup:
    """Return a text as it is written."""
    cut = text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "\n… cut here; the record as JSON holds all of it"
    return escape(visible(cut))


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """Return a text as it is written, with parts of it highlighted.

    Args:
        text: The text.
        spans: Start and end of each part; what lies outside of the text, or in another part, is left out.
    """
    done, at = Markup(), 0
    for start, end in sorted(spans):
        if not at <= start < end <= len(text):
            continue
        before = max(at, start - _MOST_SHOWN)
        if before > at:
            done += "cut here; the record as JSON holds all of it …\n"
        done += escape(visible(text[before:start]))
        done += Markup('<mark title="the verdict was read here">{}</mark>').format(visible(text[start:end]))
        at = end
    return done + plain(text[at:])


def around(text: str, start: int, end: int, *, reach: int = 60) -> tuple[str, str, str]:
    """Return what stands before a part of a text, the part, and what stands after it, each cut short."""
    before, after = text[max(0, start - reach) : start], text[end : end + reach]
    return (
        ("…" if start > reach else "") + before,
        text[start:end],
        after + ("…" if end + reach < len(text) else ""),
    )


def _kept_attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "span":
        return value if value in _CLASSES else None
    if tag == "a" and name == "href":
        return value if re.match(r"(?:https?|mailto):", value, re.IGNORECASE) else None
    return value


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = (
        MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["image", "reference"])
    )
    parser.inline.ruler.before("escape", "formula", _inline_formula)
    parser.block.ruler.before("paragraph", "formula", _block_formula, {"alt": ["paragraph"]})
    parser.add_render_rule("formula", _render_formula)
    return parser


def _inline_formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    found = _INLINE.match(state.src, state.pos, min(state.posMax, state.pos + _MOST_INLINE))
    if found is None:
        return False
    if not silent:
        token = state.push("formula", "span", 0)
        token.content = next(one for one in found.groups() if one is not None)
        token.block = found[2] is not None
    state.pos = found.end()
    return True


def _block_formula(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    text = state.getLines(first, min(last, first + 60), state.blkIndent, False).lstrip()
    for opening, closing in _DISPLAY:
        if not text.startswith(opening):
            continue
        end = text.find(closing, len(opening))
        line_end = text.find("\n", end)
        rest = text[end + len(closing) : line_end if line_end >= 0 else None]
        if end < 0 or end > _MOST_MATH or rest.strip():
            return False
        if not silent:
            token = state.push("formula", "p", 0)
            token.content = text[len(opening) : end]
            token.block = True
        state.line = first + text.count("\n", 0, end) + 1
        return True
    return False


def _render_formula(_self: object, tokens: Sequence[object], at: int, *_: object) -> str:
    token = tokens[at]
    content: str = getattr(token, "content", "")
    made = formula(content, display=bool(getattr(token, "block", False)))
    return made or f"<code>{escape(content)}</code>"


def formula(latex: str, *, display: bool = False) -> str:
    """Return a formula as MathML, not yet sanitized; empty where it cannot be read."""
    from latex2mathml.converter import convert

    if not latex.strip() or len(latex) > _MOST_MATH:
        return ""
    try:
        made: str = convert(latex.strip(), display="block" if display else "inline")
    except Exception:  # noqa: BLE001 - what the converter cannot read is shown as it is written
        return ""
    return f'<span class="formula">{made}</span>' if display else made
