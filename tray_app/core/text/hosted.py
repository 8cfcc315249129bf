"""What a hosted task model says: whom chat text goes to, what it costs, what is wrong with an endpoint."""

from collections.abc import Iterable, Mapping, Sequence
from math import floor, log10

from tray_app.core.tasks.cost import PriceRange
from tray_app.core.tasks.hosted.offers import HostedOffer
from tray_app.core.text.lines import Line, Span, Style, clean, in_turn, line, table
from tray_app.core.text.tasks import tasks_named
from tray_app.core.text.text import Translator
from tray_app.core.text.typed import typed
from tray_app.core.text.words import joined, listed
from tray_app.core.values.errors.hosted import HostedError, HostedProblem, TaskRefused
from tray_app.core.values.task_settings import Setting

SHOWN = 15
"""Models at once: an endpoint may list thousands."""
NAME_WIDTH = 40


def said(error: HostedError, tr: Translator) -> tuple[str, str]:
    """What is wrong, and what to do."""
    told = {**_of_endpoint(error, tr), **_of_model(error, tr), **_of_open_webui(error, tr)}
    if isinstance(error, TaskRefused):
        told |= _of_a_call(error, told, tr)
    text, step = told[error.problem]
    return text.format(host=clean(error.host), detail=clean(error.detail).rstrip(".")), step


def said_in_form(error: HostedError, tr: Translator) -> str:
    """At the field that it is about, so without a command that would ask again."""
    text, step = said(error, tr)
    here = {
        HostedProblem.NEEDS_KEY: tr.gettext("Type it here."),
        HostedProblem.NO_TITLE: tr.gettext("Choose one that does not think."),
        HostedProblem.NO_SUCH_MODEL: tr.gettext("Choose one from the list."),
        HostedProblem.OWN_OLLAMA: "",
    }
    return in_turn(text, here.get(error.problem, step))


def no_key(tr: Translator) -> str:
    return tr.gettext("This is no key: a key has no spaces in it.")


def needs_admin(tr: Translator) -> str:
    return tr.gettext("Only an administrator of Open WebUI can add one: connect as one first.")


def _of_endpoint(error: HostedError, tr: Translator) -> dict[HostedProblem, tuple[str, str]]:
    account = tr.gettext("Look into your account there, or choose another model; nothing was changed.")
    return {
        HostedProblem.PLAIN_HTTP: (
            tr.gettext("A key would cross the internet unencrypted to {host}: it was not sent."),
            tr.gettext("Use an https address."),
        ),
        HostedProblem.OWN_OLLAMA: (
            tr.gettext("{host} is the Ollama that is watched: Open WebUI has its models already."),
            tr.gettext("Choose one: {command}").format(command=typed(tr, "set", "task-model=gemma3:1b")),
        ),
        HostedProblem.NO_API: (
            tr.gettext("{host} answers, but not as an endpoint of the OpenAI type."),
            tr.gettext("The address usually ends with /v1, for instance https://openrouter.ai/api/v1."),
        ),
        HostedProblem.NO_MODELS: (
            tr.gettext("{host} lists no model that could write a title."),
            tr.gettext("Look there which models your account may use, or give another address."),
        ),
        HostedProblem.NEEDS_KEY: (
            tr.gettext("{host} wants a key."),
            tr.gettext("Type it when asked, or send it: {command} < key.txt").format(
                command=typed(tr, "hosted", "add", error.url, "--key-stdin")
            ),
        ),
        HostedProblem.WRONG_KEY: (
            tr.gettext("{host} does not accept this key: nothing was changed."),
            tr.gettext("Copy it anew from your account there."),
        ),
        HostedProblem.NO_CREDIT: (tr.gettext("{host} says that the account has no credit."), account),
        HostedProblem.LIMITED: (
            tr.gettext("{host} takes no more requests for now: a limit of the account or of the model."),
            account,
        ),
        HostedProblem.SLOW: (
            tr.gettext("{host} did not answer within {detail} seconds: nothing was changed."),
            tr.gettext("For background tasks a faster model is better; try again, or choose another."),
        ),
        HostedProblem.REFUSES: (tr.gettext("{host} refuses: {detail}."), account),
        HostedProblem.FAILS: (
            tr.gettext("{host} failed: {detail}."),
            tr.gettext("Try again in a while, or choose another model; nothing was changed."),
        ),
    }


def _of_a_call(
    error: TaskRefused, told: Mapping[HostedProblem, tuple[str, str]], tr: Translator
) -> dict[HostedProblem, tuple[str, str]]:
    """Where Open WebUI has asked, with its own key, and something may have been changed before."""
    account = tr.gettext("Look into your account there, or choose another model.")
    if error.problem is HostedProblem.WRONG_KEY:
        key = tr.gettext("Enter another in Open WebUI: Admin Panel > Settings > Connections.")
        return {error.problem: (tr.gettext("{host} does not accept the key that Open WebUI has for it."), key)}
    return {error.problem: (told[error.problem][0], account)}


