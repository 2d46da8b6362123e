"""Qt's own words (the calendar, the menu of a text field) in the language of the screen."""

from functools import lru_cache

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

from ui.i18n import language


@lru_cache(maxsize=4)
def _translator(name: str) -> QTranslator:
    translator = QTranslator()
    translator.load(f"qtbase_{name}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    return translator


def follow_language() -> None:
    """Install `qtbase_zh_CN`, or take it away for English, which Qt speaks by itself."""
    app = QCoreApplication.instance()
    if app is None:
        return
    app.removeTranslator(_translator("zh_CN"))
    if language() == "zh_CN":
        app.installTranslator(_translator("zh_CN"))
