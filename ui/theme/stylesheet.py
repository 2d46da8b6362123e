"""The one stylesheet: surfaces, borders and the states of controls. Text colours of labels live in the palette.

Widgets name their part by dynamic properties (`role`, `tone`, `size`); there is no per-widget stylesheet anywhere.
No font size is set here, or the text-size setting would not reach it.
"""

from collections.abc import Callable
from pathlib import Path

from ui.theme.tokens import Tokens

ASSETS = Path(__file__).parent / "assets"


def stylesheet(k: Tokens, px: Callable[[float], int]) -> str:
    """The stylesheet for one set of tokens, lengths scaled by `px`."""
    scheme = "dark" if k.dark else "light"

    def asset(name: str) -> str:
        return (ASSETS / f"{name}-{scheme}.svg").as_posix()

    card, control = px(8), px(6)
    tones = "".join(
        f'QFrame[role="notice"][tone="{tone}"] {{ background: {ground}; border: none; border-radius: {control}px; }}\n'
        f'QFrame[role="chip"][tone="{tone}"] {{ background: {ground}; border: none; border-radius: {px(5)}px; }}\n'
        for tone, ground in (
            ("shilv", k.shilv_t),
            ("shiqing", k.shiqing_t),
            ("zheshi", k.zheshi_t),
            ("zitang", k.zitang_t),
            ("zhusha", k.zhusha_t),
            ("accent", k.tint),
            ("neutral", k.sunken),
            ("onair", k.onair),
        )
    )
    return f"""
* {{ outline: none; }}
QToolTip {{ background: {k.surface}; color: {k.ink}; border: 1px solid {k.line}; padding: {px(4)}px {px(6)}px; }}
QMainWindow, QDialog, QWidget[role="page"] {{ background: {k.win}; }}
QScrollArea, QScrollArea > QWidget > QWidget[role="scrolled"] {{ background: transparent; border: none; }}
QFrame[role="card"] {{ background: {k.surface}; border: 1px solid {k.line}; border-radius: {card}px; }}
QFrame[role="inset"] {{ background: {k.surface}; border: 1px solid {k.line}; border-radius: {card}px; }}
QFrame[role="step"] {{ background: {k.surface}; border: 1px solid {k.line}; border-radius: {card}px; }}
QFrame[role="step"][state="current"] {{ background: {k.zheshi_t}; border: 2px solid {k.zheshi}; }}
QFrame[role="step"][state="open"] {{ background: {k.win}; border: 1px solid {k.line}; }}
QFrame[role="panel"] {{ background: {k.surface}; border: none; }}
QFrame[role="panel"][edge="left"] {{ border-left: 1px solid {k.line}; }}
QFrame[role="panel"][edge="right"] {{ border-right: 1px solid {k.line}; }}
QFrame[role="panel"][edge="top"] {{ border-top: 1px solid {k.line}; }}
QFrame[role="panel"][edge="bottom"] {{ border-bottom: 1px solid {k.line}; }}
QFrame[role="return"] {{ background: {k.tint}; border: none; border-bottom: 1px solid {k.line}; }}
QFrame[role="rail"] {{ background: {k.rail}; border: none; }}
QFrame[role="divider"] {{ background: {k.line}; border: none; }}
QFrame[role="divider"][tone="strong"] {{ background: {k.ctl}; }}
QFrame[role="row"] {{ background: transparent; border: none; border-bottom: 1px solid {k.line}; }}
QFrame[role="row"][last="true"] {{ border-bottom: none; }}
QFrame[role="row"][selected="true"] {{ background: {k.tint}; border-left: {px(4)}px solid {k.accent}; }}
QFrame[role="chip"][tone="quiet"] {{ background: transparent; border: none; }}
QFrame[role="chip"][tone="outline"] {{
    background: transparent; border: 1px solid {k.ctl}; border-radius: {px(5)}px; }}
{tones}
QPushButton {{
    background: {k.surface}; color: {k.ink}; border: 1px solid {k.ctl}; border-radius: {control}px;
    padding: {px(3)}px {px(13)}px; min-height: {px(30)}px; }}
QPushButton:hover {{ background: {k.win if not k.dark else k.tint}; }}
QPushButton:pressed {{ background: {k.tint}; }}
QPushButton:disabled {{ background: {k.sunken}; color: {k.ink3}; border-color: {k.line}; }}
QPushButton[extent="small"] {{ min-height: {px(24)}px; padding: {px(2)}px {px(11)}px; }}
QPushButton[extent="large"] {{ min-height: {px(48)}px; padding: {px(3)}px {px(24)}px; }}
QPushButton[role="primary"] {{
    background: {k.accent}; color: {k.on_accent}; border-color: {k.accent}; }}
QPushButton[role="primary"]:hover {{ background: {k.accent_hover}; border-color: {k.accent_hover}; }}
QPushButton[role="primary"]:disabled {{ background: {k.sunken}; color: {k.ink3}; border-color: {k.line}; }}
QPushButton[role="danger"] {{ color: {k.zhusha}; border-color: {k.zhusha}; }}
QPushButton[role="danger"]:hover {{ background: {k.zhusha_t}; }}
QPushButton[role="danger"]:disabled {{ color: {k.ink3}; border-color: {k.line}; }}
QPushButton[role="link"] {{ background: transparent; color: {k.accent}; border: 1px solid transparent; }}
QPushButton[role="link"]:hover {{ background: {k.tint}; }}
QPushButton[role="link"]:disabled {{ color: {k.ink3}; }}
QPushButton[role="icon"] {{
    background: transparent; border: 1px solid transparent; padding: 0px; min-width: {px(32)}px; }}
QPushButton[role="icon"]:hover {{ background: {k.tint}; }}
QPushButton[role="icon"]:checked {{ background: {k.tint}; border-color: {k.accent}; }}
QPushButton[role="segment"] {{ border-radius: 0px; border-right: none; padding: {px(3)}px {px(13)}px; }}
QPushButton[role="segment"][place="first"] {{
    border-top-left-radius: {control}px; border-bottom-left-radius: {control}px; }}
QPushButton[role="segment"][place="last"] {{
    border-right: 1px solid {k.ctl};
    border-top-right-radius: {control}px; border-bottom-right-radius: {control}px; }}
QPushButton[role="segment"]:checked {{
    background: {k.accent}; color: {k.on_accent}; border-color: {k.accent}; }}
QPushButton[role="person"] {{ text-align: left; padding: {px(3)}px {px(14)}px; min-height: {px(34)}px; }}
QPushButton[role="person"]:checked {{
    background: {k.tint}; border: 2px solid {k.accent}; padding: {px(3) - 1}px {px(14) - 1}px; }}
QPushButton[role="line"] {{
    background: transparent; border: none; border-bottom: 1px solid {k.line}; border-radius: 0px; padding: 0px; }}
QPushButton[role="line"]:hover {{ background: {k.win}; }}
QPushButton[role="line"][selected="true"] {{
    background: {k.tint}; border-left: {px(4)}px solid {k.accent}; border-bottom: 1px solid {k.line}; }}
QPushButton[role="rail"] {{ background: transparent; border: none; padding: 0px; min-height: 0px; }}
QLineEdit, QComboBox, QDateEdit, QSpinBox {{
    background: {k.surface}; color: {k.ink}; border: 1px solid {k.ctl}; border-radius: {control}px;
    padding: {px(3)}px {px(10)}px; min-height: {px(30)}px;
    selection-background-color: {k.accent}; selection-color: {k.on_accent}; }}
QLineEdit:focus, QComboBox:focus, QDateEdit:focus, QSpinBox:focus,
QPlainTextEdit:focus, QTextEdit:focus {{ border: 2px solid {k.focus}; }}
QLineEdit:focus, QComboBox:focus, QDateEdit:focus, QSpinBox:focus {{
    padding: {px(3) - 1}px {px(10) - 1}px; }}
QLineEdit:disabled, QComboBox:disabled, QDateEdit:disabled, QSpinBox:disabled {{
    background: {k.sunken}; color: {k.ink3}; border-color: {k.line}; }}
QLineEdit[extent="large"] {{ min-height: {px(42)}px; }}
QLineEdit[fault="true"] {{ border: 2px solid {k.zhusha}; padding: {px(3) - 1}px {px(10) - 1}px; }}
QLineEdit[readOnly="true"] {{ background: {k.sunken}; }}
QComboBox::drop-down, QDateEdit::drop-down {{ border: none; width: {px(28)}px; }}
QComboBox::down-arrow, QDateEdit::down-arrow {{
    image: url({asset("chevron")}); width: {px(14)}px; height: {px(14)}px; }}
QSpinBox QLineEdit {{ min-height: 0px; }}
QSpinBox::up-button, QSpinBox::down-button {{ border: none; background: transparent; width: {px(24)}px; }}
QSpinBox::up-arrow {{ image: url({asset("chevron-up")}); width: {px(12)}px; height: {px(12)}px; }}
QSpinBox::down-arrow {{ image: url({asset("chevron")}); width: {px(12)}px; height: {px(12)}px; }}
QComboBox QAbstractItemView {{
    background: {k.surface}; color: {k.ink}; border: 1px solid {k.ctl};
    selection-background-color: {k.tint}; selection-color: {k.ink}; padding: {px(4)}px; }}
QPlainTextEdit, QTextEdit {{
    background: {k.surface}; color: {k.ink}; border: 1px solid {k.ctl}; border-radius: {control}px;
    padding: {px(6)}px {px(8)}px; selection-background-color: {k.accent}; selection-color: {k.on_accent}; }}
QCheckBox, QRadioButton {{ color: {k.ink}; spacing: {px(8)}px; min-height: {px(32)}px; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {k.ink3}; }}
QCheckBox::indicator, QAbstractItemView::indicator {{
    width: {px(16)}px; height: {px(16)}px; border: 1px solid {k.ctl}; border-radius: {px(3)}px;
    background: {k.surface}; }}
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked {{
    background: {k.accent}; border-color: {k.accent}; image: url({asset("check")}); }}
QCheckBox::indicator:disabled {{ border-color: {k.line}; background: {k.sunken}; }}
QAbstractItemView {{
    background: {k.surface}; color: {k.ink}; border: 1px solid {k.line}; border-radius: {control}px;
    selection-background-color: {k.tint}; selection-color: {k.ink}; }}
QTextEdit[role="plain"], QTextEdit[role="plain"]:focus {{ background: transparent; border: none; padding: 0px; }}
QAbstractItemView[role="plain"] {{ background: transparent; border: none; border-radius: 0px; }}
QTreeView::item, QListView::item {{ min-height: {px(34)}px; padding: 0px {px(6)}px; }}
QTableView::item {{ padding: 0px {px(6)}px; }}
QTreeView::item:selected, QListView::item:selected {{ background: {k.tint}; color: {k.ink}; }}
QHeaderView::section {{
    background: {k.surface}; color: {k.ink2}; border: none; border-bottom: 1px solid {k.line};
    padding: {px(6)}px; font-weight: bold; }}
QProgressBar {{
    background: {k.sunken}; border: none; border-radius: {px(3)}px; max-height: {px(6)}px; min-height: {px(6)}px; }}
QProgressBar::chunk {{ background: {k.accent}; border-radius: {px(3)}px; }}
QScrollBar:vertical {{ background: transparent; width: {px(10)}px; margin: 0px; }}
QScrollBar::handle:vertical {{ background: {k.ctl}; border-radius: {px(4)}px; min-height: {px(36)}px; margin: 1px; }}
QScrollBar:horizontal {{ background: transparent; height: {px(10)}px; margin: 0px; }}
QScrollBar::handle:horizontal {{ background: {k.ctl}; border-radius: {px(4)}px; min-width: {px(36)}px; margin: 1px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0px; height: 0px; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QMenu {{ background: {k.surface}; color: {k.ink}; border: 1px solid {k.ctl}; padding: {px(4)}px; }}
QMenu::item {{ padding: {px(7)}px {px(18)}px; border-radius: {px(4)}px; }}
QMenu::item:selected {{ background: {k.tint}; }}
QMenu::separator {{ height: 1px; background: {k.line}; margin: {px(4)}px; }}
QSplitter::handle {{ background: {k.line}; }}
"""
