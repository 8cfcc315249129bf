"""Several Ollamas that a command was told of, each with an App of its own."""

from argparse import Namespace

from msgspec.structs import replace

from tray_app.app.wiring import App
from tray_app.services.address import ollama_address


def apps_of(app: App, options: Namespace) -> list[App]:
    """One for each host that was named, each once; whoever asks closes them. None where one is meant, or the usual one.
    UsageError where an address is none."""
    urls = addresses(app, options)
    return [App(replace(app.overrides, ollama=url)) for url in urls] if len(urls) > 1 else []


def addresses(app: App, options: Namespace) -> list[str]:
    """Every host that was named, each once. UsageError as above."""
    given = [*filter(None, [app.overrides.ollama]), *options.hosts]
    return list(dict.fromkeys(ollama_address(one) for one in given))
