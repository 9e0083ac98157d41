"""Nothing under GPL, AGPL or an unknown licence is handed on."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("carrel_licences", ROOT / "packaging" / "licences.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "licence",
    [
        "MIT",
        "Apache-2.0 WITH LLVM-exception",
        "LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only",
        "MPL-2.0 AND (Apache-2.0 OR MIT)",
        "Mozilla Public License 2.0 (MPL 2.0)",
        "GNU Lesser General Public License v3 (LGPLv3)",
    ],
)
def test_permissive_and_file_level_licences_pass(licences: ModuleType, licence: str) -> None:
    assert licences.acceptable(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only",
        "AGPL-3.0-or-later",
        "GNU General Public License v3 (GPLv3)",
        "GNU Affero General Public License v3",
        "MIT AND GPL-2.0-only",
        "GPL-3.0-only AND (MIT OR Apache-2.0)",
        "unknown",
        "",
        "Proprietary",
    ],
)
def test_copyleft_and_unknown_licences_are_refused(licences: ModuleType, licence: str) -> None:
    assert not licences.acceptable(licence)


def test_what_is_installed_may_be_shipped_and_is_listed(licences: ModuleType) -> None:
    assert licences.main(["--check"]) == 0


def test_a_refused_licence_fails_the_check(licences: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    copyleft = licences.Component("some-parser", "1.0", "AGPL-3.0-only")
    monkeypatch.setattr(licences, "CARRIED", (copyleft,))
    assert licences.main(["--check"]) == 1
