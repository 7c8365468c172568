"""Figures as files, and as SVG inside a page, whose fonts and colors they then take."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any

from .style import DARK, css_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OPTIONS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "neuromorph",  # equal figures give equal files
    "font.family": ["DejaVu Sans", "sans-serif"],
    "hatch.linewidth": 0.8,
}


def figure_bytes(ax: Axes, kind: str) -> bytes:
    """Render the figure of ``ax``.

    Parameters
    ----------
    ax : Axes
        Axes of the figure.
    kind : {"png", "svg"}
        Format.

    Returns
    -------
    bytes
        The file.
    """
    import matplotlib

    figure: Any = ax.figure
    file = io.BytesIO()
    with matplotlib.rc_context(_OPTIONS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may use a script without a font
        options: dict[str, Any] = {"metadata": {"Date": None}, "transparent": True} if kind == "svg" else {"dpi": 200}
        figure.savefig(file, format=kind, bbox_inches="tight", pad_inches=0.06, **options)
    return file.getvalue()


def inline_svg(svg: bytes, description: str) -> str:
    """Convert an SVG file of matplotlib to an element that scales with its page.

    Parameters
    ----------
    svg : bytes
        The file.
    description : str
        Text for screen readers.

    Returns
    -------
    str
        The ``<svg>`` element.
    """
    from markupsafe import escape

    _, head, text = re.split(r"(<svg[^>]*>)", svg.decode(), maxsplit=1)
    width, height = (float(re.search(rf' {side}="([\d.]+)pt"', head)[1]) for side in ("width", "height"))  # type: ignore[index]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.S)
    text = re.sub(r"<[^>]*>", lambda tag: _of_the_page(tag[0]), text)
    return (
        f'<svg role="img" aria-label="{escape(description)}" viewBox="0 0 {width} {height}" '
        f'style="max-width: {width * 1.5:.0f}px" xmlns:xlink="http://www.w3.org/1999/xlink">{text}'
    )


def _of_the_page(tag: str) -> str:
    """Remove from a tag what only a file of its own needs; text between tags is kept as it is."""
    tag = re.sub(r' id="[A-Za-z]\w*_\d+"', "", tag)  # ids repeat in every figure, and nothing refers to them
    tag = re.sub(r"(?<=[\" ])font-family: [^;\"]*;?", "", tag)
    tag = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", tag)
    for color in DARK:
        tag = tag.replace(color, f"var({css_name(color)})")
    return tag
