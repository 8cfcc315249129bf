"""Copied into a light Open WebUI install: inert modules in place of the heavy libraries that were left out.

Open WebUI imports them when it starts, but no sign-in, settings, task or chat request calls them. Only an import that
comes from `open_webui` itself and finds no real package gets one.
"""

import importlib.abc
import importlib.machinery
import sys
import types

LEFT_OUT = frozenset(
    """anthropic azure boto3 botocore chromadb colbert ddgs docx2txt duckduckgo_search elasticsearch faster_whisper
    firecrawl fpdf google grpc langfuse nltk onnxruntime openai opensearchpy oracledb pandas pgvector pinecone
    playwright psycopg2 pydub pymilvus pymongo pypdf qdrant_client rank_bm25 sentence_transformers soundfile torch
    transformers unstructured weaviate youtube_transcript_api""".split()  # noqa: SIM905 - a list of words
)


def _refuse_dunder(name):
    if name.startswith("__"):
        raise AttributeError(name)


class _InertType(type):
    """A class that can be called, subclassed, caught, indexed and joined with `|`, and does nothing."""

    def __getattr__(cls, name):
        _refuse_dunder(name)
        return _inert(name)

    def __iter__(cls):
        return iter(())

    def __or__(cls, other):
        return cls

    __ror__ = __or__


def _inert(name):
    def attribute(self, inner):
        _refuse_dunder(inner)
        return _inert(inner)()

    body = {
        "__init__": lambda self, *args, **named: None,
        "__getattr__": attribute,
        "__call__": lambda self, *args, **named: _inert("answer")(),
        "__iter__": lambda self: iter(()),
        "__len__": lambda self: 0,
        "__bool__": lambda self: False,
        "__enter__": lambda self: self,
        "__exit__": lambda self, *args: None,
        "__class_getitem__": classmethod(lambda cls, item: cls),
    }
    return _InertType(name, (Exception,), body)


class _InertModule(types.ModuleType):
    def __getattr__(self, name):
        _refuse_dunder(name)
        value = _inert(name)
        setattr(self, name, value)
        return value


def _asked_by_open_webui():
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("importlib"):
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__", "").startswith("open_webui")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        top, _, _ = name.partition(".")
        parent = sys.modules.get(name.rpartition(".")[0])
        if top in LEFT_OUT and (isinstance(parent, _InertModule) or _asked_by_open_webui()):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        module = _InertModule(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module):
        module.__path__ = []


# Last in line: a real package always wins.
sys.meta_path.append(_Finder())