def _of_model(error: HostedError, tr: Translator) -> dict[HostedProblem, tuple[str, str]]:
    add = typed(tr, "hosted", "add", error.url)
    meant = tr.gettext("Did you mean `{word}`?").format(word=clean(error.detail))
    return {
        HostedProblem.NO_TITLE: (
            tr.gettext("{detail} thought for so long that it wrote no title: nothing was changed."),
            tr.gettext("Choose one that does not think: {command}").format(command=add),
        ),
        HostedProblem.NO_SUCH_MODEL: (
            tr.gettext("{host} does not list that model."),
            meant if error.detail else tr.gettext("This lists them: {command}").format(command=add),
        ),
        HostedProblem.NOT_TOLD: (
            tr.gettext("Which model is to do the tasks? Nobody is there to choose one."),
            tr.gettext("Name it with --model."),
        ),
    }


def _of_open_webui(error: HostedError, tr: Translator) -> dict[HostedProblem, tuple[str, str]]:
    by_hand = tr.gettext("Open Admin Panel > Settings > Connections in Open WebUI, save once, and try again.")
    return {
        HostedProblem.NOT_REACHED: (
            tr.gettext("Open WebUI itself gets no list of models from {host}: nothing was changed."),
            tr.gettext(
                "It may run in a container or on another machine; there the address must lead to {host}, too."
            ).replace("{host}", clean(error.host)),
        ),
        HostedProblem.BY_ADDRESS: (
            tr.gettext(
                "Open WebUI keeps settings of its hosted connections in an old form that any change would lose."
            ),
            by_hand,
        ),
        HostedProblem.NOT_ADDED: (
            tr.gettext("No connection to {host} was added by Elbowroom."),
            tr.gettext("Others are removed in Open WebUI: Admin Panel > Settings > Connections."),
        ),
    }


# --- choosing ---------------------------------------------------------------------------------------


def offer_lines(offers: Sequence[HostedOffer], total: int, tr: Translator) -> list[Line]:
    """A numbered table of the first ones."""
    shown = offers[:SHOWN]
    header = ("", tr.gettext("model"), tr.gettext("USD per 1M tokens, in / out"), "")
    rows = [
        (str(number), clean(one.id, NAME_WIDTH), prices(one, tr), marks(one, tr)) for number, one in enumerate(shown, 1)
    ]
    left = total - len(shown)
    text = tr.ngettext("{count} more: type words to search for.", "{count} more: type words to search for.", left)
    more = [line(Span(text.format(count=left), Style.FAINT))] if left > 0 else []
    return [*table(header, rows), *more]


def more_models(left: int, tr: Translator) -> str:
    """Below a list that can be searched."""
    return tr.ngettext("{count} more: search for it.", "{count} more: search for them.", left).format(count=left)


def lists(host: str, count: int, tr: Translator) -> str:
    text = tr.ngettext(
        "{host} lists {count} model that answers in words; the best for small tasks stands first.",
        "{host} lists {count} models that answer in words; the best for small tasks stand first.",
        count,
    )
    return text.format(host=clean(host), count=count)


def prices(one: HostedOffer, tr: Translator) -> str:
    """`0.005 / 0.01`; empty numbers are never shown as zero."""
    if one.input_usd is None or one.output_usd is None:
        return tr.gettext("not told")
    return f"{_number(one.input_usd)} / {_number(one.output_usd)}"


def _number(usd: float) -> str:
    return f"{usd:.4f}".rstrip("0").rstrip(".") if usd < 1 else f"{usd:.2f}"


def marks(one: HostedOffer, tr: Translator) -> str:
    if one.thinks:
        return tr.gettext("thinks: unfit")
    if one.is_free:
        return tr.gettext("free, limited")
    return tr.gettext("next to nothing") if one.is_cheap else ""


def which(best: HostedOffer, tr: Translator) -> str:
    return tr.gettext("Number, words to search for, or Enter for {model}:").format(model=clean(best.id))


def none_found(tr: Translator) -> str:
    return tr.gettext("No model has all of these words.")


def key_prompt(host: str, tr: Translator) -> str:
    return tr.gettext("Key for {host} (not shown; Enter for none):").format(host=clean(host))


def looking(host: str, tr: Translator) -> str:
    return tr.gettext("Asking {host} for its models").format(host=clean(host))


def trying(host: str, tr: Translator) -> str:
    return tr.gettext("Asking {host} for one title").format(host=clean(host))


