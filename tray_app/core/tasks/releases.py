"""What changed in which release of Open WebUI: the only place that compares its versions."""

from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Version

OLDEST: Version = (0, 3, 0)

NEWEST_SEEN: Version = (0, 12, 4)

SINCE: dict[Setting, Version] = {
    Setting.TITLES: (0, 5, 12),
    Setting.TAGS: (0, 4, 0),
    Setting.FOLLOW_UPS: (0, 6, 14),
    Setting.AUTOCOMPLETE: (0, 4, 7),
    Setting.SEARCH_QUERIES: (0, 3, 20),
    Setting.RETRIEVAL_QUERIES: (0, 4, 0),
    Setting.TASK_MODEL: (0, 3, 0),
    Setting.TASK_MODEL_EXTERNAL: (0, 3, 0),
    Setting.TASK_MODEL_PARAMS: (0, 11, 1),
}
"""First release whose `TaskConfigForm` has the field (Open WebUI main.py to 0.4.8, routers/tasks.py from 0.5.0).

The search query switch came between 0.3.0 and 0.3.20; 0.3.20 is the oldest release that was seen to have it.
"""

RUNS_SINCE: dict[Setting, Version] = {
    Setting.TITLES: (0, 3, 0),
    Setting.TAGS: (0, 3, 33),
    Setting.FOLLOW_UPS: (0, 6, 14),
    Setting.AUTOCOMPLETE: (0, 4, 7),
    Setting.SEARCH_QUERIES: (0, 3, 0),
    Setting.RETRIEVAL_QUERIES: (0, 4, 0),
}
"""First release that has the task at all; some ran for a while before there was a switch."""


def support(version: Version, setting: Setting) -> bool:
    """Whether a release has this setting. The document itself decides where one was read (`key_of`)."""
    return version >= SINCE[setting]


def runs(version: Version, task: Setting) -> bool:
    """Whether a release has this task, with or without a switch."""
    return version >= RUNS_SINCE[task]
