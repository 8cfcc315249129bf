"""One suite over servers: the stand-in in all releases, and real Open WebUI servers under the marker `real`."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.bench import Bench
from tests.contract.probes import PROBES
from tests.real.install import CannotInstall, install
from tests.real.servers import VERSIONS, chosen
from tests.requirements import require
from tray_app.core.values.token import Token, origin_of
from tray_app.services.http import Http
from tray_app.services.open_webui import OpenWebUIClient

SERVERS = [pytest.param(("stand-in", version), id=f"stand-in-{version}") for version in VERSIONS]
# The first test of a release also waits for its install and start.
REAL = (pytest.mark.real, pytest.mark.timeout(900))
SERVERS += [pytest.param(("real", version), id=f"real-{version}", marks=REAL) for version in chosen()]


@pytest.fixture(scope="session")
def installs(request):
    """Version -> its install under way: the next one is made while the tests of the one before run."""
    wanted = {item.callspec.params["server"] for item in request.session.items if _is_real(item)}
    with ThreadPoolExecutor(1) as pool:
        yield {version: pool.submit(install, version) for _, version in sorted(wanted)}
        pool.shutdown(cancel_futures=True)


def _is_real(item):
    params = item.callspec.params if hasattr(item, "callspec") else {}
    return params.get("server", ("",))[0] == "real"


def _installed(installs, version):
    try:
        installs[version].result()
    except CannotInstall as error:
        require("real", str(error))


@pytest.fixture(scope="session", params=SERVERS)
def server(request, installs, tmp_path_factory):
    """One running server per release, with an admin, a user and a pending account; shared by all tests."""
    kind, version = request.param
    if kind == "real":
        _installed(installs, version)
    bench = Bench(version, real=kind == "real", folder=tmp_path_factory.mktemp(f"webui-{version}"))
    try:
        bench.start()
        yield bench
    finally:
        bench.close()


@pytest.fixture(scope="session")
def probed(server):
    """The answers to all probes, asked while the server is fresh."""
    found = {}
    for probe in PROBES:
        try:
            found[probe.__name__] = probe(server)
        except Exception as error:  # noqa: BLE001 - one probe that breaks must not hide the others
            found[probe.__name__] = f"broke: {error!r}"
    return found


@pytest.fixture
def bench(server, _launched_no_auth):
    """The server with fresh settings. The one without accounts gets ready meanwhile."""
    server.reset()
    return server


@pytest.fixture(scope="session")
def _launched_no_auth(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"open-{server.version_text}")
    bench = Bench(server.version_text, real=server.real, folder=folder, auth=False)
    try:
        bench.launch()
        yield bench
    finally:
        bench.close()


@pytest.fixture
def no_auth(_launched_no_auth):
    """A second server of the same release and kind with WEBUI_AUTH=False."""
    _launched_no_auth.wait()
    return _launched_no_auth


@pytest.fixture
def connect(bench):
    """Makes clients of the app: `connect(token)`, `connect()` for an anonymous one."""
    opened = []

    def make(token=None, url=None):
        address = url or bench.url
        http = Http(address, token=Token(token, origin_of(address)) if token else None, deadline_s=10)
        opened.append(http)
        return OpenWebUIClient(http)

    yield make
    for http in opened:
        http.close()
