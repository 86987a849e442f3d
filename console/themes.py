"""The themes, and the colours that keep their text legible on every kind of line.

A theme says how much its text must stand out at least, as WCAG 2 reckons it: 4.5 is its level AA, 7 is AAA. A tone
that falls short on a line, such as green on the cursor's blue, is made lighter (or darker) until it does not.
"""

from __future__ import annotations

from typing import Final

from textual.color import Color
from textual.theme import Theme

from console.looks import Look

AA, AAA = 4.5, 7.0
LEAST: Final = "least-contrast"
"""The theme variable that says how much text stands out at least."""

NIGHT: Final = Theme(
    name=Look.NIGHT.value,
    primary="#6cb2e8",
    secondary="#7fb5a6",
    accent="#e3b15f",
    foreground="#cfd8e3",
    background="#10151d",
    surface="#161d27",
    panel="#1f2833",
    success="#74c394",
    warning="#e6b05c",
    error="#ee807b",
    dark=True,
    variables={
        LEAST: f"{AA}",
        "footer-background": "#161d27",
        "footer-key-foreground": "#e3b15f",
        "footer-description-foreground": "#9fb0c2",
        "input-selection-background": "#6cb2e8 35%",
        "scrollbar": "#2c3847",
        "scrollbar-background": "#131922",
        "scrollbar-hover": "#3d4c5f",
        "scrollbar-active": "#6cb2e8",
    },
)
DAY: Final = Theme(
    name=Look.DAY.value,
    primary="#1a659e",
    secondary="#2f6f62",
    accent="#8a5a00",
    foreground="#1c2733",
    background="#f7f8fa",
    surface="#eceff3",
    panel="#dde3ea",
    success="#1f7042",
    warning="#8a5800",
    error="#ad2c27",
    dark=False,
    variables={
        LEAST: f"{AA}",
        "footer-background": "#eceff3",
        "footer-key-foreground": "#8a5a00",
        "footer-description-foreground": "#44525f",
        "input-selection-background": "#1a659e 30%",
        "scrollbar": "#c2cbd5",
        "scrollbar-background": "#eceff3",
        "scrollbar-hover": "#a9b5c1",
        "scrollbar-active": "#1a659e",
    },
)
CONTRAST: Final = Theme(
    name=Look.CONTRAST.value,
    primary="#66ccff",
    secondary="#8ff0d0",
    accent="#ffd75e",
    foreground="#ffffff",
    background="#000000",
    surface="#0a0a0a",
    panel="#262626",
    success="#5cff95",
    warning="#ffd75e",
    error="#ff9d96",
    dark=True,
    variables={
        LEAST: f"{AAA}",
        "text-muted": "#d6d6d6",
        "footer-background": "#000000",
        "footer-foreground": "#ffffff",
        "footer-key-foreground": "#ffd75e",
        "footer-description-foreground": "#ffffff",
        "input-selection-background": "#66ccff 45%",
        "scrollbar": "#8a8a8a",
        "scrollbar-background": "#1c1c1c",
        "scrollbar-hover": "#c0c0c0",
        "scrollbar-active": "#ffffff",
    },
)
SAFE: Final = Theme(
    # Blue, yellow and vermilion differ for every kind of colour vision (after the palette of Okabe and Ito).
    name=Look.SAFE.value,
    primary="#c9bdf5",
    secondary="#9fb8d0",
    accent="#f2f0c8",
    foreground="#dcdfe6",
    background="#101218",
    surface="#171a22",
    panel="#222631",
    success="#56a8f5",
    warning="#f5e663",
    error="#ff7526",
    dark=True,
    variables={
        LEAST: f"{AA}",
        "footer-background": "#171a22",
        "footer-key-foreground": "#f2f0c8",
        "footer-description-foreground": "#b4bac8",
        "input-selection-background": "#c9bdf5 35%",
        "scrollbar": "#363c4b",
        "scrollbar-background": "#13161d",
        "scrollbar-hover": "#4a5164",
        "scrollbar-active": "#c9bdf5",
    },
)
THEMES: Final = (NIGHT, DAY, CONTRAST, SAFE)


def contrast(one: Color, other: Color) -> float:
    """How much two colours stand out from each other: 1 not at all, 21 black on white (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def legible(color: Color, background: Color, least: float) -> Color:
    """The colour, or the one nearest to it on the way to white or black that stands out enough from a background."""
    away = Color(255, 255, 255) if _luminance(background) < 0.18 else Color(0, 0, 0)
    steps = (color.blend(away, step / 20, 1.0) for step in range(21))
    return next((each for each in steps if contrast(each, background) >= least), away)
