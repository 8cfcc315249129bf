"""Which of the two task model slots a chat model's tasks use (Open WebUI utils/task.py, get_task_model_id)."""

from tray_app.core.tasks.releases import SLOT_BY_CONNECTION
from tray_app.core.values.snapshot import WebUIModel
from tray_app.core.values.task_settings import Setting
from tray_app.core.values.version import Version


def slot_for(chat_model: WebUIModel, version: Version) -> Setting:
    """TASK_MODEL or TASK_MODEL_EXTERNAL for the tasks of chats with this model.

    The chat model's own entry in `GET /api/models` decides, never its name: presets had no connection type
    in 0.6.11-0.6.40 and so use the external slot there; a missing type is not local.
    """
    local = chat_model.is_local if version >= SLOT_BY_CONNECTION else chat_model.is_ollamas
    return Setting.TASK_MODEL if local else Setting.TASK_MODEL_EXTERNAL
