"""`settings`: what Open WebUI's task settings are now."""

import json
from argparse import Namespace

from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.report import status as report
from tray_app.core.tasks.settings import decode
from tray_app.core.text import plan as plan_view
from tray_app.core.text.text import Translator
from tray_app.core.values.errors.change import ChangeError, Problem


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Open WebUI's task settings now; any signed-in account may read them."""
    client = app.open_webui
    version = client.version()
    if app.token(app.open_webui_url) is None:
        raise ChangeError(Problem.NOT_CONNECTED, app.open_webui_url)
    task_settings = decode(client.read_document())
    if options.json:
        made = {
            "schema": report.SCHEMA,
            "url": app.open_webui_url,
            "version": version,
            "tasks": report.tasks_of(task_settings),
            "task_model": task_settings.task_model,
            "task_model_external": task_settings.task_model_external,
            "task_model_params": json.loads(task_settings.task_model_params or "null"),
        }
        terminal.json(made)
    else:
        terminal.show(plan_view.settings_lines(task_settings, version, app.open_webui_url, tr))
    return DONE
