"""Unpack a server from Debian's packages into a cache folder: no root, nothing installed.

MySQL is in Debian unstable only, so that it comes with its own C library and is started
through its own loader; MariaDB comes in the same way from the machine's own release. apt works
on a state of its own, made from the machine's mirror address, and checks signatures as ever.
"""

from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple


class _Recipe(NamedTuple):
    package: str
    release: str
    program: str


_RECIPES: Final = {
    "mysql": _Recipe("mysql-server-core", "sid", "usr/sbin/mysqld"),
    # The machine's own release.
    "mariadb": _Recipe("mariadb-server-core", "", "usr/sbin/mariadbd"),
    # A library that MariaDB loads to be a cluster's member.
    "galera": _Recipe("galera-4", "", "usr/lib/libgalera_smm.so"),
}
_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Dependencies that only scripts and character set conversions need; the server uses neither.
_UNUSED: Final = re.compile(r"perl|gconv|mariadb-client|mysql-client|-common_|gcc-\d+-base")
_TRIES: Final = 3
_WORKSHOP: Final = ".unpack-"


class NotPossible(Exception):
    """This machine cannot unpack a server; the text is the middle part of a sentence."""


class _Source(NamedTuple):
    uri: str
    releases: list[str]
    keyring: str


def cache_folder() -> Path:
    """Return where servers are unpacked; LEARNHUB_SERVERS and XDG_CACHE_HOME choose another.

    For root it is a folder that everyone may read, so that servers can run without root's
    rights.
    """
    if named := os.environ.get("LEARNHUB_SERVERS"):
        return Path(named).expanduser().absolute()
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base).absolute() / "learnhub-servers"
    if os.geteuid() == 0:
        return Path("/var/cache/learnhub-servers")
    return Path.home() / ".cache" / "learnhub-servers"


def unpacked(kind: str) -> Path:
    """Return the folder that holds the server's files, unpacking them the first time."""
    cache = cache_folder()
    root = cache / f"{kind}-{platform.machine()}"
    if root.exists():
        return root
    if _os_release().get("ID") != "debian" or shutil.which("apt-get") is None:
        raise NotPossible("only on Debian it can be unpacked without root")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache):
            if not root.exists():
                _unpack(_RECIPES[kind], cache, root)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotPossible(f"it cannot be unpacked into {cache} ({error})") from error
    return root


def command(kind: str, root: Path) -> tuple[str, ...]:
    """Return how the unpacked server program is called, through the loader it was built for."""
    loaders = sorted(root.glob("usr/lib/*/ld-linux*.so.*")) or sorted(
        root.glob("lib/*/ld-linux*.so.*")
    )
    if not loaders:
        raise NotPossible(f"{root} is incomplete (remove it, then it is unpacked again)")
    multiarch = loaders[0].parent.name
    libraries = [
        *(root / "usr/lib" / multiarch, root / "lib" / multiarch),
        root / "usr/lib/mysql/private",
    ]
    library_path = ":".join(str(path) for path in libraries)
    return (str(loaders[0]), "--library-path", library_path, str(root / _RECIPES[kind].program))


def file_of(kind: str, root: Path) -> Path:
    """Return the one file of a recipe that others ask for."""
    path = root / _RECIPES[kind].program
    if not path.is_file():
        raise NotPossible(f"{root} is incomplete (remove it, then it is unpacked again)")
    return path


def _unpack(recipe: _Recipe, cache: Path, root: Path) -> None:
    # Left by a process that was killed at this; nobody else can be at it now.
    for remains in cache.glob(f"{_WORKSHOP}*"):
        shutil.rmtree(remains, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_WORKSHOP, dir=cache) as workshop:
        folder = Path(workshop)
        # apt's own unprivileged account must reach the folder that it downloads into.
        folder.chmod(0o755)
        packages = _download(recipe, folder)
        new = folder / "root"
        new.mkdir()
        for package in packages:
            if not _UNUSED.search(package.name):
                subprocess.run(["dpkg", "-x", package, new], check=True)
        subprocess.run(["chmod", "--recursive", "a+rX", new], check=True)
        # Only a complete folder ever gets the name that others look for.
        new.rename(root)


