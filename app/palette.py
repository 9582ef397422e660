"""The dashboard's colours, each once. No streamlit here.

They read on light and dark. Of the six line colours no two come closer than 6 in CIELAB under
normal sight, protanopia or deuteranopia; where a figure has more lines than colours, dashes tell
them apart.
"""

BLUE, ORANGE, GREY = "#3b82c4", "#dd7330", "#8b8f97"
PURPLE, TEAL, OCHRE = "#7b5fc4", "#1f9aa8", "#b8860b"

LINES = (BLUE, ORANGE, PURPLE, TEAL, OCHRE, GREY)
"""One per curve, run or group, in this order, then again."""
CLASSES = {"inlier": BLUE, "boundary": GREY, "outlier": ORANGE}

FEW, MANY = "#e3eef8", "#7fb0dd"
"""The ends of a scale of counts that are written on it."""
ON_COUNTS = "#10243a"
"""Text on that scale."""

REPORT = {
    "text": "#222222",
    "ground": "#ffffff",
    "rule": "#dddddd",
    "block": "#f5f6f8",
    "warning": "#b00020",
}
"""A comparison as a file: it is read on paper as well, so it is always light."""

THEME = {
    "light": {
        "primaryColor": "#1f6fb2",
        "textColor": "#15171c",
        "blueColor": "#1f6fb2",
        "orangeColor": "#d3641a",
    },
    "dark": {
        "primaryColor": "#2c7bbb",
        "linkColor": "#5aa9e6",
        "blueColor": "#5aa9e6",
        "orangeColor": "#f0924a",
    },
}
"""Blue and orange as text and as dots of the difficulty plot: darker on light and lighter on dark,
where a figure's have to do for both. Written again in app/.streamlit/config.toml, which Streamlit
reads, and in the plot's style sheet, for a page without a theme.
"""


def faded(colour: str, opacity: float) -> str:
    """A colour as CSS that lets what is behind it show through."""
    red, green, blue = channels(colour)
    return f"rgba({red},{green},{blue},{opacity:.2f})"


def channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
