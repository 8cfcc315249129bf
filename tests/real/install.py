"""Light installs of released Open WebUI versions, one virtual environment each, outside the repository.

Sign-in, users, settings, tasks, chats and the connections to Ollama are the untouched real server. Left out are the
libraries for embeddings, speech, documents, vector stores and cloud storage; `inert.py` stands in where one of them
is imported at start. The first install of a version downloads about 150 MB and takes half a minute.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import filelock
import platformdirs

WINDOWS = sys.platform == "win32"
INSTALL_DEADLINE_S = 600

# Requirements of Open WebUI that no request of ours needs.
HEAVY = frozenset(
    """accelerate anthropic azure-ai-documentintelligence azure-identity azure-search-documents azure-storage-blob boto3
    chromadb colbert-ai ddgs docker docx2txt duckduckgo-search einops elasticsearch extract-msg faster-whisper
    firecrawl-py fpdf2 gcp-storage-emulator google-api-python-client google-auth-httplib2 google-auth-oauthlib
    google-cloud-storage google-genai google-generativeai langfuse mariadb moto msoffcrypto-tool nltk onnxruntime openai
    opencv-python opencv-python-headless openpyxl opensearch-py oracledb pandas pgvector pinecone pinecone-client
    playwright psycopg psycopg2-binary pyarrow pydub pymilvus pymongo pymysql pypandoc pypdf pytest pytest-docker
    python-docx python-pptx pytube pyxlsb qdrant-client rank-bm25 rapidocr rapidocr-onnxruntime sentence-transformers
    sentencepiece soundfile spacy torch transformers unstructured weaviate-client xlrd youtube-transcript-api""".split()  # noqa: SIM905 - a list of words
)
# Imported by Open WebUI, but declared only by a package that was left out.
UNDECLARED = (
    "beautifulsoup4",
    "certifi",
    "httpx",
    "huggingface_hub<1",
    "itsdangerous",
    "numpy",
    "opentelemetry-api",
    "psutil",
    "python-dateutil",
    "pytz",
    "pyyaml",
    "setuptools<81",
    "tenacity",
    "typer",
    "websocket-client",
    "websockets",
    "yarl",
)


class CannotInstall(Exception):
    """This machine cannot have a real server; the text says why."""


def cache() -> Path:
    """`ELBOWROOM_TEST_CACHE`, else a folder in the user's cache."""
    named = os.environ.get("ELBOWROOM_TEST_CACHE")
    return Path(named).resolve() if named else platformdirs.user_cache_path("elbowroom-tests", appauthor=False)


def program(venv: Path, name: str) -> Path:
    return venv / "Scripts" / f"{name}.exe" if WINDOWS else venv / "bin" / name


def _run(*command: str | Path) -> None:
    """One step of an install. CannotInstall with the end of what it printed."""
    words = [str(word) for word in command]
    env = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    try:
        done = subprocess.run(
            words, env=env, capture_output=True, text=True, check=False, timeout=INSTALL_DEADLINE_S, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(f"{Path(words[0]).name}: {error}") from error
    if done.returncode:
        raise CannotInstall(f"{' '.join(words[:4])} failed: {(done.stderr or done.stdout)[-600:].strip()}")


def _uv() -> list[str | Path]:
    """The command that runs uv: the machine's, this environment's, or one installed into the cache."""
    if found := shutil.which("uv"):
        return [found]
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    target = cache() / "uv"
    exe = target / "bin" / ("uv.exe" if WINDOWS else "uv")
    if not exe.exists():
        _run(sys.executable, "-m", "pip", "install", "-q", "--target", target, "uv")
    return [exe]


def _python() -> str:
    """An interpreter that Open WebUI supports (3.11 or 3.12)."""
    if sys.version_info[:2] in {(3, 11), (3, 12)}:
        return sys.executable
    found = shutil.which("python3.11") or shutil.which("python3.12")
    if not found:
        raise CannotInstall("Open WebUI needs Python 3.11 or 3.12, and neither is installed")
    return found


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match, requirement
    return match[0].lower().replace("_", "-")


def _light_requirements(metadata: Path, version: str) -> list[str]:
    """The release's own pinned requirements without the heavy ones, and what only those would have brought."""
    kept, seen = [], set()
    for line in metadata.read_text(encoding="utf-8").split("\n\n", 1)[0].splitlines():
        if line.startswith("Requires-Dist: ") and "extra ==" not in line:
            requirement = line.removeprefix("Requires-Dist: ").strip()
            seen.add(_name(requirement))
            if _name(requirement) not in HEAVY:
                kept.append(requirement)
    kept += [extra for extra in UNDECLARED if _name(extra) not in seen]
    if tuple(int(part) for part in version.split(".")[:2]) <= (0, 5):
        kept.append("redis<6")  # unpinned there, and newer ones no longer fit
    return kept


def _keep_one_change(log: Path) -> None:
    """The change log is parsed as HTML at every start, for seconds. It may be a hard link into a shared cache."""
    if log.exists():
        entries = re.split(r"(?m)^(?=## \[)", log.read_text(encoding="utf-8"))
        log.unlink()
        log.write_text("".join(entries[:2]), encoding="utf-8")


def _fill(venv: Path, version: str) -> None:
    uv, python = _uv(), program(venv, "python")
    _run(*uv, "venv", "-q", "--no-project", "-p", _python(), venv)
    pip = [*uv, "pip", "install", "-q", "-p", python]
    _run(*pip, "--no-deps", f"open-webui=={version}")
    site = next(venv.glob("[Ll]ib/site-packages" if WINDOWS else "lib/python3.*/site-packages"))
    metadata = next(site.glob("open_webui-*.dist-info")) / "METADATA"
    wanted, never = venv / "light.txt", venv / "left-out.txt"
    wanted.write_text("\n".join(_light_requirements(metadata, version)), encoding="utf-8")
    never.write_text("".join(f"{name}; sys_platform == 'never'\n" for name in sorted(HEAVY)), encoding="utf-8")
    _run(*pip, "-r", wanted, "--override", never)
    shutil.copy(Path(__file__).with_name("inert.py"), site / "elbowroom_tests_inert.py")
    (site / "elbowroom_tests_inert.pth").write_text("import elbowroom_tests_inert\n", encoding="utf-8")
    _keep_one_change(site / "open_webui" / "CHANGELOG.md")


def install(version: str) -> Path:
    """The virtual environment of a version, made on first use. Safe to call from several processes. CannotInstall."""
    return _once(f"open-webui-{version}", lambda venv: _fill(venv, version))


def wheel(requirement: str) -> Path:
    """A folder with what one package's wheel holds, and nothing that it needs. As `install`."""
    return _once(
        requirement.replace("==", "-"),
        lambda folder: _run(*_uv(), "pip", "install", "-q", "--no-deps", "--target", folder, requirement),
    )


def _once(name: str, fill: Callable[[Path], None]) -> Path:
    """A folder of the cache, filled by the first who needs it; the others wait."""
    folder = cache() / name
    complete = folder / "complete"
    if complete.exists():
        return folder
    try:
        cache().mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(cache() / f"{name}.lock", timeout=INSTALL_DEADLINE_S):
            if not complete.exists():
                shutil.rmtree(folder, ignore_errors=True)
                fill(folder)
                complete.touch()
    except (OSError, filelock.Timeout) as error:
        raise CannotInstall(str(error)) from error
    return folder
