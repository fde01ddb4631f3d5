"""Lists the files that belong to the product: what git keeps, and what it would keep.

Where there is no git (a source archive), everything that .gitignore does not name.
"""

import subprocess
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]


def files() -> list[Path]:
    """Paths relative to the root, sorted; files that were deleted but not yet committed are left out."""
    return sorted(path for path in _by_git() or _by_walking(ROOT) if (ROOT / path).is_file())


def _by_git() -> list[Path]:
    # The checkout may belong to another user, which git by itself refuses to look at.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return []
    return [Path(name) for name in listed.stdout.split("\0") if name]


def _by_walking(root: Path) -> list[Path]:
    patterns = [line.rstrip("/") for line in (root / ".gitignore").read_text(encoding="utf-8").split()]

    def walk(folder: Path) -> list[Path]:
        found: list[Path] = []
        for path in folder.iterdir():
            if path.name == ".git" or any(fnmatch(path.name, pattern) for pattern in patterns):
                continue
            found += walk(path) if path.is_dir() else [path.relative_to(root)]
        return found

    return walk(root)
