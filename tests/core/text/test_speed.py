"""What `speed` tells: figures, what each wrote, which is best and why."""

import pytest
from msgspec.structs import replace

from tests.english import TR
from tray_app.core.report.trial import Contest, Entrant, TaskTrial, Trial
from tray_app.core.tasks.written import Draft, Flaw
from tray_app.core.text.lines import width
from tray_app.core.text.speed import sentence, switches
from tray_app.core.text.trial import lines, verdict
from tray_app.core.values.connections import Price
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.service import TimedOut
from tray_app.core.values.fit import Fit, Verdict
from tray_app.core.values.task_settings import Setting

GIB = 1 << 30
WROTE = {
    Setting.TITLES: Draft(("Basil in winter",)),
    Setting.TAGS: Draft(("Garden", "Herbs")),
    Setting.FOLLOW_UPS: Draft(("Why dark spots?", "How much water?")),
}


def trial(asked, first_s=0.5, crowded_s=1.0, task_s=3.04, **more):
    tasks = tuple(TaskTrial(task, task_s, draft) for task, draft in WROTE.items())
    fit = Fit(Verdict.FITS, GIB)
    return replace(Trial(Entrant(asked, fit, asked), 3, asked or "qwen3:32b", tasks, first_s, crowded_s), **more)


def told(*trials, columns=80, **more):
    contest = Contest("qwen3:32b", "basil", 3, trials, **more)
    return ["".join(span.text for span in line) for line in lines(contest, columns, TR)]


@pytest.mark.parametrize(
    ("same", "small", "said"),
    [
        (
            6.0,
            2.0,
            "Best here: gemma3:1b. While tasks run, a chat starts 4.00 s sooner than with the chat model itself.",
        ),
        (
            2.0,
            6.0,
            "Best here: the chat model itself. While tasks run, a chat starts 4.00 s sooner than with gemma3:1b.",
        ),
        (6.0, 5.5, "Best here: the chat model itself. gemma3:1b is about as quick and takes 1.0 GiB more memory."),
    ],
)
def test_what_counts_is_the_chat_while_tasks_run(same, small, said):
    assert said in told(trial("", 0.2, same), trial("gemma3:1b", 0.9, small))


def test_quicker_tasks_and_a_lower_price_are_told_with_their_difference():
    slow = trial("llama3.2:3b", task_s=4.0)
    quick = "Best here: gemma3:1b. With llama3.2:3b chats start about as soon, but tasks take 2.88 s more."
    assert verdict([slow, trial("gemma3:1b")], TR) == quick
    dear = Entrant("openai/gpt-5-mini", host="openrouter.ai", price=Price(1e-6, 4e-6))
    tasks = (TaskTrial(Setting.TITLES, 9.12, WROTE[Setting.TITLES], (1000, 100)),)
    cheap = "Best here: gemma3:1b. openai/gpt-5-mini is about as quick and costs up to 1.40 USD more."
    assert verdict([trial("", entrant=dear, tasks=tasks), trial("gemma3:1b")], TR) == cheap


def test_what_is_not_known_is_said_and_never_nothing():
    unpriced = Entrant("openai/gpt-5-mini", host="openrouter.ai")
    rows = told(trial("gemma3:1b", task_s=3.0), trial("", entrant=unpriced), columns=140)
    assert rows[3].endswith("  unknown")
    assert "Prices are not known of all, so money decides nothing." in rows[-2]


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
    assert said in told(trial("", alone, crowded))


def test_what_they_wrote_stands_side_by_side():
    rows = told(trial(""), trial("gemma3:1b"))
    at = rows.index("What they wrote about `basil`")
    assert rows[at + 1 : at + 8] == [
        "Titles",
        "  same as chat  Basil in winter",
        "  gemma3:1b     Basil in winter",
        "Tags",
        "  same as chat  Garden, Herbs",
        "  gemma3:1b     Garden, Herbs",
        "Follow-ups",
    ]
    assert rows[at + 8 : at + 10] == ["  same as chat  Why dark spots?", "                How much water?"]


def test_a_wrong_form_is_marked_with_how_it_begins():
    wrong = TaskTrial(Setting.TAGS, 1.0, Draft(flaw=Flaw.NO_JSON, raw="Sure!\nHere\x1b[31m are tags"))
    rows = told(trial(""), trial("tiny:0.1b", tasks=(wrong,)))
    at = rows.index("  tiny:0.1b     cannot be used: it is no JSON")
    assert rows[at + 1].strip() == "Sure! Here[31m are tags"
    assert "Best here: the chat model itself, the only one that can do every task." in rows


@pytest.mark.parametrize("flaw", Flaw)
def test_every_flaw_has_words_of_its_own(flaw):
    rows = told(trial("", tasks=(TaskTrial(Setting.TAGS, 1.0, Draft(flaw=flaw)),)))
    said = [row for row in rows if "cannot be used: " in row]
    assert len(said) == 1
    assert said[0].split("cannot be used: ")[1]


def test_what_went_wrong_with_one_is_told():
    failed = trial("a", failed=TimedOut("http://127.0.0.1:8080", 2.0), tasks=())
    rows = "\n".join(
        told(trial(""), failed, trial("b", fell_back=True, answered="qwen3:32b"), trial("c", displaced=True))
    )
    assert "a could not be measured: " in rows
    assert "Open WebUI did not use b: qwen3:32b answered." in rows
    assert "c pushed the chat model out of memory." in rows


def test_whether_the_settings_are_as_before_is_always_told():
    assert told(trial(""))[-1] == "Medians of 3 runs. Nothing was left changed."
    left = told(trial(""), ended=ChangeError(Problem.LEFT_SWITCHED, "gemma3:1b"))[-1]
    assert "gemma3:1b may still be its task model." in left
    assert "undo" in left


def test_a_long_name_gets_a_line_of_its_own_and_a_hostile_one_stays_on_it():
    name = "hf.co/unsloth/Qwen3-30B-A3B-Instruct-2507-GGUF:UD-Q4_K_XL"
    rows = told(trial(name), trial("evil\x1b[31m\nname"), columns=60)
    assert rows[1] == name
    assert f"  {name}" in rows
    assert max(width(row) for row in rows if name not in row and "Best" not in row) <= 60
    assert not any("\x1b" in row or "\n" in row for row in rows)


def test_before_it_starts_it_is_said_where_text_would_go():
    hosted = Entrant("openai/gpt-5-mini", host="openrouter.ai")
    assert "goes to openrouter.ai" in switches([Entrant("gemma3:1b"), hosted], TR)
    assert "goes to" not in switches([Entrant("gemma3:1b")], TR)


def test_the_menu_says_it_in_one_sentence():
    said = "A chat starts after 0.5 s, and after 6.9 s while tasks run. A task call takes 3.0 s on qwen3:32b."
    assert sentence(trial("", 0.51, 6.88), TR) == said
