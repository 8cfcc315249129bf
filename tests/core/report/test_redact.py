"""Nothing that is someone's own passes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_app.core.report.redact import REMOVED, TEXT_LIMIT, Redactor, numeric_part
from tray_app.core.values.snapshot import OtherProcess, Pressure, PressureInput, WebUIModel
from tray_app.core.values.task_settings import Switch, TaskSettings

REDACTOR = Redactor("/srv/people/marigold", ("marigold",), ("plain-secret-word",))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sk-0123456789abcdef0123456789abcdef", REMOVED),
        ("key=sk-or-v1-abcdef", f"key={REMOVED}"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IjEifQ.c2lnbmF0dXJl", REMOVED),
        ("Authorization: Bearer abc.def", REMOVED),
        ("bearer x", REMOVED),
        ('{"api_key": "hello"}', '{"' + REMOVED),
        ("password=hunter2", REMOVED),
        ("GITHUB_TOKEN=x", REMOVED),
        ("ghp_0123456789abcdefghij", REMOVED),
        ("write to ann.lee+x@mail.example.org now", f"write to {REMOVED} now"),
        ("http://ann:hunter2@10.0.0.5:8080/x", "http://10.0.0.5:8080/x"),
        ("https://host/path?code=hunter2#part", "https://host/path"),
        ("/home/someone/.ollama/logs/server.log", "~/.ollama/logs/server.log"),
        ("/Users/someone/Library", "~/Library"),
        ("C:\\Users\\someone\\AppData", "~\\AppData"),
        ("/srv/people/marigold/x", "~/x"),
        ("owner Marigold", "owner <user>"),
        ("marigolds", "marigolds"),
        ("plain-secret-word", REMOVED),
        ("0123456789abcdef0123456789abcdef0123", REMOVED),
        ("sha256-" + "a1" * 32, "sha256-" + "a1" * 32),
        ("qwen3:32b", "qwen3:32b"),
        ("server.log: Permission denied", "server.log: Permission denied"),
        ("a\nb\x1b[2Jc", "a b [2Jc"),
        ("", ""),
    ],
)
def test_texts(text, shown):
    assert REDACTOR.text(text) == shown


@pytest.mark.parametrize("name", ["root", "admin", "me"])
def test_names_that_everybody_has_are_left(name):
    assert Redactor("/", (name,)).text(f"{name} ollama") == f"{name} ollama"


@given(st.text(max_size=400))
def test_any_text_becomes_one_short_printable_line_and_stays_so(text):
    once = REDACTOR.text(text)
    assert once.isprintable()
    assert len(once) <= TEXT_LIMIT


@given(
    st.text(max_size=30),
    st.sampled_from(["sk-0123456789abcdef", "plain-secret-word", "eyJhbGciOi.eyJpZCI6.c2ln"]),
    st.text(max_size=30),
)
def test_a_secret_is_found_in_any_company(before, secret, after):
    assert secret not in REDACTOR.text(f"{before} {secret} {after}")


def test_a_sentence_is_no_name():
    assert REDACTOR.name("please help me with my divorce") == REMOVED
    assert REDACTOR.name("Google Chrome Helper") == "Google Chrome Helper"
    assert REDACTOR.name("hf.co/org/Model-GGUF:Q4_K_M") == "hf.co/org/Model-GGUF:Q4_K_M"


def test_fields_of_text_pass_only_where_they_are_listed():
    model = WebUIModel("anns-helper", "Ann's helper", "ollama", base_model_id="qwen3:32b", ollama_name="qwen3:32b")
    shown = REDACTOR.value(model)
    assert (shown["id"], shown["name"], shown["base_model_id"]) == (REMOVED, REMOVED, REMOVED)
    assert (shown["owned_by"], shown["ollama_name"], shown["preset"]) == ("ollama", "qwen3:32b", False)
    on = Switch.ON
    tasks = TaskSettings(on, on, on, on, on, on, "gemma3:1b", "", '{"system": "you are ann"}')
    shown = REDACTOR.value(tasks)
    assert (shown["titles"], shown["task_model"], shown["task_model_params"]) == ("on", "gemma3:1b", REMOVED)


def test_numbers_and_words_of_ours_pass():
    value = (PressureInput("psi-some-avg10", 1.5, "percent", Pressure.WARNING), OtherProcess("firefox", 7))
    assert REDACTOR.value(value) == [
        {"name": "psi-some-avg10", "value": 1.5, "unit": "percent", "pressure": "warning"},
        {"name": "firefox", "memory_bytes": 7},
    ]
    assert REDACTOR.value("any text") == REMOVED
    assert REDACTOR.value({"any": "mapping"}) == REMOVED


def test_what_a_server_wrote_passes_only_as_one_word():
    assert REDACTOR.detail("not-admin", ours=False) == "not-admin"
    assert REDACTOR.detail("2 s", ours=False) == "2 s"
    assert REDACTOR.detail("you asked about your divorce", ours=False) == REMOVED
    assert REDACTOR.detail("server.log: Permission denied", ours=True) == "server.log: Permission denied"


class TestNumbers:
    @pytest.mark.parametrize(
        "text",
        [
            b"MemTotal:       24683856 kB\nMemFree:          501232 kB\nActive(anon):      12 kB\n",
            b"some avg10=0.00 avg60=0.12 avg300=0.05 total=1234\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n",
            b"pswpin 0\npswpout 12\n",
            b"max\n",
            b"9223372036854771712\n",
            b'Mach Virtual Memory Statistics: (page size of 16384 bytes)\nPages free:     12345.\n"Translation faults": 99.\n',
        ],
    )
    def test_counter_files_pass_whole(self, text):
        assert numeric_part(text, REDACTOR) == text

    def test_lines_that_are_more_than_numbers_stay_here(self):
        text = b"MemTotal: 1 kB\nsk-0123456789abcdef0123456789abcdef\nplease help me with my divorce\nmarigold 5\n"
        assert numeric_part(text, REDACTOR) == b"MemTotal: 1 kB\n"
        assert numeric_part(b"please help me\n", REDACTOR) is None

    def test_a_structure_passes_and_text_in_it_does_not(self):
        numbers = struct.pack("<6Q", 1, 2**20, 3 * 10**9, 2**63, 77, 0)
        card = numbers + "NVIDIA GeForce RTX 4070".encode("utf-16-le")
        assert numeric_part(numbers, REDACTOR) == numbers
        assert numeric_part(card, REDACTOR) == card

    @pytest.mark.parametrize("encoding", ["ascii", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("text", ["sk-0123456789abcdef", "please help me", "NVIDIA of marigold"])
    def test_text_in_a_structure_does_not(self, text, encoding):
        assert numeric_part(b"\x00\x01\x02" + text.encode(encoding) + b"\x03", REDACTOR) is None