def _download(recipe: _Recipe, folder: Path) -> list[Path]:
    """Return the downloaded packages: the server's and all that it depends on."""
    environment = {**os.environ, "APT_CONFIG": str(_write_settings(recipe, folder)), "LC_ALL": "C"}
    said = ""
    for _attempt in range(_TRIES):
        for arguments in (["update"], ["--yes", "--download-only", "install", recipe.package]):
            finished = subprocess.run(
                ["apt-get", "-qq", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if finished.returncode != 0:
                said = finished.stderr.strip()
                break
        else:
            return sorted(folder.glob("cache/archives/*.deb"))
    last = said.splitlines()[-1] if said else "no reason given"
    raise NotPossible(f"the download of {recipe.package} failed ({last})")


def _write_settings(recipe: _Recipe, folder: Path) -> Path:
    """Write apt's settings for a state of its own; return their file."""
    for part in ("etc/apt.conf.d", "etc/preferences.d", "lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    own_release = _os_release().get("VERSION_CODENAME", "sid")
    sources = source_lines(recipe.release, own_release, Path("/etc/apt"))
    (folder / "etc/sources.list").write_text("\n".join(sources) + "\n", "utf-8")
    settings = {
        "Dir::Etc": f"{folder}/etc/",
        "Dir::Etc::netrc": "/etc/apt/auth.conf",
        "Dir::Etc::netrcparts": "/etc/apt/auth.conf.d/",
        "Dir::State": f"{folder}/",
        "Dir::State::lists": f"{folder}/lists/",
        "Dir::State::status": f"{folder}/status",
        "Dir::Cache": f"{folder}/cache/",
        "APT::Install-Recommends": "false",
        # A mirror that fails for a moment is a failure, so that it is tried again.
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    # How the machine reaches its mirror (a proxy, say) holds here too; its hooks do not, since
    # they clean up folders of the system.
    dumped = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    inherited = [
        line
        for line in dumped.stdout.splitlines()
        if line.startswith("Acquire::") and "::IndexTargets" not in line
    ]
    own = [f'{key} "{value}";' for key, value in settings.items()]
    path = folder / "apt.conf"
    path.write_text("\n".join([*inherited, *own]) + "\n", "utf-8")
    return path


def source_lines(release: str, own_release: str, settings: Path) -> list[str]:
    """Return apt's sources for a release, on the mirror that the machine itself uses.

    An empty ``release`` means the machine's own, with its updates. ``settings`` is /etc/apt.
    """
    family = {own_release, f"{own_release}-updates", f"{own_release}-security"}
    lines, mirror = [], ""
    for source in _sources(settings):
        releases = [each for each in source.releases if each in family]
        lines += [f"deb [signed-by={source.keyring}] {source.uri} {each} main" for each in releases]
        if own_release in releases:
            mirror = mirror or f"deb [signed-by={source.keyring}] {source.uri}"
    if not mirror:
        raise NotPossible(f"no Debian mirror is named in {settings}")
    return [f"{mirror} {release} main"] if release else lines


def _sources(settings: Path) -> Iterator[_Source]:
    """Yield the Debian sources among apt's settings, from both forms that apt knows."""
    for path in sorted(settings.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", path.read_text("utf-8")):
            fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
            keyring = fields.get("Signed-By", _KEYRING)
            holds_packages = "deb" in fields.get("Types", "").split()
            if holds_packages and _is_wanted(keyring, fields.get("Components", "")):
                yield _Source(fields["URIs"].split()[0], fields["Suites"].split(), keyring)
    lists = [settings / "sources.list", *sorted(settings.glob("sources.list.d/*.list"))]
    for path in lists:
        text = path.read_text("utf-8") if path.exists() else ""
        for options, uri, release, components in re.findall(
            r"^deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.+)$", text, re.MULTILINE
        ):
            signed_by = re.search(r"signed-by=(\S+)", options)
            keyring = signed_by[1] if signed_by else _KEYRING
            if _is_wanted(keyring, components):
                yield _Source(uri, [release], keyring)


def _is_wanted(keyring: str, components: str) -> bool:
    """Tell Debian's own packages from those of others who offer some for Debian."""
    return "debian-archive" in keyring and "main" in components.split()


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one process at a time unpack; the others find its work done."""
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
