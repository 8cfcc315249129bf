"""The form that adds a hosted model, for the details page: what the command line does, a step with each click."""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from tray_app.app import speed
from tray_app.app.doing.hosted import HostedPlace, HostedWish, desk_of, goes_out
from tray_app.app.jobs import JobControl, JobDone
from tray_app.app.watch import Look
from tray_app.core.menu.details.hosted import (
    HostedField,
    HostedFormState,
    HostedStep,
    ProvenModel,
    WrittenTitle,
    offers_view,
)
from tray_app.core.remedies.models import slot_changes
from tray_app.core.remedies.switches import running_tasks
from tray_app.core.tasks.target import tasks_on
from tray_app.core.text.text import Translator
from tray_app.core.values.command import PageJob, PageStep
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.change import ChangeError, Problem
from tray_app.core.values.errors.hosted import HostedError, HostedProblem
from tray_app.core.values.plan import Change, Plan

if TYPE_CHECKING:
    from tray_app.app.wiring import App

LONGEST_ADDRESS = 500
_KEY = {HostedProblem.NEEDS_KEY, HostedProblem.WRONG_KEY, HostedProblem.PLAIN_HTTP}
_MODEL = {HostedProblem.NO_TITLE, HostedProblem.SLOW, HostedProblem.LIMITED, HostedProblem.NO_CREDIT}
"""Another model may do."""


