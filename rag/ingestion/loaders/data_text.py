"""JSON, YAML, TOML, XML and their like: read as the text that they are, with their outermost keys as headings.

Nothing is parsed, so neither depth, nor entities that grow, nor a missing bracket can do harm. Located by lines.
"""

import re

from rag.ingestion.loaders.plain_text import PlainTextLoader
from rag.types import Heading

_JSON_KEY = re.compile(r"^(?P<indent>[ \t]+)\"(?P<title>(?:[^\"\\\n]|\\.){1,80})\"[ \t]*:", re.MULTILINE)
_JSON_ESCAPE = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|"
    r"(?<!\\)((?:\\\\)*)\\u([0-9a-fA-F]{4})"
)
_YAML_KEY = re.compile(
    r"^(?P<title>[^\s#\-?:'\"\[{][^\n:#]{0,80}?|\"[^\"\n]{1,80}\"|'[^'\n]{1,80}'):(?=\s|$)", re.MULTILINE
)
_TABLE = re.compile(r"^[ \t]*\[{1,2}(?P<title>[^\[\]\n]{1,80})\]{1,2}[ \t]*(?:[#;][^\n]*)?$", re.MULTILINE)


class JsonLoader(PlainTextLoader):
    name = "json"
    version = 1
    suffixes = frozenset({".json", ".jsonl", ".ndjson", ".json5", ".jsonc", ".geojson", ".topojson", ".har"})

    def mend(self, text: str) -> str:
        """Write escaped letters ("caf\\u00e9") as they are read, so that they can be found."""
        return _JSON_ESCAPE.sub(_unescaped, text) if "\\u" in text else text

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        keys = list(_JSON_KEY.finditer(text))
        outermost = min((len(match["indent"]) for match in keys), default=0)
        return tuple(_line(text, match) for match in keys if len(match["indent"]) == outermost)


class YamlLoader(PlainTextLoader):
    name = "yaml"
    version = 1
    suffixes = frozenset({".yaml", ".yml"})

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        return tuple(_line(text, match) for match in _YAML_KEY.finditer(text))


class TomlLoader(PlainTextLoader):
    """TOML and older formats of settings that have sections in brackets as well."""

    name = "toml"
    version = 1
    suffixes = frozenset({".toml", ".ini", ".cfg", ".conf", ".properties", ".desktop", ".service", ".editorconfig"})

    def find_headings(self, text: str) -> tuple[Heading, ...]:
        return tuple(_line(text, match) for match in _TABLE.finditer(text))


class XmlLoader(PlainTextLoader):
    name = "xml"
    version = 1
    suffixes = frozenset(
        {".xml", ".xsd", ".xsl", ".xslt", ".rss", ".atom", ".kml", ".gpx", ".opml", ".plist", ".tei", ".docbook"}
        | {".tmx", ".xliff", ".xlf", ".resx", ".wsdl", ".dtd"}
    )


def _line(text: str, match: "re.Match[str]") -> Heading:
    end = text.find("\n", match.end())
    return Heading(match.start(), len(text) if end < 0 else end, 1, match["title"].strip(" \t\"'"))


def _unescaped(match: "re.Match[str]") -> str:
    if match[2]:
        high, low = int(match[2], 16), int(match[3], 16)
        return match[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    code = int(match[5], 16)
    # Control characters and quotation marks stay escaped: they would change lines and what is a string.
    return match[0] if code < 0xA0 or 0xD800 <= code < 0xE000 or code in {0x2028, 0x2029} else match[4] + chr(code)
