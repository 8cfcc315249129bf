import pytest

from tests.app.chat_first.bench import Bench


@pytest.fixture
def clean(monkeypatch, own_code):
    for name in ("ELBOWROOM_API_KEY", "OPEN_WEBUI_URL", "OLLAMA_HOST", "LANG", "LC_ALL", "LANGUAGE", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tray_app.app.rhythm.SECOND_SAMPLE_S", 0.0)


@pytest.fixture
def bench(tmp_path, clean):
    with Bench(tmp_path / "home") as made:
        yield made


@pytest.fixture
def run(bench, capsys):
    def call(*argv):
        code = bench.run(*argv)
        return code, *capsys.readouterr()

    return call
