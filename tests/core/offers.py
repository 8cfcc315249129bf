"""What is offered on a Mac whose 32B model is crowded, for the tests of remedies and of their words."""

from tests.core.findings import example
from tests.core.machines import HOSTED, facts, installed, listed, loaded, machine, web_ui
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.ranked import remedies
from tray_app.core.values.finding import Diagnosis, Level, TaskStorm

BIG = loaded("qwen3:32b", 19.7)
THINKING = ("completion", "thinking")
PLAIN = ("completion",)
CHAT = installed("qwen3:32b", capabilities=THINKING)
SMALL = installed("gemma3:1b", capabilities=PLAIN)
THREE_B = installed("llama3.2:3b", capabilities=PLAIN)
THINKER = installed("qwen3:1.7b", capabilities=THINKING)
LISTED = tuple(listed(model.name) for model in (CHAT, SMALL, THREE_B, THINKER))


def diagnosis(*kinds) -> Diagnosis:
    return Diagnosis(Level.OVERLOADED, tuple(example(kind) for kind in kinds))


def offered(snapshot, *kinds, **options):
    return remedies(Case(facts(snapshot), diagnosis(*(kinds or (TaskStorm,))), **options))


def by_id(found, identity):
    return next(remedy for remedy in found if remedy.id == identity)


def ids(found):
    return [remedy.id for remedy in found]


def here(*models, have=(CHAT, SMALL, THREE_B, THINKER), ui=None, **options):
    return machine(*(models or (BIG,)), have=have, open_webui=ui or web_ui(*LISTED, HOSTED), **options)
