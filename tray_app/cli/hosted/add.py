"""`hosted add URL`: from an address to a task model that was proven by one call."""

import getpass
import sys
from argparse import Namespace
from collections.abc import Sequence

from tray_app.app.doing.hosted import HostedDesk, HostedPlace, HostedWish, desk_of, goes_out
from tray_app.app.wiring import App
from tray_app.cli.account import line_of_stdin
from tray_app.cli.change import other_users, proven
from tray_app.cli.main import DONE, FAILED
from tray_app.cli.terminal import Terminal
from tray_app.core.remedies.case import Case
from tray_app.core.remedies.models import slot_changes
from tray_app.core.remedies.switches import running_tasks
from tray_app.core.tasks.cost import of_tokens, price_range
from tray_app.core.tasks.hosted.offers import HostedOffer, for_tasks
from tray_app.core.tasks.target import tasks_on
from tray_app.core.text import change as change_view
from tray_app.core.text import hosted as view
from tray_app.core.text import plan as plan_view
from tray_app.core.text.text import Translator
from tray_app.core.text.words import yes_words
from tray_app.core.values.errors.base import ElbowroomError
from tray_app.core.values.errors.hosted import HostedError, HostedProblem
from tray_app.core.values.errors.usage import Slip, UsageError
from tray_app.core.values.plan import Change, Plan
from tray_app.services.address import endpoint_addresses
from tray_app.services.hosted.endpoint import host_of


def run(app: App, options: Namespace, terminal: Terminal, tr: Translator) -> int:
    """Nothing is written before a model was chosen, the plan was shown and the endpoint wrote a title."""
    desk = desk_of(app)
    host = host_of(endpoint_addresses(options.url)[0])
    app.carrier.writable()
    key = _key(options, host, terminal, tr)
    with terminal.progress() as progress:
        progress.update(view.looking(host, tr))
        endpoint = desk.find(options.url, key)
    chosen = _chosen(endpoint, options, terminal, tr)
    if chosen is None:
        return DONE if options.dry_run else FAILED
    look = app.observer.look()
    case = look.case
    wish = desk.wish(endpoint, chosen, key=bool(key))
    slots = tuple(slot_changes(wish.listed_as, case))
    terminal.show(plan_view.plan_lines(Plan((*wish.connection.changes, *slots)), tr))
    _say_before(endpoint, wish, case, terminal, tr)
    if options.dry_run:
        terminal.text(change_view.dry_run(tr))
        return DONE
    if not options.yes:
        if not terminal.interactive:
            raise UsageError(Slip.NEEDS_YES, "hosted add")
        if not terminal.ask(view.question(endpoint.host, tr), yes_words(tr)):
            terminal.text(change_view.left_alone(tr))
            return FAILED
    return _add(app, desk, endpoint, wish, slots, key, terminal, tr)


def _key(options: Namespace, host: str, terminal: Terminal, tr: Translator) -> str:
    """From standard input, or typed unseen; none where nobody can type."""
    if options.key_stdin:
        key = line_of_stdin("--key-stdin").strip()
        if not key or any(char.isspace() for char in key):
            raise UsageError(Slip.EMPTY_TOKEN, "--key-stdin")
        return key
    if not terminal.interactive:
        return ""
    return getpass.getpass(view.key_prompt(host, tr) + " ", stream=sys.stderr).strip()


def _chosen(endpoint: HostedPlace, options: Namespace, terminal: Terminal, tr: Translator) -> HostedOffer | None:
    """The one that was named, or that a person picks out of the list. None where nobody picked one."""
    if options.model:
        return endpoint.named(options.model)
    found = for_tasks(endpoint.offers)
    terminal.show(view.offer_lines(found, len(found), tr))
    if options.dry_run:
        terminal.text(change_view.dry_run(tr))
        return None
    if not terminal.interactive:
        raise HostedError(HostedProblem.NOT_TOLD, endpoint.host)
    return _picked(endpoint, found, terminal, tr)


def _picked(
    endpoint: HostedPlace, found: Sequence[HostedOffer], terminal: Terminal, tr: Translator
) -> HostedOffer | None:
    while True:
        said = terminal.asked(view.which(found[0], tr))
        if said is None:
            terminal.text(change_view.left_alone(tr))
            return None
        if not said:
            return found[0]
        exact = next((one for one in found if one.id == said), None)
        if exact is not None:
            return exact
        if said.isdecimal() and 1 <= int(said) <= min(len(found), view.SHOWN):
            return found[int(said) - 1]
        matching = for_tasks(endpoint.offers, said)
        if not matching:
            terminal.note(view.none_found(tr))
            continue
        found = matching
        terminal.show(view.offer_lines(found, len(found), tr))


def _say_before(endpoint: HostedPlace, wish: HostedWish, case: Case, terminal: Terminal, tr: Translator) -> None:
    """Who receives what, and what it costs."""
    tasks = tasks_on(case.facts.tasks) if case.facts.tasks is not None else running_tasks(case)
    if wish.woken:
        terminal.text(view.woken(wish.woken, tr))
    terminal.text(view.leaves(endpoint.host, tasks, tr, out=goes_out(endpoint.url)))
    terminal.text(view.cost(price_range(wish.model.price, tasks), tr))


def _add(
    app: App,
    desk: HostedDesk,
    endpoint: HostedPlace,
    wish: HostedWish,
    slots: tuple[Change, ...],
    key: str,
    terminal: Terminal,
    tr: Translator,
) -> int:
    with terminal.progress() as progress:
        progress.update(view.trying(endpoint.host, tr))
        tried = desk.attempt(endpoint, wish.model, key)
        progress.clear()
        if tried is not None:
            counted = tried.read_tokens is not None and tried.written_tokens is not None
            tokens = (tried.read_tokens or 0, tried.written_tokens or 0) if counted else None
            usd = of_tokens(wish.model.price, *tokens) if tokens and wish.model.price is not None else None
            terminal.show([view.tried(tried.text, tried.seconds, tokens, usd, tr)])
        progress.update(view.adding(tr))
        done = desk.set_up(endpoint, wish, slots, key).changes
    if done:
        terminal.show(change_view.applied(done, (), tr)[: len(done)])
    for warning in change_view.model_warnings(slots, app.open_webui.models(), other_users(app.open_webui), tr):
        terminal.note(warning)
    terminal.show([view.way_back(endpoint.url, tr)])
    try:
        return proven(app, slots or done, terminal, tr, asked=True)
    except ElbowroomError:
        terminal.show([view.way_back(endpoint.url, tr)])
        raise