class HostedForms:
    """One form for all tabs. The key is in memory only, from the click that sent it until the model is added, another
    address is typed or the page is over; no document, command, log or journal has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.state = HostedFormState()
        self._key = ""
        self._place: HostedPlace | None = None
        self._wish: HostedWish | None = None
        self._slots: tuple[Change, ...] = ()

    def forget(self) -> None:
        """The form as it was at first, and no key."""
        with self._lock:
            self.state = HostedFormState()
            self._key, self._place, self._wish, self._slots = "", None, None, ()

    # --- on the threads of requests ----------------------------------------------------------

    def ask(self, sent: Mapping[str, object], tr: Translator) -> tuple[Mapping[str, object], PageJob | None]:
        """What is answered at once, and the job that it takes."""
        wanted, words = sent.get("do"), sent.get("words")
        model = sent.get("model")
        job: PageJob | None = None
        if wanted == _FIND:
            job = self._typed(sent.get("address"), sent.get("key"))
        elif wanted == _SEARCH and isinstance(words, str):
            return {"ok": True, "offers": msgspec.to_builtins(offers_view(self.state.offers, words, tr))}, None
        elif wanted == _PLAN and isinstance(model, str):
            job = PageJob(PageStep.PLAN, (model,))
        elif wanted == _ADD and self.state.step is HostedStep.PLAN:
            job = PageJob(PageStep.ADD)
        elif wanted == _BACK:
            self._back()
        else:
            return {"ok": False}, None
        return {"ok": True}, job

    def _typed(self, address: object, key: object) -> PageJob | None:
        if not isinstance(address, str) or not isinstance(key, str):
            return None
        self.forget()
        address, key = address.strip()[:LONGEST_ADDRESS], key.strip()
        if any(char.isspace() or not char.isprintable() for char in key):
            self.state = HostedFormState(address=address, at=HostedField.KEY, no_key=True)
            return None
        with self._lock:
            self.state, self._key = HostedFormState(address=address), key
        return PageJob(PageStep.FIND)

    def _back(self) -> None:
        """To the models, from there to the address."""
        if self.state.step is HostedStep.PLAN:
            self.state = replace(self.state, step=HostedStep.MODEL, error=None)
        else:
            address = "" if self.state.step is HostedStep.DONE else self.state.address
            self.forget()
            self.state = HostedFormState(address=address)

    # --- on the job's thread -----------------------------------------------------------------

    def work(self, app: "App", job: PageJob, look: Look | None) -> Callable[[JobControl], JobDone]:
        def done(control: JobControl) -> JobDone:
            try:
                if job.step is PageStep.FIND:
                    self._find(app)
                elif job.step is PageStep.PLAN:
                    self._planned(app, job.models[0], look or app.observer.look())
                else:
                    self._add(app, control)
            except ElbowroomError as error:
                self._failed(error)
            return JobDone("", settings=job.step is PageStep.ADD, models=job.step is PageStep.ADD)

        return done

    def _find(self, app: "App") -> None:
        app.carrier.writable()
        before = self.state
        place = desk_of(app).find(before.address, self._key)
        with self._lock:
            if self.state is before:  # nobody has typed another address meanwhile
                self._place = place
                out = goes_out(place.url)
                self.state = replace(before, step=HostedStep.MODEL, host=place.host, out=out, offers=place.offers)

    def _planned(self, app: "App", name: str, look: Look) -> None:
        place, key = self._place, self._key
        if place is None:
            return
        model, case = place.named(name), look.case
        wish = desk_of(app).wish(place, model, key=bool(key))
        slots = tuple(slot_changes(wish.listed_as, case))
        tasks = tasks_on(case.facts.tasks) if case.facts.tasks is not None else running_tasks(case)
        with self._lock:
            self._wish, self._slots = wish, slots
            self.state = replace(
                self.state,
                step=HostedStep.PLAN,
                model=model,
                plan=Plan((*wish.connection.changes, *slots)),
                woken=wish.woken,
                tasks=tuple(tasks),
                error=None,
            )

    def _add(self, app: "App", control: JobControl) -> None:
        """One test title; only if it is good, the connection and the choice; then one real task."""
        place, wish, slots, key, desk = self._place, self._wish, self._slots, self._key, desk_of(app)
        if place is None or wish is None:
            return
        tried = desk.attempt(place, wish.model, key)
        if control.cancelled():
            raise ChangeError(Problem.CANCELLED, "hosted")
        done = desk.set_up(place, wish, slots, key, control.cancelled)
        written = None
        if tried is not None:
            counted = tried.read_tokens is not None and tried.written_tokens is not None
            tokens = (tried.read_tokens or 0, tried.written_tokens or 0) if counted else None
            written = WrittenTitle(tried.text, tried.seconds, tokens)
        state = replace(self.state, step=HostedStep.DONE, error=None, written=written)
        self.forget()
        self.state = replace(state, offers=(), changes=done.changes, change_id=done.change_id)
        self._prove(app, slots)

    def _prove(self, app: "App", slots: tuple[Change, ...]) -> None:
        """What was added stays, also where nobody can tell whether it is used."""
        for change in slots[:1]:
            try:
                proof = speed.prove(app.carrier, change.setting)
            except ElbowroomError:
                proof = None
            if proof is None:
                self.state = replace(self.state, proof_missing=True)
            else:
                told = ProvenModel(proof.chat, proof.wanted, proof.answered, proof.seconds, proof.good)
                self.state = replace(self.state, proof=told)

    def _failed(self, error: ElbowroomError) -> None:
        """At its field, in the step where it can be mended."""
        step, at = self.state.step, _FIELDS[self.state.step]
        problem = error.problem if isinstance(error, HostedError) else None
        if isinstance(error, ChangeError) and error.problem is Problem.CANCELLED:
            self.state = replace(self.state, error=None)
            return
        if problem in _KEY:
            step, at = HostedStep.PLACE, HostedField.KEY
        elif step is HostedStep.PLAN and problem in _MODEL:
            step, at = HostedStep.MODEL, HostedField.MODEL
        self.state = replace(self.state, step=step, at=at, error=error)


_FIND, _SEARCH, _PLAN, _ADD, _BACK = "find", "search", "plan", "add", "back"
_FIELDS = {
    HostedStep.PLACE: HostedField.ADDRESS,
    HostedStep.MODEL: HostedField.MODEL,
    HostedStep.PLAN: HostedField.PLAN,
    HostedStep.DONE: HostedField.PLAN,
}
