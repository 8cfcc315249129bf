"""What `speed` concludes, and where the runs do not tell."""

import pytest

from tests.english import TR
from tray_app.core.text.lines import width
from tray_app.core.text.speed import lines, sentence
from tray_app.core.values.job import Timing
from tray_app.core.values.task_settings import Setting


def timing(asked, first_s, crowded_s):
    return Timing(asked, asked or "qwen3:32b", Setting.TITLES, 3.04, first_s, crowded_s, 3)


def told(rows, columns=80):
    return ["".join(span.text for span in line) for line in lines(rows, 3, columns, TR)]


@pytest.mark.parametrize(
    ("same", "small", "said"),
    [
        (6.0, 2.0, "The chat starts soonest with gemma3:1b as task model."),
        (2.0, 6.0, "The chat starts soonest when the chat model does the tasks itself."),
        (6.0, 5.5, "How soon the chat starts makes no clear difference here."),
        (0.05, 0.14, "How soon the chat starts makes no clear difference here."),
    ],
)
def test_what_counts_is_the_chat_while_tasks_run_and_a_tenth_is_no_difference(same, small, said):
    assert said in told([timing("", 0.2, same), timing("gemma3:1b", 0.9, small)])


@pytest.mark.parametrize(
    ("alone", "crowded", "said"),
    [
        (0.5, 6.9, "While tasks run, the chat starts 6.4 s later."),
        (0.5, 0.54, "Tasks do not delay the chat here."),
        (0.04, 0.1, "Tasks do not delay the chat here."),
        (0.04, 0.14, "While tasks run, the chat starts 0.1 s later."),
        (0.5, 0.4, "Tasks do not delay the chat here."),
    ],
)
def test_one_model_alone_tells_whether_tasks_delay_the_chat(alone, crowded, said):
    assert said in told([timing("", alone, crowded)])


def test_a_long_name_gets_a_line_of_its_own():
    name = "hf.co/unsloth/Qwen3-30B-A3B-Instruct-2507-GGUF:UD-Q4_K_XL"
    rows = told([timing(name, 0.5, 0.5)], 60)
    assert rows[0] == name
    assert [row.split("  ")[1] for row in rows[1:5]] == [
        "answered       ".strip(),
        "task call",
        "first word",
        "while tasks run",
    ]
    assert max(map(width, rows[2:])) <= 60


def test_the_menu_says_it_in_one_sentence():
    said = "A chat starts after 0.5 s, and after 6.9 s while tasks run. A task call takes 3.0 s on qwen3:32b."
    assert sentence(timing("", 0.51, 6.88), TR) == said
