"""Files that README gives in full: each stands in a fenced block behind a paragraph that ends with its path, as `PATH`:

Run as a program it writes them into a tree: readme_example.py TREE
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
_FILE = re.compile(r"`([\w./-]+)`[^`\n]*:\n\n```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def files(text: str, below: str) -> dict[str, str]:
    """Path -> content, of the chapter with that heading."""
    chapter = re.search(rf"^#+ {re.escape(below)}\n(.*?)(?=^#+ |\Z)", text, re.DOTALL | re.MULTILINE)
    return dict(_FILE.findall(chapter[1])) if chapter else {}


def main() -> None:
    tree = Path(sys.argv[1])
    found = files(README.read_text(), "More programs")
    if not found:
        sys.exit("README.md has no files in its chapter More programs")
    for path, content in found.items():
        (tree / path).write_text(content)
        print(path)


if __name__ == "__main__":
    main()
