"""The configuration as a value: what may stand in it, and what is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.english import TR
from tray_app.core.lanes.haproxy import GENERATING, OllamaHost, Prefer, gateway_of, sections
from tray_app.core.text.gateway import haproxy
from tray_app.core.values.errors.usage import Slip, UsageError

THREE = ("http://10.0.0.1:11434", "http://gpu2.lan:11434", "http://[fd00::3]:11434")
PLAIN = re.compile(r"[\w .:/\[\]{}!()%$',*@-]+")
"""Every character of a line of ours."""


def lines(gateway, head):
    (section,) = [one for one in sections(gateway) if one.head.startswith(head)]
    return [line for part in section.parts for line in part.lines]


def servers(gateway):
    return [line for line in lines(gateway, f"backend {GENERATING}") if line.startswith("server ")]


@pytest.mark.parametrize(
    ("urls", "slots", "more", "slip", "named"),
    [
        ((), (1,), {}, Slip.NEEDS_OLLAMA, "gateway haproxy"),
        (THREE, (1, 2), {}, Slip.SLOTS, "--slots"),
        (("http://nas/ollama",), (1,), {}, Slip.URL_WITH_PATH, "http://nas/ollama"),
        (("http://nas?x=1",), (1,), {}, Slip.URL_WITH_PATH, "http://nas?x=1"),
        (("https://10.0.0.1",), (1,), {}, Slip.HTTPS_NUMBER, "https://10.0.0.1"),
        (("https://[fd00::1]",), (1,), {}, Slip.HTTPS_NUMBER, "https://[fd00::1]"),
        (("http://a:1", "http://A:1"), (1,), {}, Slip.TWICE, "a:1"),
        (("http://a:1",), (1,), {"listen": "*:1", "stats": "*:1"}, Slip.TWICE, "*:1"),
        (("http://a:1",), (1,), {"listen": "a"}, Slip.LISTEN, "a"),
        (("http://a:1",), (1,), {"listen": "*:0"}, Slip.LISTEN, "*:0"),
        (("http://a:1",), (1,), {"stats": "*:65536"}, Slip.LISTEN, "*:65536"),
        (("http://a:1",), (1,), {"listen": "a:1\nmode tcp"}, Slip.LISTEN, "a:1\nmode tcp"),
        (("http://localhost:11436",), (1,), {}, Slip.LOOP, "localhost:11436"),
        (("http://gpu1.lan:80",), (1,), {"listen": "gpu1.lan:80"}, Slip.LOOP, "gpu1.lan:80"),
        (("http://a b:1",), (1,), {}, Slip.URL, "http://a b:1"),
        (("ftp://a:21",), (1,), {}, Slip.URL, "ftp://a:21"),
        (("http://a:99999",), (1,), {}, Slip.URL, "http://a:99999"),
        (("http://fe80::1%eth0:1",), (1,), {}, Slip.URL, "http://fe80::1%eth0:1"),
    ],
)
def test_what_cannot_be_is_refused_by_name(urls, slots, more, slip, named):
    with pytest.raises(UsageError) as caught:
        gateway_of(urls, slots, **more)
    assert (caught.value.what, caught.value.given) == (slip, named)


def test_a_number_of_slots_is_for_all_or_for_each():
    assert [one.rpartition(" ")[2] for one in servers(gateway_of(THREE, (2,)))] == ["2"] * 3
    assert [one.rpartition(" ")[2] for one in servers(gateway_of(THREE, (1, 2, 4)))] == ["1", "2", "4"]


def test_hosts_are_named_as_they_are_asked():
    assert [one.split()[1:3] for one in servers(gateway_of(THREE, (1,)))] == [
        ["10.0.0.1:11434", "10.0.0.1:11434"],
        ["gpu2.lan:11434", "gpu2.lan:11434"],
        ["fd00--3:11434", "[fd00::3]:11434"],
    ]
    assert OllamaHost("::1", 11434).authority == "localhost:11434"  # an Ollama on loopback answers to no other
    (unicode,) = servers(gateway_of(("http://b\u00fccher.lan",), (1,)))
    assert unicode.split()[1] == "xn--bcher-kva.lan:80"


def test_https_is_verified_by_the_hosts_name():
    (server,) = servers(gateway_of(("https://gpu.example.com",), (1,)))
    for wanted in (
        "ssl verify required",
        "ca-file @system-ca",
        "sni str(gpu.example.com)",
        "check-sni gpu.example.com",
    ):
        assert wanted in server


def test_every_task_has_its_class_and_a_chat_has_none():
    entry = lines(gateway_of(THREE, (1,)), "frontend elbowroom ")
    words = {line.split()[1]: set(line.split()[5:]) for line in entry if line.startswith("acl ") and "txn.task" in line}
    assert words["typing"] == {"autocomplete_generation"}
    assert {"title_generation", "tags_generation", "follow_up_generation", "emoji_generation"} <= words["task"]
    assert not {"query_generation", "function_calling", "moa_response_generation"} & (words["task"] | words["typing"])
    classes = [line for line in entry if "set-priority-class" in line]
    assert [line.split()[-3:] for line in classes] == [["int(10)", "if", "task"], ["int(20)", "if", "typing"]]


@pytest.mark.parametrize(("prefer", "key"), [(Prefer.CHAT, "req.hdr(x-elbowroom-chat)"), (Prefer.MODEL, "req.body")])
def test_a_preferred_host_is_taken_only_while_it_has_a_place(prefer, key):
    gateway = gateway_of(THREE, (1, 2, 4), prefer=prefer)
    assert any(key in line for line in lines(gateway, "frontend elbowroom "))
    taken = [line for line in lines(gateway, f"backend {GENERATING}") if line.startswith("use-server ")]
    assert [re.findall(r"m int (\d)|lt (\d)", line) for line in taken] == [
        [("0", ""), ("", "1")],
        [("1", ""), ("", "2")],
        [("2", ""), ("", "4")],
    ]


def test_words_are_not_collected():
    """HAProxy tells the system to wait for more data, up to 0.2 s: seen as a later first token (bench.fleet --check)."""
    assert "option http-no-delay" in lines(gateway_of(THREE, (1,)), "defaults ")


def test_no_body_is_waited_for_unless_its_model_is_asked_for():
    for prefer in (Prefer.CHAT, Prefer.NONE):
        text = haproxy(gateway_of(THREE, (1,), prefer=prefer), "1.0", TR)
        assert "wait-for-body" not in text
        assert ("use-server" in text) is (prefer is Prefer.CHAT)


@given(st.text() | st.from_regex(r"\Ahttps?://[\w.:\[\]%#$\"'\\ \n-]{1,40}\Z"), st.integers(1, 99))
def test_no_address_brings_a_line_or_a_word_of_its_own(url, slots):
    try:
        gateway = gateway_of((url, "http://second:1"), (slots,))
    except UsageError:
        return
    plain = gateway_of(("http://first:1", "http://second:1"), (slots,))
    made, wanted = (
        [line for one in sections(each) for part in one.parts for line in part.lines] for each in (gateway, plain)
    )
    is_https = gateway.hosts[0].is_https
    assert len(made) == len(wanted)
    assert all(PLAIN.fullmatch(line) for line in made)
    if not is_https:
        assert [len(line.split()) for line in made] == [len(line.split()) for line in wanted]
