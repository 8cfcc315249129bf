"""Texts for package managers, all from product.py and the bundles themselves: Homebrew, winget, scoop, the AUR.

Each names its bundle by the address that a release has, with its SHA-256. An address needs the project's own page
(`urls.Source` in pyproject.toml); without it there is none to write.
"""

import hashlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

from product import APP_ID, Product, product

SYSTEMS = {".dmg": "macOS", ".exe": "Windows", ".deb": "Debian"}


def build(output: Path) -> Path:
    """The folder `recipes` in `output`. ValueError where there is no bundle, or no page that could hold it."""
    found = product()
    folder = output / "recipes"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in recipes(found, list(bundles(output)), page(found)):
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return folder


def page(found: Product) -> str:
    source = found.urls.get("Source", "")
    if not source:
        raise ValueError("pyproject.toml names no page of the project (urls.Source): nothing to download from")
    return f"{source.rstrip('/')}/releases/download/v{found.version}"


class Bundle:
    """One file of a release."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self.kind = path.suffix


def bundles(folder: Path) -> Iterator[Bundle]:
    paths = sorted(path for path in folder.iterdir() if path.suffix in SYSTEMS)
    if not paths:
        raise ValueError(f"no bundle in {folder}: build one first")
    yield from map(Bundle, paths)


def recipes(found: Product, made: list[Bundle], base: str) -> Iterator[tuple[str, str]]:
    """(file name, text) for every manager whose bundle is there."""
    for one in made:
        url = f"{base}/{one.name}"
        match one.kind:
            case ".dmg":
                yield "elbowroom.rb", cask(found, one, url)
            case ".exe":
                yield "elbowroom.json", scoop(found, one, url)
                yield from winget(found, one, url)
            case ".deb" if one.name.endswith("_amd64.deb"):
                yield "PKGBUILD", pkgbuild(found, one, url)


def cask(found: Product, one: Bundle, url: str) -> str:
    """Homebrew's form for an app in a disk image (docs.brew.sh, "Cask Cookbook")."""
    return f"""\
cask "{found.name}" do
  version "{found.version}"
  sha256 "{one.sha256}"

  url "{url}"
  name "Elbowroom"
  desc "{found.summary}"
  homepage "{found.urls["Source"]}"

  app "Elbowroom.app"
  binary "#{{appdir}}/Elbowroom.app/Contents/MacOS/elbowroom"

  uninstall script: {{
    executable:   "#{{appdir}}/Elbowroom.app/Contents/MacOS/elbowroom",
    args:         ["quit"],
    must_succeed: false,
  }}

  zap trash: ["~/Library/Application Support/elbowroom", "~/Library/Logs/elbowroom"]
end
"""


def scoop(found: Product, one: Bundle, url: str) -> str:
    """Scoop's manifest for an installer of NSIS (scoop's wiki, "App Manifests")."""
    manifest = {
        "version": found.version,
        "description": found.summary,
        "homepage": found.urls["Source"],
        "license": found.licence,
        "url": url,
        "hash": one.sha256,
        "installer": {"args": ["/S", "/D=$dir"]},
        "uninstaller": {"file": "uninstall.exe", "args": ["/S"]},
        "bin": "elbowroom.exe",
    }
    return json.dumps(manifest, indent=4) + "\n"


def winget(found: Product, one: Bundle, url: str) -> Iterator[tuple[str, str]]:
    """The three files of winget's community repository, schema 1.6."""
    identity = "Elbowroom.Elbowroom"
    head = f"PackageIdentifier: {identity}\nPackageVersion: {found.version}\n"
    tail = "ManifestVersion: 1.6.0\n"
    yield f"{identity}.yaml", f"{head}DefaultLocale: en-US\nManifestType: version\n{tail}"
    installer = (
        f"{head}InstallerType: nullsoft\nScope: user\nCommands:\n- elbowroom\nInstallers:\n- Architecture: x64\n"
        f"  InstallerUrl: {url}\n  InstallerSha256: {one.sha256.upper()}\n  ProductCode: {APP_ID}\n"
        "ManifestType: installer\n"
    )
    yield f"{identity}.installer.yaml", installer + tail
    described = (
        f"{head}PackageLocale: en-US\nPublisher: {found.maintainer}\nPackageName: Elbowroom\n"
        f"PackageUrl: {found.urls['Source']}\nLicense: {found.licence}\nShortDescription: {found.summary}\n"
        "ManifestType: defaultLocale\n"
    )
    yield f"{identity}.locale.en-US.yaml", described + tail


def pkgbuild(found: Product, one: Bundle, url: str) -> str:
    """Arch's form for a program that is not compiled there (wiki, "PKGBUILD")."""
    source = found.urls["Source"]
    return f"""\
pkgname={found.name}-bin
pkgver={found.version}
pkgrel=1
pkgdesc={shlex.quote(found.summary)}
arch=('x86_64')
url='{source}'
license=('{found.licence}')
depends=('glibc')
provides=('{found.name}')
conflicts=('{found.name}')
options=('!strip')
source=('{url}')
noextract=('{one.name}')
sha256sums=('{one.sha256}')

package() {{
  bsdtar --extract --to-stdout --file "$srcdir/{one.name}" data.tar.xz | bsdtar --extract --file - --directory "$pkgdir"
}}
"""
