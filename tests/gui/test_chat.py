"""Asking in the window."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from gui.app import Program
from gui.chat.conversation import ConversationView
from gui.theme.theme import Theme
from tests.gui.conftest import WAIT_MS, Launch, ask


def test_an_answer_shows_its_passages_its_text_and_its_sources(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    answer = read.window.chat.conversation.answers()[-1]
    assert "nine hundred crowns" in answer.text.markdown
    assert "passage" in answer.found.text()
    assert answer.strip.isVisible()
    assert "Lease.pdf" in answer.citations[0].document
    assert answer.chips.isVisible()
    assert "with a source" in answer.support.text()


def test_the_first_question_names_the_chat(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    qtbot.waitUntil(lambda: read.window.chat.title.text() == "How much is the deposit?")
    assert read.window.chat_side.chats.chats.rowCount() == 2  # the heading of today, and the chat


def test_enter_sends_and_shift_enter_makes_a_line(read: Program, qtbot: QtBot) -> None:
    edit = read.window.chat.composer.edit
    qtbot.keyClicks(edit, "one")
    qtbot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(edit, "two")
    assert edit.toPlainText() == "one\ntwo"
    with qtbot.waitSignal(read.window.chat.composer.sent) as sent:
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert sent.args == ["one\ntwo"]
    qtbot.waitUntil(lambda: not read.session.chats._streams, timeout=WAIT_MS)


def test_control_enter_sends_too(read: Program, qtbot: QtBot) -> None:
    edit = read.window.chat.composer.edit
    qtbot.keyClicks(edit, "How much is the deposit?")
    with qtbot.waitSignal(read.window.chat.composer.sent):
        qtbot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_an_empty_question_is_not_sent(read: Program, qtbot: QtBot) -> None:
    composer = read.window.chat.composer
    composer.set_draft("   ")
    with qtbot.assertNotEmitted(composer.sent):
        composer.send()


def test_a_question_without_an_answer_says_so(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "zzyzx qwertz?")
    answer = read.window.chat.conversation.answers()[-1]
    assert "ot found" in answer.text.markdown
    assert not answer.chips.isVisible()


def test_a_question_that_is_too_long_comes_back_with_a_reason(read: Program, qtbot: QtBot) -> None:
    question = "word " * 200_000
    composer = read.window.chat.composer
    composer.set_draft(question)
    composer.send()
    answer = read.window.chat.conversation.answers()[-1]
    qtbot.waitUntil(lambda: not answer.foot.isHidden(), timeout=WAIT_MS)
    assert composer.edit.toPlainText() == question


def test_regenerating_replaces_the_last_answer(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    conversation = read.window.chat.conversation
    first = conversation.answers()[-1]
    first.again_button.click()
    qtbot.waitUntil(lambda: conversation.answers() and conversation.answers()[-1] is not first, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not conversation.answers()[-1].foot.isHidden(), timeout=WAIT_MS)
    assert len(conversation.answers()) == 1
    assert "nine hundred crowns" in conversation.answers()[-1].text.markdown


def test_the_answer_can_be_copied(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    answer = read.window.chat.conversation.answers()[-1]
    answer.copy_button.click()
    assert QGuiApplication.clipboard().text() == answer.text.markdown


def test_a_new_chat_is_not_kept_before_its_first_question(read: Program, qtbot: QtBot) -> None:
    read.window.command["new_chat"].trigger()
    assert read.window.chat.title.text() == "New chat"
    assert read.window.chat_side.chats.chats.rowCount() == 0
    assert read.session.workspace.chats() == []


def test_a_chat_is_renamed_in_the_list(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    model = read.window.chat_side.chats.chats
    model.setData(model.index(1), "The deposit")
    qtbot.waitUntil(lambda: read.window.chat.title.text() == "The deposit", timeout=WAIT_MS)
    assert read.session.workspace.chats()[0].title == "The deposit"


def test_deleting_a_chat_can_be_undone(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    read.window.command["delete_chat"].trigger()
    assert read.window.chat_side.chats.chats.rowCount() == 0
    read.window.messages.button.click()
    assert read.window.chat_side.chats.chats.rowCount() == 2
    assert len(read.session.workspace.chats()) == 1


def test_a_deleted_chat_is_gone_when_undo_is_over(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    read.window.command["delete_chat"].trigger()
    read.window.messages.dismiss()
    qtbot.waitUntil(lambda: not read.session.workspace.chats(), timeout=WAIT_MS)


def test_searching_shows_only_chats_with_the_words(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    side = read.window.chat_side
    side.search.setText("boiler")
    assert side.chats.chats.rowCount() == 0
    assert side.none_found.isVisible()
    side.search.setText("DEPOSIT")
    assert side.chats.chats.rowCount() == 2


def test_a_collection_is_detached_and_attached(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    session = read.session
    collection = session.library.collections[0]
    read.window.chat_side.collections.row(collection.id).box.click()
    qtbot.waitUntil(lambda: session.workspace.chats()[0].collection_ids == (), timeout=WAIT_MS)
    ask(read, qtbot, "How much is the deposit, really?")
    assert not read.window.chat.conversation.answers()[-1].citations
    read.window.chat_side.collections.row(collection.id).box.click()
    qtbot.waitUntil(lambda: session.workspace.chats()[0].collection_ids == (collection.id,), timeout=WAIT_MS)


def test_a_draft_stays_with_its_chat(read: Program, qtbot: QtBot) -> None:
    ask(read, qtbot, "How much is the deposit?")
    chat_id = read.session.chats.chat_id
    read.window.chat.composer.set_draft("and the rent")
    read.window.command["new_chat"].trigger()
    assert read.window.chat.composer.edit.toPlainText() == ""
    read.session.chats.open(chat_id)
    assert read.window.chat.composer.edit.toPlainText() == "and the rent"


def test_a_question_waits_until_the_first_document_is_read(launch: Launch, papers: Path, qtbot: QtBot) -> None:
    program = launch()
    composer = program.window.chat.composer
    composer.set_ready(False)
    composer.set_draft("How much is the deposit?")
    with qtbot.assertNotEmitted(composer.sent):
        composer.send()
    assert "as soon as" in composer.hint.text()
    with qtbot.waitSignal(composer.sent):
        composer.set_ready(True)


def fill(view: ConversationView, qtbot: QtBot) -> None:
    qtbot.addWidget(view)
    view.resize(700, 400)
    view.show()
    answer = view.add_answer()
    answer.show_text("\n\n".join(f"Paragraph {number}." for number in range(60)))
    qtbot.waitUntil(lambda: view.verticalScrollBar().maximum() > 500)


def test_words_that_come_are_followed_at_the_foot(theme: Theme, qtbot: QtBot) -> None:
    view = ConversationView(theme)
    fill(view, qtbot)
    bar = view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum())


def test_words_that_come_do_not_move_what_is_read(theme: Theme, qtbot: QtBot) -> None:
    view = ConversationView(theme)
    fill(view, qtbot)
    bar = view.verticalScrollBar()
    bar.setValue(120)
    assert view.latest.isVisible()
    before = bar.maximum()
    view.answers()[-1].show_text("\n\n".join(f"Paragraph {number}." for number in range(90)))
    qtbot.waitUntil(lambda: bar.maximum() > before)
    assert bar.value() == 120
    view.latest.click()
    assert bar.value() == bar.maximum()
    assert not view.latest.isVisible()
