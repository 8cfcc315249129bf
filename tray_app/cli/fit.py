"""`fit`: a prediction; nothing is loaded."""

import json
from argparse import Namespace

from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.fit import prediction as fit_report
from tray_app.core.text import fit as fit_view
from tray_app.core.text.text import Translator


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Predicted memory of a model, and whether it fits beside another; nothing is loaded."""
    snapshot = app.observer.look().snapshot
    made = fit_report.predict(
        options.model, snapshot, with_model=options.beside, context=options.context, limits=app.limits
    )
    if options.json:
        terminal.text(json.dumps(made.as_json(), ensure_ascii=False))
    else:
        terminal.show(fit_view.lines(made, tr, terminal.columns))
    return DONE
