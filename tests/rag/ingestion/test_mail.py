"""Messages and mailboxes: what is read of them, whatever their writers did to the standards."""

import mailbox
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from rag.errors import DamagedDocument
from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.loaders import mbox_spans
from rag.ingestion.loaders.mail_words import header_words, thread_subject, unflowed
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.token_counter import WordTokenCounter
from rag.types import LoadedDocument, Locator, Passage
from tests.rag.ingestion import files


def load(path: Path, password: str | None = None) -> LoadedDocument:
    return default_loaders().choose(path).load(path, password)


def raw(path: Path, data: bytes) -> LoadedDocument:
    path.write_bytes(data)
    return load(path)


def passages(document: LoadedDocument) -> list[Passage]:
    return chunk(document, WordTokenCounter(), ChunkingOptions(max_tokens=254))


def letter(subject: str = "Rent of the boathouse", body: str = "The rent is 412 crowns.\n") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Jörg Müller <joerg@example.org>"
    message["To"] = "ann@example.org, Zoë <zoe@example.org>"
    message["Cc"] = "harbour@example.org"
    message["Date"] = "Tue, 05 Jan 2021 10:00:00 +0100"
    message["Message-ID"] = f"<{abs(hash(subject)) % 1000}@example.org>"
    message.set_content(body)
    return message


def test_a_message_is_a_page_with_its_headers_on_top(tmp_path: Path) -> None:
    document = raw(tmp_path / "a.eml", letter().as_bytes(policy=SMTP))
    (page,) = document.pages
    assert page.text.splitlines() == [
        "Subject: Rent of the boathouse",
        "From: Jörg Müller <joerg@example.org>",
        "To: ann@example.org, Zoë <zoe@example.org>",
        "Cc: harbour@example.org",
        "Date: Tue, 05 Jan 2021 10:00:00 +0100",
        "",
        "The rent is 412 crowns.",
    ]
    assert (page.label, page.locator_kind, document.title) == ("Rent of the boathouse", "message", page.label)
    assert document.author == "Jörg Müller <joerg@example.org>"
    assert document.created is not None
    assert document.created.isoformat() == "2021-01-05T10:00:00+01:00"


def test_a_passage_of_a_message_is_located_by_message(tmp_path: Path) -> None:
    (passage,) = passages(raw(tmp_path / "a.eml", letter("Re: Rent").as_bytes()))
    assert passage.locator == Locator("message", "1")
    assert passage.section == "Rent"


def test_attachments_are_read_behind_their_message(tmp_path: Path) -> None:
    message = letter()
    lease = files.pdf(tmp_path / "l.pdf", ["Parties", "The deposit is 900 crowns."]).read_bytes()
    for _ in range(2):
        message.add_attachment(lease, maintype="application", subtype="pdf", filename="Mietvertrag Nr. 3 – Süd.pdf")
    document = raw(tmp_path / "a.eml", message.as_bytes())
    assert [page.inside for page in document.pages[1::2]] == [
        ("Mietvertrag Nr. 3 – Süd.pdf",),
        ("Mietvertrag Nr. 3 – Süd (2).pdf",),
    ]
    found = next(passage for passage in passages(document) if "900" in passage.text)
    assert found.locator == Locator("page", "2")
    assert found.context == "Rent of the boathouse › Mietvertrag Nr. 3 – Süd"


def test_an_attached_message_is_read_with_its_own_attachments(tmp_path: Path) -> None:
    inner = letter("Inner", "The key is under the third stone.\n")
    inner.add_attachment("The code is 7731.\n", filename="code.txt")
    outer = letter("Outer")
    outer.add_attachment(inner)
    document = raw(tmp_path / "a.eml", outer.as_bytes())
    assert [(page.inside, page.label) for page in document.pages] == [
        ((), "Outer"),
        (("Inner.eml",), "Inner"),
        (("Inner.eml", "code.txt"), None),
    ]


