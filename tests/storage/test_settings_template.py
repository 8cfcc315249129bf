"""The file that a settings row begins: every key is there with its words, and none of them counts yet."""

import re

import pytest

from tray_app.core.values.limits import ChatFirst, Limits, ModelPerTask
from tray_app.storage.settings import SettingsFile, decode
from tray_app.storage.settings_keys import Settings, declared, tables
from tray_app.storage.settings_template import template


def test_it_changes_nothing(tmp_path):
    assert decode(template().encode(), tmp_path) == (Settings(), ())


def test_every_key_without_its_sign_is_its_default(tmp_path):
    text = re.sub(r"^#(?=\w)", "", template(), flags=re.MULTILINE)
    assert decode(text.encode(), tmp_path) == (Settings(), ())
    for keys in (Settings, Limits, ChatFirst, ModelPerTask):
        for name, key in declared(keys).items():
            if name not in tables():
                assert re.search(rf"^{name} = ", text, re.MULTILINE)
                assert key.doc in text


def test_a_number_comes_with_its_bounds():
    assert "(1 to 300)\n#poll_s = 5\n" in template()


@pytest.mark.parametrize("there", ["", "poll_s = 9\n"])
def test_a_file_that_is_there_stays_as_it_is(tmp_path, there):
    path = tmp_path / "folder" / "settings.toml"
    SettingsFile(path).begin()
    assert path.read_text() == template()
    path.write_text(there)
    SettingsFile(path).begin()
    assert path.read_text() == there
