"""The style sheet, made from the tokens. Widgets say what they are by the property `role`; here is how that looks."""

from string import Template

from gui.theme.tokens import (
    FONT_HEADING_PX,
    FONT_PX,
    FONT_READING_PX,
    FONT_SMALL_PX,
    RADIUS_CARD,
    RADIUS_CONTROL,
    Palette,
)

_SHEET = Template("""
QWidget { color: $ink; }
QMainWindow, QDialog { background: $paper; }
QToolTip { background: $surface; color: $ink; border: 1px solid $strong_line; padding: 4px 8px; }
QSplitter::handle { background: $paper; border-left: 1px solid $hairline; }
QScrollArea, QScrollArea > QWidget > QWidget[role="plain"] { background: transparent; border: none; }
QAbstractScrollArea { border: none; background: transparent; }

*[role="rail"] { background: $paper; border-right: 1px solid $hairline; }
*[role="bar"] { background: $paper; border-bottom: 1px solid $hairline; }
*[role="foot"] { background: $paper; border-top: 1px solid $hairline; }
*[role="pane"] { background: $paper; }
*[role="backdrop"] { background: $hover; }
*[role="card"] { background: $surface; border: 1px solid $hairline; border-radius: ${card}px; }
*[role="card"]:hover { border-color: $strong_line; }
*[role="card"]:focus { border-color: $accent; }
*[role="composer"] { background: $surface; border: 1px solid $strong_line; border-radius: ${card}px; }
*[role="composer"][active="true"] { border-color: $accent; }
*[role="message"] { background: $surface; border: 1px solid $strong_line; border-radius: ${card}px; }
*[role="question"] { background: $hover; border-radius: ${card}px; }
*[role="row"] { background: transparent; border: none; border-bottom: 1px solid $hairline; }
*[role="problem"] { background: $surface; border: 1px solid $hairline; border-radius: ${card}px; }

QLabel[role="heading"] { font-size: ${heading}px; font-weight: 600; }
QLabel[role="title"] { font-weight: 600; }
QLabel[role="muted"], QPushButton[role="muted"] { color: $muted; }
QLabel[role="small"] { color: $muted; font-size: ${small}px; }
QLabel[role="section"] { color: $muted; font-size: ${small}px; font-weight: 500; }
QLabel[role="way"] { color: $muted; font-size: ${small}px; padding: 8px 16px 0 16px; }
QLabel[role="warning"] { color: $warning; }
QLabel[role="error"] { color: $error; }
QLabel[role="good"] { color: $good; }
QLabel[role="reading"] { font-size: ${reading}px; }

QToolButton { border: 1px solid transparent; border-radius: ${control}px; padding: 4px; background: transparent; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $selected; }
QToolButton:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton[role="text"] { padding: 4px 8px; }
QToolButton[role="send"] { background: $accent; border-color: $accent; }
QToolButton[role="send"]:hover { border-color: $ink; }
QToolButton[role="send"]:disabled { background: $hover; border-color: $hover; }
QToolButton[role="latest"] { background: $surface; border: 1px solid $strong_line;
  border-radius: 14px; padding: 4px 12px; }

QPushButton { border: 1px solid $strong_line; border-radius: ${control}px; padding: 5px 12px; background: $surface; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $selected; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $muted; border-color: $hairline; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[role="primary"]:hover, QPushButton[role="primary"]:focus { border-color: $ink; }
QPushButton[role="primary"]:disabled { background: $hover; color: $muted; border-color: $hover; }
QPushButton[role="link"] { border: 1px solid transparent; background: transparent; color: $accent;
  padding: 4px 6px; text-align: left; }
QPushButton[role="link"]:hover { background: $hover; }
QPushButton[role="link"]:focus { border-color: $accent; }
QPushButton[role="fold"] { border: none; border-bottom: 1px solid transparent; background: transparent;
  color: $muted; padding: 4px 0; text-align: left; }
QPushButton[role="fold"]:hover { color: $accent; }
QPushButton[role="fold"]:focus { border-bottom-color: $accent; }
QPushButton[role="chip"] { background: $surface; border: 1px solid $hairline;
  border-radius: ${control}px; padding: 4px 8px; font-size: ${small}px; }
QPushButton[role="chip"]:hover { border-color: $accent; background: $hover; }
QPushButton[role="chip"]:focus { border-color: $accent; }
QPushButton[role="legend"] { border: 1px solid transparent; background: transparent; padding: 2px 8px 2px 1px;
  text-align: left; }
QPushButton[role="legend"]:hover { background: $hover; }
QPushButton[role="legend"]:focus { border-color: $accent; }
QPushButton[role="suggestion"] { text-align: left; padding: 8px 12px; background: transparent;
  border-color: $hairline; border-radius: ${card}px; }
QPushButton[role="suggestion"]:hover { background: $surface; border-color: $strong_line; }

QLineEdit { background: $surface; border: 1px solid $hairline; border-radius: ${control}px; padding: 4px 8px;
  selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:hover { border-color: $strong_line; }
QLineEdit:focus { border-color: $accent; }
QLineEdit[role="page"] { padding: 2px 4px; }
QPlainTextEdit, QTextBrowser, QTextEdit { background: transparent; border: none;
  selection-background-color: $accent; selection-color: $on_accent; }
QPlainTextEdit[role="reading"] { background: $surface; font-size: ${reading}px; }
QPlainTextEdit[role="report"] { background: $surface; border: 1px solid $hairline; border-radius: ${control}px;
  padding: 8px; font-size: ${small}px; }
QPlainTextEdit[role="composer-text"] { font-size: ${reading}px; }

QListView, QTableView, QTreeView { background: transparent; border: none; outline: none; }
QTableView { selection-background-color: $selected; selection-color: $ink; }
QTableView::item { padding: 0 8px; border-bottom: 1px solid $hairline; }
QTableView::item:hover { background: $hover; }
QTableView::item:selected { background: $selected; color: $ink; }
QHeaderView { background: transparent; }
QHeaderView::section { background: $paper; color: $muted; border: none; border-bottom: 1px solid $hairline;
  padding: 6px 11px; font-size: ${small}px; }

QTableView[role="sheet"] { background: $surface; gridline-color: $hairline; }
QTableView[role="sheet"]::item { border-bottom: none; }
QTableView[role="sheet"] QHeaderView::section { padding: 4px 11px; }
QTableView[role="sheet"] QHeaderView::section:vertical { border-bottom: none; border-right: 1px solid $hairline; }
QTableView QTableCornerButton::section { background: $paper; border: none; border-bottom: 1px solid $hairline;
  border-right: 1px solid $hairline; }

QMenu { background: $surface; border: 1px solid $strong_line; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: ${control}px; }
QMenu::item:selected { background: $selected; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $hairline; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }

QProgressBar { background: $hairline; border: none; border-radius: 2px; max-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar::handle { background: $strong_line; border-radius: 3px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
""")


def stylesheet(palette: Palette) -> str:
    """Return the style sheet of the whole window for one palette."""
    return _SHEET.substitute(
        vars(palette),
        control=RADIUS_CONTROL,
        card=RADIUS_CARD,
        base=FONT_PX,
        small=FONT_SMALL_PX,
        reading=FONT_READING_PX,
        heading=FONT_HEADING_PX,
    )