def test_plain_text_is_read_unless_the_web_page_says_much_more(tmp_path: Path) -> None:
    message = letter(body="The rent is 412 crowns.")
    message.add_alternative("<p>The rent is <b>412</b> crowns.</p>", subtype="html")
    assert "crowns" in raw(tmp_path / "a.eml", message.as_bytes()).pages[0].text
    bare = letter(body="Your program cannot show this message.")
    bare.add_alternative("<table><tr><td>Fee</td><td>48</td></tr></table>" + "<p>Mooring and more.</p>" * 30, "html")
    text = raw(tmp_path / "b.eml", bare.as_bytes()).pages[0].text
    assert "Fee | 48" in text
    assert "cannot show" not in text


def test_pictures_inside_a_message_are_listed_as_left_out(tmp_path: Path) -> None:
    message = letter()
    message.add_related(b"\x89PNG....", maintype="image", subtype="png", cid="<logo>", filename="logo.png")
    document = raw(tmp_path / "a.eml", message.as_bytes())
    assert [(each.name, each.reason) for each in document.skipped] == [
        ("logo.png", "It is a picture inside the message.")
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?q?S=FCd?=", "Grüße aus Süd"),
        ("=?utf-8?b?w4Q=?=\r\n =?utf-8?b?w5Y=?= end", "ÄÖ end"),
        ("=?utf-8?b?4pyT4g==?= =?utf-8?b?nJM=?=", "✓✓"),  # one character cut in half
        ("=?utf-8?b?not base64!?=", None),
        ("=?no-such-charset?q?caf=E9?=", "café"),
        ("Caf\udce9 and M\udcc3\udcbcller", None),
        ("a\r\n\tb\x07c", "a b c"),
        ("=?iso-2022-jp?b?GyRCJDMkcyRLJEEkTxsoQg==?=", "こんにちは"),
        ("=?gb2312?b?xOO6w8qA?=", None),
    ],
)
def test_headers_are_read_as_people_read_them(value: str, words: str | None) -> None:
    found = header_words(value)
    assert found == words if words is not None else found


def test_flowed_text_is_joined_and_its_signature_is_not() -> None:
    text = "The rent \nis 412.\n> It was \n> 400.\n-- \nJörg"
    assert unflowed(text, delete_space=False) == "The rent is 412.\n> It was 400.\n-- \nJörg"
    assert unflowed("こん \nにちは", delete_space=True) == "こんにちは"


def test_a_thread_has_one_subject() -> None:
    subjects = ["Rent", "Re: Rent", "AW: [boats] Re: Rent", "Fwd: RE[2]: Rent", "re : Rent", "回复：Rent"]
    assert {thread_subject(subject) for subject in subjects} == {"Rent"}
    assert thread_subject("Re:") == "Re:"


def test_broken_messages_keep_what_can_be_read(tmp_path: Path) -> None:
    headers = b"From: J\xf6rg <j@x>\nSubject: Rent \xfc\nDate: someday\nContent-Type: "
    cases = {
        "charset": headers + b"text/plain; charset=utf-8\n\nThe caf\xe9 rent.",
        "unknown charset": headers + b"text/plain; charset=klingon\n\nThe caf\xe9 rent.",
        "base64": headers + b"text/plain\nContent-Transfer-Encoding: base64\n\nVGhlIHJlbnQ!!",
        "boundary": headers + b"multipart/mixed; boundary=xx\n\n--xx\nContent-Type: text/plain\n\nThe rent.\n",
        "no parts": headers + b"multipart/mixed; boundary=xx\n\nThe rent.\n",
        "parameters": headers + b'text/plain; charset="; =?; ;;name*9*=x\n\nThe rent.',
        "rubbish type": headers + b"\xff\xfe/;;\n\nThe rent.",
        "quoted": headers + b"text/plain\nContent-Transfer-Encoding: quoted-printable\n\nThe =ZZ rent.=",
    }
    for name, data in cases.items():
        text = raw(tmp_path / f"{name}.eml", data).pages[0].text
        assert "rent" in text.partition("\n\n")[2], name
        assert "Jörg" in text, name
        assert "Date: someday" in text, name


def test_an_endlessly_nested_message_ends(tmp_path: Path) -> None:
    data = b"Subject: Deep\nFrom: a@b\n"
    for level in range(200):
        data += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
    assert "Deep" in raw(tmp_path / "a.eml", data + b"\nThe rent.").pages[0].text


