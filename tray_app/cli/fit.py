"""`fit`: a prediction; nothing is loaded."""

from argparse import Namespace

from tray_app.app.wiring import App
from tray_app.cli.main import DONE
from tray_app.cli.terminal import Terminal
from tray_app.core.fit.prediction import predict
from tray_app.core.report import status as report
from tray_app.core.text import fit as fit_view
from tray_app.core.text.text import Translator


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Predicted memory of a model, and whether it fits beside another; nothing is loaded."""
    place = app.observer.look().facts.place
    made = predict(
        options.model,
        place,
        with_model=options.beside,
        alone=options.alone,
        context=options.context,
        limits=app.limits,
    )
    if options.json:
        terminal.json(report.fit_of(made))
    else:
        terminal.show(fit_view.lines(made, tr, terminal.columns))
    return DONE
