"""The comparison of task models for the details page: asked for with a click, its result kept until the next one."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tray_app.app import speed
from tray_app.app.doing.trying import bench, held_in, knower, priced
from tray_app.app.jobs import JobControl, JobDone
from tray_app.app.watch import Look
from tray_app.core.menu.details.compare import MOST_ENTRANTS, CompareState
from tray_app.core.remedies.choices import entrants
from tray_app.core.tasks.conversations import named
from tray_app.core.tasks.settings import decode
from tray_app.core.text import speed as speed_view
from tray_app.core.text import trial as trial_view
from tray_app.core.text.text import Translator
from tray_app.core.values.command import PageJob, PageStep
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem

if TYPE_CHECKING:
    from tray_app.app.wiring import App


class Comparisons:
    """`state` is replaced as a whole, on the job's thread."""

    def __init__(self) -> None:
        self.state = CompareState()

    @staticmethod
    def ask(sent: Mapping[str, object]) -> tuple[Mapping[str, object], PageJob | None]:
        """On the threads of requests."""
        models = sent.get("models")
        if not isinstance(models, list) or not all(isinstance(one, str) for one in models):
            return {"ok": False}, None
        wanted = tuple(dict.fromkeys(models))
        if not 0 < len(wanted) <= MOST_ENTRANTS + 1:
            return {"ok": False}, None
        return {"ok": True}, PageJob(PageStep.COMPARE, wanted)

    def work(
        self, app: "App", job: PageJob, look: Look | None, translator: Callable[[], Translator], language: str
    ) -> Callable[[JobControl], JobDone]:
        def done(control: JobControl) -> JobDone:
            try:
                self._compare(app, job, look or app.observer.look(), control, translator, language)
            except ElbowroomError as error:
                self.state = CompareState(error=error)
            return JobDone("", settings=True, models=True)

        return done

    def _compare(
        self,
        app: "App",
        job: PageJob,
        look: Look,
        control: JobControl,
        translator: Callable[[], Translator],
        language: str,
    ) -> None:
        carrier = app.carrier
        carrier.writable()
        chat = speed.chat_model(carrier)
        if chat is None:
            self.state = CompareState(note=speed_view.no_chat_model(translator()))
            return
        listed = speed.listed_here(carrier)
        chosen = priced(entrants(look.facts, listed, chat, job.models), listed, carrier.open_webui)
        test = bench(carrier, chat, held_in(app.paths), knower(look.facts, listed, chat, carrier.open_webui))

        def show(step: speed.Progress) -> None:
            if control.cancelled():
                raise ChangeError(Problem.CANCELLED, "speed")
            control.progress((step.number - 1) * step.runs + step.run - 1, step.all * step.runs)

        try:
            speed.timed_tasks(decode(carrier.open_webui.read_document()))
            test.compare(chat.id, chosen, speed.MENU_RUNS, show, named("", language))
        except ChangeError as error:
            if error.problem is Problem.NOTHING_TO_DO:
                self.state = CompareState(note=speed_view.tasks_off(translator()))
                return
            if error.problem is not Problem.CANCELLED:
                raise
            self.state = CompareState(test.contest, note=trial_view.cancelled(translator()))
            return
        self.state = CompareState(test.contest)
