"""意见登记: the register above; below it one opinion, its way so far and what comes next."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from desktop_app.domain.faults import Fault
from ui.i18n import fault_text, t
from ui.i18n.dates import day_text, local
from ui.models.app_model import AppModel
from ui.models.link import LinkLight
from ui.models.opinion_rows import OpinionFilter, OpinionRow
from ui.models.opinions_model import OpinionsModel
from ui.records.attachment_panel import AttachmentPanel
from ui.records.opinion_chain import ChainCards
from ui.records.opinion_forms import form_for, line, words
from ui.records.opinion_table import OpinionTable
from ui.shell.office import Office
from ui.theme import font, theme
from ui.theme.icons import icon
from ui.widgets import (
    Button,
    Card,
    EmptyState,
    IconButton,
    LinkButton,
    Notice,
    PrimaryButton,
    ScrollColumn,
    Segmented,
    Text,
    clear,
    flush,
)
from ui.widgets.dialog import Dialog


class OpinionsView(QWidget):
    """The page."""

    def __init__(self, app: AppModel, model: OpinionsModel, office: Office) -> None:
        super().__init__()
        k = theme()
        self.setProperty("role", "page")
        self._app, self.model, self._office = app, model, office
        self._followed: object = None
        self._form_of: tuple[str, str] = ("", "")
        self._form: Card | None = None
        self._files = AttachmentPanel(model.files, self)
        self._files.hide()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(k.px(20), k.px(14), k.px(20), k.px(14))
        outer.setSpacing(k.px(12))
        self._told = QVBoxLayout()
        flush(self._told)
        outer.addLayout(self._told)
        outer.addWidget(self._register(), 2)
        self._detail = ScrollColumn(12)
        outer.addWidget(self._detail, 3)
        model.changed.connect(self.refresh)
        model.failed.connect(self._fail)
        model.exported.connect(lambda path: self._tell(t("opinions.exported", path.name), "shilv"))
        app.link_changed.connect(self.refresh)
        for keys, act in (("Ctrl+N", self.add), ("Ctrl+F", self.search.setFocus)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
        self.refresh()

    @property
    def subtitle(self) -> str:
        return t("opinions.chain")

    def refresh(self) -> None:
        """Take up what the model says now."""
        model = self.model
        for one in OpinionFilter:
            self._filter.set_label(one, t(f"opinions.{one}", model.count(one)))
        self._filter.set_current(model.filter)
        if self.search.text() != model.text:
            self.search.setText(model.text)
        rows, chosen = model.rows, model.chosen
        self._export.setEnabled(bool(rows))
        self.table.show_rows(rows, chosen.pk if chosen is not None else "")
        self._stack.setCurrentWidget(self.table if rows else self._nothing)
        if not rows:
            self._show_nothing()
        self._show_one(chosen)

    def add(self) -> None:
        """新增意见."""
        NewOpinionDialog(self.model, self).open()

    def choose_export(self) -> None:
        """导出台账: choose where."""
        name = f"{t('opinions.file')}.csv"
        path, _ = QFileDialog.getSaveFileName(self, t("opinions.export"), name, t("opinions.export_kinds"))
        if path:
            self.model.export(Path(path))

    def _register(self) -> QFrame:
        k = theme()
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(1, k.px(10), 1, 1)
        column.setSpacing(k.px(8))
        head = QHBoxLayout()
        head.setContentsMargins(k.px(12), 0, k.px(12), 0)
        head.setSpacing(k.px(10))
        self.search = QLineEdit()
        self.search.setFont(font("body"))
        self.search.setPlaceholderText(t("opinions.search"))
        self.search.setAccessibleName(t("opinions.search"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("magnify", "ink3", 18), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setMinimumWidth(k.px(180))
        self.search.textChanged.connect(self.model.search)
        head.addWidget(self.search, 1)
        choices = [(str(one), t(f"opinions.{one}", 888)) for one in OpinionFilter]
        self._filter = Segmented(choices, self.model.filter, self.model.choose_filter)
        head.addWidget(self._filter)
        head.addStretch(1)
        head.addWidget(PrimaryButton(t("opinions.new"), "plus", size="small", clicked=self.add))
        self._export = Button(t("opinions.export"), "file-export-outline", size="small", clicked=self.choose_export)
        head.addWidget(self._export)
        column.addLayout(head)
        self._stack = QStackedWidget()
        self.table = OpinionTable(self.model)
        self.table.chosen.connect(self.model.select)
        self._stack.addWidget(self.table)
        self._nothing = QWidget()
        self._nothing_place = QVBoxLayout(self._nothing)
        flush(self._nothing_place)
        self._stack.addWidget(self._nothing)
        column.addWidget(self._stack, 1)
        card.setMinimumHeight(k.px(210))
        return card

    def _show_nothing(self) -> None:
        model = self.model
        clear(self._nothing_place)
        if not model.ready:
            state = EmptyState("comment-quote-outline", t("opinions.loading"))
        elif model.every:
            title = t("opinions.none_found", model.text) if model.text else t("opinions.empty")
            state = EmptyState("magnify", title, t("opinions.none_found_text"))
        else:
            state = EmptyState("comment-quote-outline", t("opinions.empty"), t("opinions.empty_text"))
        self._nothing_place.addWidget(state)

    def _show_one(self, row: OpinionRow | None) -> None:
        offline = self._app.link.light in (LinkLight.OFFLINE, LinkLight.REFUSED)
        picture = (row, offline)
        if picture == self._followed:
            self._wait()
            return
        self._followed = picture
        column = self._detail.column
        form = self._form
        kept = row is not None and form is not None and self._form_of == (row.pk, row.state)
        if kept and form is not None:  # what was typed stays where another field of the record changed
            form.setParent(self)
            form.hide()
        self._files.setParent(self)
        self._files.hide()
        clear(column)
        if row is None:
            self._form, self._form_of = None, ("", "")
            return
        column.addWidget(self._way(row))
        if not kept or form is None:
            form = form_for(self.model, row)
            self._form, self._form_of = form, (row.pk, row.state)
        column.addWidget(form)
        form.show()
        column.addWidget(self._files)
        self._files.show()
        if offline:
            column.addWidget(Notice(t("form.offline"), icon_name="cloud-off-outline", tone="zheshi"))
        column.addStretch(1)
        self._wait()

    def _wait(self) -> None:
        """Nothing is asked twice while a step is being written."""
        if self._form is not None:
            self._form.setEnabled(not self.model.busy)

    def _way(self, row: OpinionRow) -> Card:
        card = Card()
        head = QHBoxLayout()
        flush(head, 10)
        head.addWidget(Text(row.number or t("opinions.no_number"), "body", "ink2"))
        title = Text(row.text.replace("\n", " "), "page", wrap=True)
        title.setMinimumWidth(1)  # a long line without a space would else ask for all of its width
        head.addWidget(title, 1)
        if row.block:
            see = LinkButton(
                t("opinions.see_minutes"),
                "file-document-outline",
                size="small",
                clicked=lambda: self._office.open_minutes(row.meeting),
            )
            head.addWidget(see, 0, Qt.AlignmentFlag.AlignTop)
        card.body.addLayout(head)
        if row.quote and row.quote != row.text:
            card.body.addWidget(Text(f"{t('opinions.quote')}：{row.quote}", "small", "ink2", wrap=True))
        card.body.addWidget(ChainCards(row))
        return card

    def _fail(self, fault: Fault) -> None:
        self._tell(fault_text(fault), "zhusha")

    def _tell(self, words_: str, tone: str) -> None:
        clear(self._told)
        away = IconButton("close", t("note.away"), clicked=lambda: clear(self._told))
        mark = "alert-circle-outline" if tone == "zhusha" else "check-circle-outline"
        self._told.addWidget(Notice(words_, icon_name=mark, tone=tone, actions=[away]))


class NewOpinionDialog(Dialog):
    """新增意见: what was said, by whom, in which meeting."""

    def __init__(self, model: OpinionsModel, parent: QWidget | None = None) -> None:
        super().__init__(t("form.new"), parent, 560)
        self._model = model
        self.meeting = QComboBox()
        self.meeting.setFont(font("body"))
        self.member = line()
        self.text = words("", 4)
        self._fault = Notice("", icon_name="alert-circle-outline", tone="zhusha")
        self._fault.hide()
        for label, field in (
            (t("form.new_meeting"), self.meeting),
            (t("form.new_member"), self.member),
            (t("opinions.text"), self.text),
        ):
            self.body.addWidget(Text(label, "small", "ink2", bold=True))
            field.setAccessibleName(label)
            self.body.addWidget(field)
        self.body.addWidget(self._fault)
        self.add_button(Button(t("dialog.cancel"), clicked=self.reject))
        self.add_button(PrimaryButton(t("form.new_go"), "plus", clicked=self.submit), default=True)
        model.meetings_loaded.connect(self._show_meetings)
        model.added.connect(self.accept)
        model.failed.connect(self._show_fault)
        model.load_meetings()
        self.text.setFocus()

    def submit(self) -> None:
        self._model.add(str(self.meeting.currentData() or ""), self.member.text(), self.text.toPlainText())

    def _show_meetings(self) -> None:
        self.meeting.clear()
        for one in self._model.meetings:
            self.meeting.addItem(f"{day_text(local(one.start).date())} {one.title}", str(one.meeting))

    def _show_fault(self, fault: Fault) -> None:
        self._fault.set_text(fault_text(fault))
        self._fault.show()