def test_a_message_is_known_without_its_ending(tmp_path: Path) -> None:
    assert raw(tmp_path / "letter.txt", letter().as_bytes()).kind == "eml"
    assert raw(tmp_path / "notes.txt", b"To: do\nSubject to rain, we sail.\n").kind == "text"


def test_what_is_named_like_a_message_and_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedDocument, match="a mail message"):
        raw(tmp_path / "a.eml", b"just words without any header\n")


def test_apples_messages_are_read(tmp_path: Path) -> None:
    message = letter().as_bytes()
    data = b"%d      \n%s<?xml version='1.0'?><plist/>" % (len(message), message)
    text = raw(tmp_path / "1234.emlx", data).pages[0].text
    assert text.endswith("The rent is 412 crowns.\n")


def box(path: Path, messages: list[EmailMessage]) -> Path:
    store = mailbox.mbox(path)
    for message in messages:
        store.add(message)
    store.close()
    return path


def conversation() -> list[EmailMessage]:
    first, other, answer, late = letter("Rent"), letter("Regatta"), letter("Re: Rent"), letter("New title")
    answer["In-Reply-To"] = first["Message-ID"]
    answer["References"] = first["Message-ID"]
    late["References"] = f"{first['Message-ID']} {answer['Message-ID']}"
    answer.add_attachment("The deposit is 900 crowns.\n", filename="lease.txt")
    return [first, other, answer, late]


def test_each_message_of_a_mailbox_is_a_page_of_its_number(tmp_path: Path) -> None:
    document = load(box(tmp_path / "in.mbox", conversation()))
    assert [(page.number, page.inside) for page in document.pages] == [
        (1, ()),
        (2, ()),
        (3, ()),
        (None, ("message 3", "lease.txt")),
        (4, ()),
    ]
    found = next(passage for passage in passages(document) if passage.page_index == 2)
    assert found.locator == Locator("message", "3")


def test_a_thread_is_the_section_of_its_messages_and_attachments(tmp_path: Path) -> None:
    document = load(box(tmp_path / "in.mbox", conversation()))
    assert [passage.section for passage in passages(document)] == ["Rent", "Regatta", "Rent", "Rent", "Rent"]
    assert [entry[:2] for entry in document.outline] == [
        (1, "Rent"),
        (2, "Re: Rent"),
        (2, "New title"),
        (1, "Regatta"),
    ]


def test_lines_that_begin_with_from_do_not_part_messages(tmp_path: Path) -> None:
    body = "From March on\n\nFrom what I hear it is 412.\n"
    document = load(box(tmp_path / "in.mbox", [letter("One", body), letter("Two", body)]))
    assert len(document.pages) == 2
    assert document.pages[0].text.endswith(body)


@pytest.mark.parametrize("block", [420, 500, 1000, 4096])
def test_messages_are_found_whatever_the_blocks(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mbox_spans, "_BLOCK_BYTES", block)
    document = load(box(tmp_path / "in.mbox", [letter(f"Letter {number}") for number in range(30)]))
    assert [page.label for page in document.pages] == [f"Letter {number}" for number in range(30)]


def test_a_cut_off_mailbox_keeps_its_whole_messages(tmp_path: Path) -> None:
    path = box(tmp_path / "in.mbox", conversation())
    path.write_bytes(path.read_bytes()[:-200])
    assert [page.label for page in load(path).pages[:3]] == ["Rent", "Regatta", "Re: Rent"]


def test_a_stretch_of_a_mailbox_that_is_no_message_is_a_page_that_says_so(tmp_path: Path) -> None:
    good = letter("Rent").as_bytes()
    line = b"From a@b Tue Jan  5 10:00:00 2021\n"
    document = raw(tmp_path / "in.mbox", line + good + b"\n" + line + b"\0\0\0\n\n" + line + good)
    assert [page.kind for page in document.pages] == ["text", "failed", "text"]


def test_a_windows_mailbox_is_parted_too(tmp_path: Path) -> None:
    path = box(tmp_path / "in.mbox", conversation())
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(load(path).pages) == 5
