"""Makes the messages, mailboxes and archives beside it, by real programs; run once, by hand.

    python tests/data/formats/make_mail.py

It needs mutt, s-nail, mpack, zip, tar, gzip, bzip2, xz and 7z, and from the package index reportlab, and
aspose-email-foss and msgforge (both MIT), which write Outlook's format. Nothing else in the project needs any of them.
"""

import io
import os
import subprocess
import tempfile
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

HERE = Path(__file__).parent
BODY = "Dear Ann,\n\nthe rent of the boathouse is 412 crowns.\nFrom March on it is more.\n\nGrüße, Jörg\n"
ANSWER = "Dear Jörg,\n\nthe key hangs behind the third lantern.\n\nAnn\n"


def lease() -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(300, 200), invariant=1)
    for line in ("Parties to the lease", "The deposit is 900 crowns."):
        canvas.drawString(20, 150, line)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def run(folder: Path, *command: str, text: str = "") -> None:
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    subprocess.run(command, input=text.encode(), cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def mutt(folder: Path, subject: str, text: str, *options: str) -> None:
    settings = f'set sendmail="{folder}/keep"; set from="joerg@example.org"; set realname="Jörg Müller"; '
    settings += 'set use_from=yes; set charset=utf-8; set hostname=example.org; set copy=yes; set record="box.mbox"'
    run(folder, "mutt", "-n", "-F", "/dev/null", "-e", settings, "-s", subject, *options, text=text)


def messages(folder: Path, target: Path) -> None:
    keep = folder / "keep"
    keep.write_text("#!/bin/sh\ncat > sent.eml\n")
    keep.chmod(0o755)
    sent = folder / "sent.eml"
    mutt(folder, "Miete für das Bootshaus", BODY, "-a", "lease.pdf", "--", "ann@example.org")
    (target / "mutt.eml").write_bytes(sent.read_bytes())
    mutt(folder, "Regatta", "The regatta begins at noon on the eighth of May.\n", "ann@example.org")
    mutt(folder, "Re: Miete für das Bootshaus", "I was told that the roof leaks.\n", "ann@example.org")
    (target / "mutt.mbox").write_bytes((folder / "box.mbox").read_bytes())
    nail = ("s-nail", "-n", "-S", f"mta={keep}", "-S", "from=Ann <ann@example.org>", "-S", "ttycharset=utf-8")
    subject = ("-S", "v15-compat", "-S", "hostname=example.org", "-s", "Re: Miete für das Bootshaus")
    run(folder, *nail, *subject, "-a", "lease.pdf", "joerg@example.org", text=ANSWER)
    (target / "s-nail.eml").write_bytes(sent.read_bytes())
    run(folder, "mpack", "-s", "Plans", "-d", "letter.txt", "-o", "mpack.eml", "lease.pdf")
    (target / "mpack.eml").write_bytes((folder / "mpack.eml").read_bytes())


def saved_page(target: Path) -> None:
    """Write a page as browsers save it into one file; no browser is asked, the standard library writes it."""
    page = EmailMessage(policy=SMTP)
    page["From"] = "<Saved by Blink>"
    page["Snapshot-Content-Location"] = "https://example.org/moorings"
    page["Subject"] = "Moorings"
    text = "<html><head><title>Moorings</title></head><body><h1>South quay</h1><p>It has 61 berths.</p></body></html>"
    page.set_content(text, subtype="html", cte="quoted-printable", cid="<frame@example.org>")
    page.add_related(b"p { color: red }", maintype="text", subtype="css", cid="<style@example.org>")
    page.set_param("type", "text/html")
    page.set_boundary("----MultipartBoundary--1")
    (target / "moorings.mhtml").write_bytes(page.as_bytes())


def outlook(folder: Path, target: Path) -> None:
    from aspose.email_foss import msg
    from msgforge import Message

    inner = msg.MapiMessage.create("The key", ANSWER)
    inner.add_attachment("code.txt", b"The code of the gate is 7731.\n", mime_type="text/plain")
    outer = msg.MapiMessage.create("Miete für das Bootshaus", BODY)
    outer.set_property(msg.PropertyId.SENDER_NAME, "Jörg Müller")
    outer.set_property(msg.PropertyId.SENDER_EMAIL_ADDRESS, "joerg@example.org")
    outer.set_property(msg.PropertyId.MESSAGE_DELIVERY_TIME, datetime(2021, 1, 5, 9, tzinfo=UTC))
    outer.add_recipient("ann@example.org", display_name="Ann")
    outer.add_recipient("zoe@example.org", display_name="Zoë", recipient_type=2)
    outer.add_attachment("lease.pdf", lease(), mime_type="application/pdf")
    outer.add_embedded_message_attachment(inner)
    outer.save(target / "outlook.msg")
    page = "<html><body><p>The mast is <b>11</b> metres.</p><img src='cid:logo'></body></html>"
    sent = datetime(2021, 1, 5, 9, tzinfo=UTC)
    web = Message("Rigging", html_body=page, to=["ann@example.org"], sender="joerg@example.org", sent=sent)
    web.attach_bytes("logo.png", b"\x89PNG....", content_id="logo")
    web.attach_bytes("lease.pdf", lease())
    web.save(target / "rigging.msg")


def archives(folder: Path, target: Path) -> None:
    (folder / "papers").mkdir()
    (folder / "papers" / "lease.pdf").write_bytes(lease())
    (folder / "papers" / "Größe.txt").write_text("The jetty is 61 metres long.\n", "utf-8")
    for name in ("papers.zip", "papers.tar.gz", "papers.tar.xz", "seven.zip", "aes.zip"):
        (target / name).unlink(missing_ok=True)
    run(folder, "zip", "-qr", str(target / "papers.zip"), "papers")
    run(folder, "tar", "czf", str(target / "papers.tar.gz"), "papers")
    run(folder, "tar", "cJf", str(target / "papers.tar.xz"), "papers")
    for packer, ending in (("gzip", "gz"), ("bzip2", "bz2"), ("xz", "xz")):
        run(folder, packer, "-kf", "letter.txt")
        (target / f"letter.txt.{ending}").write_bytes((folder / f"letter.txt.{ending}").read_bytes())
    run(folder, "7z", "a", "-bd", str(target / "seven.zip"), "papers")
    run(folder, "7z", "a", "-bd", "-ptide", "-mem=AES256", str(target / "aes.zip"), "papers")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lease.pdf").write_bytes(lease())
        (folder / "letter.txt").write_text(BODY, "utf-8")
        messages(folder, HERE / "mail")
        saved_page(HERE / "mail")
        outlook(folder, HERE / "mail")
        archives(folder, HERE / "archives")


if __name__ == "__main__":
    main()
