"""The settings send tasks to the big model; nothing hurts yet."""

from tray_app.core.diagnosis.facts import BigModel, Facts
from tray_app.core.values.finding import TasksOnBigModel
from tray_app.core.values.task_settings import Setting


def check(facts: Facts) -> tuple[TasksOnBigModel, ...] | None:
    """Where the settings cannot be read, running requests may prove that there are tasks. With chat first they stand
    in nobody's way."""
    if facts.big_models is None:
        return None
    if facts.puts_chats_first:
        return ()
    found: list[TasksOnBigModel] = []
    for one in facts.big_models:
        landing = facts.lands_on(one.model.name)
        if landing is None:
            traffic = facts.traffic(one.model.name)
            if traffic is None or not traffic.tasks:
                return None
            found.append(_finding(one, ()))
        elif unasked := tuple(task for task in facts.unasked or () if task in landing):
            found.append(_finding(one, unasked))
    return tuple(found)


def _finding(big: BigModel, tasks: tuple[Setting, ...]) -> TasksOnBigModel:
    return TasksOnBigModel(
        model=big.model.name,
        model_bytes=big.model.size_bytes,
        budget_share=round(big.share * 100, 1),
        tasks=tasks,
        budget_bytes=big.budget_bytes,
    )
