"""Every colour, size and duration of the window: the only place where they are written as literals."""

from dataclasses import dataclass

SPACE_4, SPACE_8, SPACE_12, SPACE_16, SPACE_24, SPACE_32, SPACE_48 = 4, 8, 12, 16, 24, 32, 48
RADIUS_CONTROL = 6
RADIUS_CARD = 10

FONT_PX = 13
FONT_SMALL_PX = 12
FONT_READING_PX = 15
FONT_HEADING_PX = 20
LINE_HEIGHT_PERCENT = 155
MEASURE_CHARACTERS = 72

ICON_RAIL_PX = 20
ICON_PX = 16
PICTURE_PX = 40
CONTROL_PX = 28
ROW_PX = 30
RAIL_PX = 52
SIDE_PX = 248
READER_PX = 460
NARROW_PX = 1000
CARD_WIDTH_PX = 216
CARD_HEIGHT_PX = 88

TILE_PX = 18
TILE_GAP_PX = 4
TILE_RADIUS = 4

MOTION_MS = 120
FRAME_MS = 33
UNDO_MS = 10_000
MESSAGE_MS = 8_000


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as #RRGGBB. `on_accent` is text on the accent; `strong_line` outlines controls."""

    name: str
    paper: str
    surface: str
    ink: str
    muted: str
    hairline: str
    strong_line: str
    hover: str
    selected: str
    accent: str
    on_accent: str
    mark: str
    cited: str
    warning: str
    error: str
    good: str
    dark: bool = False


LIGHT = Palette(
    name="light",
    paper="#FBFAF7",
    surface="#FFFFFF",
    ink="#1E1F24",
    muted="#6A6C75",
    hairline="#E6E3DC",
    strong_line="#CFCBC1",
    hover="#F2EFE8",
    selected="#E7EEEA",
    accent="#2F5D50",
    on_accent="#FFFFFF",
    mark="#FFE9A8",
    cited="#FFD24D",
    warning="#B4540A",
    error="#B3261E",
    good="#2E7D4F",
)

DARK = Palette(
    name="dark",
    paper="#17181B",
    surface="#1F2125",
    ink="#ECEBE6",
    muted="#9A9CA5",
    hairline="#2E3036",
    strong_line="#44474F",
    hover="#25272C",
    selected="#26332F",
    accent="#7FB8A4",
    on_accent="#12201B",
    mark="#4A3F16",
    cited="#7A6412",
    warning="#E9A15B",
    error="#F08A82",
    good="#78C493",
    dark=True,
)

HIGH_CONTRAST = Palette(
    name="high contrast",
    paper="#FFFFFF",
    surface="#FFFFFF",
    ink="#000000",
    muted="#3A3A3A",
    hairline="#6E6E6E",
    strong_line="#000000",
    hover="#E6E6E6",
    selected="#D6E6DF",
    accent="#00402F",
    on_accent="#FFFFFF",
    mark="#FFE066",
    cited="#FFB800",
    warning="#8A3B00",
    error="#9B0000",
    good="#005A26",
)

PAGE_PAPER = "#FFFFFF"
"""Pages of documents keep their paper and the light marks in every theme."""
PAGE_MARK = LIGHT.mark
PAGE_CITED = LIGHT.cited
