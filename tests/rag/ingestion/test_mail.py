"""Messages and mailboxes: what is read of them, whatever their writers did to the standards."""

import mailbox
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from rag.errors import DamagedDocument, DocumentError
from rag.ingestion.chunking import ChunkingOptions, chunk
from rag.ingestion.loaders import mbox_spans
from rag.ingestion.loaders.mail_words import header_words, thread_subject, unflowed
from rag.ingestion.loaders.members import MemberReader
from rag.ingestion.loaders.packed_rtf import rtf_text
from rag.ingestion.loaders.registry import default_loaders
from rag.ingestion.token_counter import WordTokenCounter
from rag.types import LoadedDocument, Locator, Passage
from tests.rag.ingestion import files

FORMATS = Path(__file__).parents[2] / "data" / "formats"


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


def test_a_mailbox_that_a_mail_program_named_is_wanted(tmp_path: Path) -> None:
    assert default_loaders().wanted(Path("Inbox"))
    assert load(box(tmp_path / "Inbox", conversation())).kind == "mbox"


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


def test_packed_rich_text_is_read() -> None:
    packed = bytes.fromhex(
        "74000000a00000004c5a4675c96bae0403000a00726370673132356e3200f401f702a220071302807dc10afc2054686520046005b0490b80"
        "672005a07374064034163811c003607700802c20741911296f6605d005c15c2766a8636c6c0490200e402e0aa318416e6412db04002066750b"
        "145014c37d16f0"
    )
    text = rtf_text(packed, Path("a.msg"))
    assert text.split("\n\n") == [
        "The mooring costs 48 crowns, the mooring of Mr Müller 52.",
        "And the mooring is full.",
    ]
    for cut in range(17, len(packed), 7):
        rtf_text(packed[:cut], Path("a.msg"))


def test_a_cut_off_outlook_message_is_told_as_damaged(tmp_path: Path) -> None:
    data = (FORMATS / "mail" / "outlook.msg").read_bytes()
    path = tmp_path / "a.msg"
    for keep in (600, 5_000, 15_000):
        path.write_bytes(data[:keep])
        with pytest.raises(DocumentError):
            load(path)


def test_an_outlook_message_cannot_say_that_it_holds_more_than_its_file(tmp_path: Path) -> None:
    data = bytearray((FORMATS / "mail" / "outlook.msg").read_bytes())
    entry = data.index("__substg1.0_1000001F".encode("utf-16-le"))
    data[entry + 120 : entry + 124] = (400_000_000).to_bytes(4, "little")
    with pytest.raises(DamagedDocument, match="an Outlook message"):
        raw(tmp_path / "a.msg", bytes(data))


def test_a_web_page_saved_as_one_file_is_read(tmp_path: Path) -> None:
    data = (
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.org/\r\nSubject: Moorings\r\n"
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; type="text/html"; boundary="xx"\r\n\r\n'
        b"--xx\r\nContent-Type: text/css\r\n\r\np { color: red }\r\n"
        b"--xx\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b"<html><h1>Moorings</h1><p>The south quay has =\r\n61 berths at M=FCnde.</p></html>\r\n--xx--\r\n"
    )
    for name in ("page.mhtml", "page.txt"):
        document = raw(tmp_path / name, data)
        assert document.kind == "mhtml"
        assert document.pages[0].text == "Moorings\n\nThe south quay has 61 berths at Münde."
        assert document.pages[0].headings[0].title == "Moorings"
    with pytest.raises(DamagedDocument, match="a saved web page"):
        raw(tmp_path / "bad.mht", b"MIME-Version: 1.0\n\nno page\n")


MUTT = "Miete für das Bootshaus"


@pytest.mark.parametrize(
    ("file", "fact", "inside", "locator"),
    [
        ("mail/mutt.eml", "rent of the boathouse is 412", (), Locator("message", "1")),
        ("mail/mutt.eml", "deposit is 900", ("lease.pdf",), Locator("page", "2")),
        ("mail/s-nail.eml", "behind the third lantern", (), Locator("message", "1")),
        ("mail/s-nail.eml", "deposit is 900", ("lease.pdf",), Locator("page", "2")),
        ("mail/mpack.eml", "deposit is 900", ("lease.pdf",), Locator("page", "2")),
        ("mail/mutt.mbox", "begins at noon", (), Locator("message", "2")),
        ("mail/mutt.mbox", "deposit is 900", ("message 1", "lease.pdf"), Locator("page", "2")),
        ("mail/outlook.msg", "Zoë <zoe@example.org>", (), Locator("message", "1")),
        ("mail/outlook.msg", "deposit is 900", ("lease.pdf",), Locator("page", "2")),
        ("mail/outlook.msg", "behind the third lantern", ("The key.eml",), Locator("message", "1")),
        ("mail/outlook.msg", "gate is 7731", ("The key.eml", "code.txt"), Locator("lines", "1")),
        ("mail/rigging.msg", "mast is 11 metres", (), Locator("message", "1")),
        ("mail/moorings.mhtml", "has 61 berths", (), Locator("paragraph", "1-2")),
        ("archives/letter.txt.gz", "boathouse is 412", ("letter.txt",), Locator("lines", "1-6")),
        ("archives/letter.txt.bz2", "boathouse is 412", ("letter.txt",), Locator("lines", "1-6")),
        ("archives/letter.txt.xz", "boathouse is 412", ("letter.txt",), Locator("lines", "1-6")),
        ("archives/papers.zip", "deposit is 900", ("papers/lease.pdf",), Locator("page", "2")),
        ("archives/papers.zip", "jetty is 61", ("papers/Größe.txt",), Locator("lines", "1")),
        ("archives/seven.zip", "jetty is 61", ("papers/Größe.txt",), Locator("lines", "1")),
        ("archives/papers.tar.gz", "jetty is 61", ("papers/Größe.txt",), Locator("lines", "1")),
        ("archives/papers.tar.xz", "deposit is 900", ("papers/lease.pdf",), Locator("page", "2")),
    ],
)
def test_files_of_real_programs_keep_their_facts(
    file: str, fact: str, inside: tuple[str, ...], locator: Locator
) -> None:
    document = load(FORMATS / file)
    found = [passage for passage in passages(document) if fact in passage.text]
    assert [(document.pages[each.page_index].inside, each.locator) for each in found] == [(inside, locator)]


def test_a_mailbox_of_a_real_program_has_its_threads(tmp_path: Path) -> None:
    found = passages(load(FORMATS / "mail" / "mutt.mbox"))
    assert [passage.section for passage in found] == [MUTT, MUTT, MUTT, "Regatta", MUTT]


@pytest.mark.parametrize(
    ("file", "inside", "content"),
    [
        ("mail/mutt.mbox", ("message 1", "lease.pdf"), b"%PDF-"),
        ("mail/outlook.msg", ("lease.pdf",), b"%PDF-"),
        ("mail/outlook.msg", ("The key.eml", "code.txt"), b"The code"),
        ("archives/papers.tar.gz", ("papers/lease.pdf",), b"%PDF-"),
    ],
)
def test_a_member_is_taken_out_of_each_kind_of_file(
    tmp_path: Path, file: str, inside: tuple[str, ...], content: bytes
) -> None:
    taken = MemberReader(default_loaders).extract(FORMATS / file, inside, tmp_path)
    assert taken.read_bytes().startswith(content)