def adding(tr: Translator) -> str:
    return tr.gettext("Adding the connection")


# --- what is said before ----------------------------------------------------------------------------


def leaves(host: str, tasks: Iterable[Setting], tr: Translator, *, out: bool) -> str:
    """What goes to whom, from then on."""
    named = tasks_named(tuple(tasks), tr)
    if out:
        text = tr.gettext("From then on parts of every chat leave this machine and go to {host}, for: {tasks}.")
    else:
        text = tr.gettext("From then on parts of every chat go to {host} in your network, for: {tasks}.")
    kept = tr.gettext("The key goes to Open WebUI, which keeps it; Elbowroom does not.")
    return in_turn(text.format(host=clean(host), tasks=named or tr.gettext("none")), kept)


def woken(hosts: Sequence[str], tr: Translator) -> str:
    """The whole list was off: with it others come into use."""
    text = tr.gettext("Hosted connections were off: those to {hosts} come into use again, too.")
    return text.format(hosts=listed(map(clean, hosts), tr))


def cost(one: PriceRange | None, tr: Translator) -> str:
    """An estimate, and what it rests on."""
    if one is None:
        return tr.gettext("What it costs cannot be told: the endpoint lists no prices, or no task comes by itself.")
    text = tr.gettext(
        "About {least} to {most} USD for 1,000 messages: estimated from the length of Open WebUI's own prompts with "
        "2,000 characters of chat, at 4 characters a token."
    )
    return text.format(least=_cents(one.least_usd), most=_cents(one.most_usd))


def _cents(usd: float) -> str:
    """`0.017`, `1.20`, `0.0000018`: two digits that mean something."""
    if usd >= 1 or not usd:
        return f"{usd:.2f}"
    return f"{usd:.{1 - floor(log10(usd))}f}"


def question(host: str, tr: Translator) -> str:
    return tr.gettext("Send one test title to {host} and, if it is good, change Open WebUI? [y/N]").format(
        host=clean(host)
    )


# --- what was done ----------------------------------------------------------------------------------


def tried(text: str, seconds: float, tokens: tuple[int, int] | None, usd: float | None, tr: Translator) -> Line:
    return line(Span("ok ", Style.GOOD), tried_text(text, seconds, tokens, usd, tr))


def tried_text(text: str, seconds: float, tokens: tuple[int, int] | None, usd: float | None, tr: Translator) -> str:
    said = tr.gettext("The endpoint wrote a title in {seconds} s: {title}").format(
        seconds=f"{seconds:.1f}", title=clean(text, 60)
    )
    if tokens is not None:
        counted = tr.gettext("({read} tokens in, {written} out)").format(read=tokens[0], written=tokens[1])
        said = f"{said} {counted}"
    if tokens is not None and usd is not None:
        said = f"{said} = {_cents(usd)} USD"
    return said


def way_back(url: str, tr: Translator) -> Line:
    text = tr.gettext("Take the model and the connection back: {command}")
    return line(Span(text.format(command=typed(tr, "hosted", "remove", url)), Style.FAINT))


def connection_lines(rows: Sequence[tuple[str, Sequence[str], bool, bool, bool, bool]], tr: Translator) -> list[Line]:
    """Every connection: address, models, used, with a key, ours, out of the network."""
    lines: list[Line] = []
    for url, models, used, key, ours, out in rows:
        goes = tr.gettext("chat text leaves this network") if out else tr.gettext("chat text stays in your network")
        if not used:
            goes = tr.gettext("switched off: no chat text goes there")
        names = listed(map(clean, models[:3]), tr) if models else tr.gettext("all its models")
        facts = (names, tr.gettext("with a key") if key else tr.gettext("without a key"), goes)
        lines.append(line(Span(f"{clean(url)} *" if ours else clean(url), Style.STRONG)))
        lines.append(line(f"   {joined(facts, tr)}"))
    if any(row[4] for row in rows):
        lines.append(line(Span(tr.gettext("* added by Elbowroom"), Style.FAINT)))
    return lines


def no_connections(tr: Translator) -> str:
    return tr.gettext("Open WebUI has no hosted connection: no chat text leaves it this way.")


def tasks_there(model: str, host: str, tr: Translator) -> str:
    return tr.gettext("Background tasks run on {model}: what they read of chats goes to {host}.").format(
        model=clean(model), host=clean(host)
    )


def what_it_is(tr: Translator) -> str:
    return tr.gettext(
        "A model elsewhere writes titles and the like, fast and without memory here. Parts of every chat go to whoever "
        "runs it."
    )


def first_step(tr: Translator) -> str:
    """How somebody gets one who has none."""
    return tr.gettext("Add one: {command}").format(command=typed(tr, "hosted", "add", "openrouter.ai"))
