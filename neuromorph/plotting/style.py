"""Colors of figures and page.

The colors of figures are also names: on the page they become CSS variables, so that one figure serves the light and the
dark scheme. Hues follow Okabe and Ito (2008) and differ for all common kinds of color blindness; shapes and hatches
carry the same information.
"""

from __future__ import annotations

INK, MUTED, LINE, PAPER = "#1d2328", "#5d6871", "#d9dee2", "#ffffff"

# Colors of the targets in the order of the table.
SERIES_COLORS = ("#2f74b8", "#d0602f", "#1e9477", "#9361b3", "#b0860e", "#c4557f", "#5b7785", "#6a8f2f")
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h")

# Colors of the kinds of evidence of a number, from the firmest to the weakest.
KIND_COLORS = {"measured": "#167c74", "modelled": "#3d6db4", "assumed": "#cf8b1a", "forecast": "#b0567c"}

# Dark scheme: the same hues, lighter.
DARK = {
    INK: "#e7eaec",
    MUTED: "#9aa6af",
    LINE: "#333c44",
    PAPER: "#1b2127",
    **dict(
        zip(
            SERIES_COLORS,
            ("#68a5e3", "#ee8a5c", "#45c2a1", "#bd93db", "#d9b13c", "#e685aa", "#93aebb", "#9bc35a"),
            strict=True,
        )
    ),
    **dict(zip(KIND_COLORS.values(), ("#3fb5ab", "#7aa5e6", "#e9b04c", "#e08db0"), strict=True)),
}


def series_color(k: int) -> str:
    """Look up the color of the k-th target.

    Returns
    -------
    str
        The color.
    """
    return SERIES_COLORS[k % len(SERIES_COLORS)]


def css_name(color: str) -> str:
    """Convert a color to its CSS variable, such as ``--c1d2328``.

    Returns
    -------
    str
        The name of the variable.
    """
    return f"--c{color[1:]}"
