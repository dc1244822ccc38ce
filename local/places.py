"""Where a run keeps its state: FCDASH_HOME, and the temporary folders that stand in for it."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# sun_path holds 104 bytes on macOS and 108 on Linux.
LONGEST_SOCKET_PATH = 100


def home() -> Path:
    """The folder of all state that a run makes: FCDASH_HOME, or .local in the checkout."""
    return Path(os.environ.get("FCDASH_HOME") or CHECKOUT / ".local").expanduser().resolve()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds an exclusive lock on `path`; the kernel lets go of it when the process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock on `path`."""
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def write_whole(path: Path, text: str) -> None:
    """Replaces `path` in one step, so that a reader sees the old text or the new, never half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def named_folder(note: Path, uid: int) -> Path | None:
    """The folder that the file `note` names, when it is still there and still belongs to `uid`."""
    try:
        folder = Path(note.read_text(encoding="utf-8").strip())
        # A cleaned temp folder can come back as somebody else's.
        return folder if folder.is_absolute() and folder.stat().st_uid == uid else None
    except OSError:
        return None


def socket_folder(preferred: Path, name: str, note: Path, uid: int, gid: int) -> Path:
    """A folder for the socket `name` of user `uid`: `preferred`, or a short temporary one that `note` then names."""
    if len(os.fsencode(preferred / name)) <= LONGEST_SOCKET_PATH:
        preferred.mkdir(mode=0o700, exist_ok=True)
        give(preferred, uid, gid)
        return preferred
    if folder := named_folder(note, uid):
        return folder
    base = min((tempfile.gettempdir(), "/tmp"), key=len)
    folder = Path(tempfile.mkdtemp(prefix="fcdash-", dir=base))
    give(folder, uid, gid)
    write_whole(note, f"{folder}\n")
    return folder


def give(path: Path, uid: int, gid: int) -> None:
    """Makes `uid` the owner of `path`, when it is not already."""
    if path.stat().st_uid != uid:
        os.chown(path, uid, gid)


def last_line(path: Path) -> str:
    """The last line with something in it, for a message; '' when there is none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
