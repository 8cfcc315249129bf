"""What `/api/ps` says of loaded models, put right where a release of Ollama is known to say it wrong. Pure."""

from msgspec import Struct
from msgspec.structs import replace

from tray_app.core.requests.releases import MAPPED_ONCE_SINCE, MAPPED_TWICE_SINCE
from tray_app.core.values.names import same_model
from tray_app.core.values.snapshot import InstalledModel, LoadedModel, Ollama
from tray_app.core.values.version import parse_version

ABOUT = 0.1
"""Two sizes that differ by less than this share of the file are taken for the same."""


class ToldApart(Struct, frozen=True):
    """`doubtful`: models of which it cannot be told how much lies on the GPU."""

    ollama: Ollama | None
    doubtful: tuple[str, ...] = ()


def told_apart(ollama: Ollama | None) -> ToldApart:
    """The answer with sizes that can be reckoned with.

    Ollama 0.30.0 to 0.30.10 counts weights that are mapped from the file once more beside what the GPU holds of them.
    Of a runner whose GPU has no memory of its own it tells size 0: then the file is the least that it takes.
    """
    if ollama is None:
        return ToldApart(None)
    version = parse_version(ollama.version)
    twice = version is not None and MAPPED_TWICE_SINCE <= version < MAPPED_ONCE_SINCE
    loaded, doubtful = [], []
    for model in ollama.loaded:
        file_bytes = _file_bytes(model, ollama.installed)
        right = _right(model, file_bytes, twice=twice)
        loaded.append(right)
        if right != model:
            doubtful.append(model.name)
    return ToldApart(replace(ollama, loaded=tuple(loaded)), tuple(doubtful))


def _right(model: LoadedModel, file_bytes: int | None, *, twice: bool) -> LoadedModel:
    if not file_bytes:
        return model
    if model.size_bytes <= 0:
        return replace(model, size_bytes=file_bytes, size_vram_bytes=max(0, model.size_vram_bytes))
    beside = model.size_bytes - model.size_vram_bytes
    if twice and model.size_vram_bytes > 0 and abs(beside - file_bytes) <= ABOUT * file_bytes:
        return replace(model, size_bytes=model.size_vram_bytes)
    return model


def _file_bytes(model: LoadedModel, installed: tuple[InstalledModel, ...]) -> int | None:
    return next((one.size_bytes for one in installed if same_model(one.name, model.name)), None)
