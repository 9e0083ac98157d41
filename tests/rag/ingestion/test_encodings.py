"""Text in the encodings that people still have: read as it was written, short or long."""

import codecs
from pathlib import Path

import pytest

from rag.errors import UnknownFormat
from rag.ingestion.loaders.registry import default_loaders

RUSSIAN = "Смотритель маяка записывал каждое судно, которое проходило мимо острова. Туман пришёл с севера."
JAPANESE = "灯台守は島のそばを通る船をすべて書き留めた。霧は北からやって来た。カモメが鳴いている。"
POLISH = "Latarnik zapisywał każdy statek, który przepływał obok wyspy. Mgła nadeszła z północy, a łódź zniknęła."
CZECH = "Strážce majáku zapisoval každou loď, která proplouvala kolem ostrova. Mlha přišla ze severu."
SAMPLES = [
    ("cp1252", "Über die Brücke führt ein schmaler Weg, und die Möwen schreien über dem Hafen – „Größe“ zählt."),
    ("cp1252", "L’été dernier, nous avons traversé la forêt près du château; la fenêtre était fermée à clé."),
    ("cp1252", "El año pasado cruzamos el bosque; ¿quién cerró la ventana del jardín? Mañana llegará el barco."),
    ("cp1251", RUSSIAN),
    ("koi8-r", RUSSIAN),
    ("cp866", RUSSIAN),
    ("cp1251", "Доглядач маяка записував кожне судно, яке проходило повз острів. Їжа була смачна, і всі її їли."),
    ("shift_jis", JAPANESE),
    ("euc_jp", JAPANESE),
    ("gb18030", "灯塔看守人记下了每一艘经过岛屿的船。雾从北方来了。海鸥在港口上空鸣叫。"),
    ("big5", "燈塔看守人記下了每一艘經過島嶼的船。霧從北方來了。海鷗在港口上空鳴叫。"),
    ("euc_kr", "등대지기는 섬 옆을 지나는 모든 배를 기록했다. 안개가 북쪽에서 왔다. 갈매기가 항구 위에서 운다."),
    ("iso8859-2", POLISH),
    ("cp1250", POLISH),
    ("iso8859-2", CZECH),
    ("cp1250", CZECH),
    ("iso8859-2", "A világítótorony őre minden hajót feljegyzett, amely elhaladt a sziget mellett. Köd jött."),
    ("cp1253", "Ο φύλακας του φάρου κατέγραφε κάθε πλοίο που περνούσε από το νησί."),
    ("cp1254", "Deniz feneri bekçisi adanın yanından geçen her gemiyi yazdı. Işık görünmez oldu."),
    ("cp1255", "שומר המגדלור רשם כל ספינה שעברה ליד האי. הערפל בא מצפון."),
    ("cp1256", "سجل حارس المنارة كل سفينة مرت بالجزيرة. جاء الضباب من الشمال."),
]
SHORT = [
    ("cp1252", "Größe: 4 m"),
    ("cp1252", "Café Müller"),
    ("cp1252", "“Quoted” – that is all"),
    ("cp1251", "Привет, мир"),
    ("koi8-r", "Туман с севера"),
    ("shift_jis", "これは灯台です"),
    ("gb18030", "我们的灯塔在这里"),
    ("big5", "我們的燈塔在這裡"),
    ("euc_kr", "우리는 등대에서 산다"),
    ("iso8859-2", "Łódź znikła w mgłach"),
    ("cp1250", "Příliš žluťoučký kůň"),
]


def read(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return "".join(page.text for page in default_loaders().choose(path).load(path).pages)


@pytest.mark.parametrize(("encoding", "words"), SAMPLES)
@pytest.mark.parametrize("times", [1, 40])
def test_paragraphs_are_read_as_they_were_written(tmp_path: Path, encoding: str, words: str, times: int) -> None:
    text = f"{words}\n" * times
    assert read(tmp_path / "a.txt", text.encode(encoding)) == text


@pytest.mark.parametrize(("encoding", "words"), SHORT)
def test_a_few_words_are_read_as_they_were_written(tmp_path: Path, encoding: str, words: str) -> None:
    assert read(tmp_path / "a.txt", words.encode(encoding)) == words


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("marked", [True, False])
def test_unicode_is_read_with_and_without_its_mark(tmp_path: Path, encoding: str, marked: bool) -> None:
    marks = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    mark = {**marks, "utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}[encoding] if marked else b""
    text = "The keeper wrote down “each” ship.\n" * 3
    assert read(tmp_path / "a.txt", mark + text.encode(encoding)) == text


def test_a_late_letter_decides_the_encoding_of_a_long_text(tmp_path: Path) -> None:
    text = "All plain letters here.\n" * 60_000 + "Über die Brücke führt der Weg nach Süden.\n"
    assert read(tmp_path / "a.txt", text.encode("cp1252")) == text


def test_one_broken_letter_makes_no_other_encoding(tmp_path: Path) -> None:
    data = "Über die Brücke führt ein Weg.\n".encode() * 20
    text = read(tmp_path / "a.txt", data[:100] + b"\xff" + data[100:])
    assert text.count("\ufffd") == 1
    assert text.count("Brücke") >= 19


def test_a_letter_between_two_pieces_is_read_whole(tmp_path: Path) -> None:
    text = "a" * ((1 << 20) - 1) + "ü\r\n" + "b" * ((1 << 20) - 4) + "\r\nc"
    assert read(tmp_path / "a.txt", text.encode()) == text.replace("\r\n", "\n")


@pytest.mark.parametrize("words", ["مرحبا بالعالم", "שלום עולם", "灯塔", "नमस्ते दुनिया", "Việt Nam", "e\u0301te\u0301"])
def test_texts_of_all_scripts_stay_as_they_are(tmp_path: Path, words: str) -> None:
    assert read(tmp_path / "a.txt", words.encode()) == words


def test_random_bytes_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormat):
        read(tmp_path / "a.txt", bytes(range(256)) * 40)
