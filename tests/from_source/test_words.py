"""Which language run.py speaks."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "environment", "korean"),
    [
        (["--lang", "ko"], {}, True),
        (["--lang=ko"], {"LANG": "en_US.UTF-8"}, True),
        (["--lang", "en"], {"LANG": "ko_KR.UTF-8"}, False),
        ([], {"LANG": "ko_KR.eucKR"}, True),
        ([], {"LC_ALL": "C"}, False),
        (["--lang"], {}, False),
        ([], {"LANGUAGE": "en:ko"}, False),
        ([], {"LANGUAGE": "xx:ko"}, True),
    ],
)
def test_it_speaks_the_language_of_its_user(run, monkeypatch, arguments, environment, korean):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (run.catalog(arguments)("making .venv ...") != "making .venv ...") is korean


@pytest.mark.parametrize(
    ("tag", "yes"), [("zh_CN.UTF-8", True), ("zh_SG", True), ("zh-Hans", True), ("zh", True), ("zh_TW", False)]
)
def test_it_asks_a_catalog_for_some_countries_which_tags_it_is_for(run, monkeypatch, tag, yes):
    monkeypatch.setenv("LANGUAGE", tag)
    assert (run.catalog([])("making .venv ...") == "正在创建 .venv ...") is yes
