"""TOML with the line that each key stands on, which tomllib does not tell."""

import pathlib
import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

# A key's place: ("network", "subnet"), ("node", 2, "uebo", "boinc", "password").
Path = tuple[str | int, ...]

_WORD = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_DOTTED = rf"{_WORD}(?:\s*\.\s*{_WORD})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_DOTTED})\s*\]")
_KEY = re.compile(rf"\s*({_DOTTED})\s*=")
_STRING = re.compile(r'''"(?:\\.|[^"\\])*"|'[^']*'|#.*$''')


@dataclass(frozen=True, order=True)
class Problem:
    line: int
    text: str


@dataclass
class Document:
    name: str
    data: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _lines: dict[Path, int] = field(default_factory=dict)

    def line(self, *path: str | int) -> int:
        """Where the key stands; of a key that is not there, the table that it would belong to."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return 1

    def problem(self, path: Path, text: str) -> None:
        self.problems.append(Problem(self.line(*path), text))

    def report(self) -> str:
        return "".join(f"{self.name}:{problem.line}: {problem.text}\n" for problem in sorted(set(self.problems)))


def read(path: pathlib.Path) -> Document:
    """The file; what is no TOML, or no file, is one problem and leaves no data."""
    document = Document(path.name)
    try:
        text = path.read_text()
        document.data = tomllib.loads(text)
    except OSError as error:
        document.problems.append(Problem(1, f"it can't be read: {error.strerror}"))
    except UnicodeDecodeError:
        document.problems.append(Problem(1, "this is no text in UTF-8"))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        document.problems.append(Problem(line, re.sub(r" \(at .*\)$", "", str(error))))
    else:
        document._lines = _lines(text)
    return document


def _split(dotted: str) -> Path:
    return tuple(word.strip("\"'") for word in re.findall(_WORD, dotted))


def _lines(text: str) -> dict[Path, int]:
    """The line of every table and key of a valid document."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    depth = 0  # of the brackets of a value that goes on over lines
    for number, line in enumerate(text.splitlines(), 1):
        if depth == 0 and (header := _HEADER.match(line)):
            name = _split(header[2])
            table = name
            found.setdefault(name, number)
            if header[1] == "[[":
                table = (*name, counts.setdefault(name, 0))
                counts[name] += 1
                found[table] = number
            continue
        if depth == 0 and (key := _KEY.match(line)):
            words = _split(key[1])
            for length in range(1, len(words) + 1):
                found.setdefault((*table, *words[:length]), number)
        bare = _STRING.sub("", line)
        depth += sum(bare.count(c) for c in "[{") - sum(bare.count(c) for c in "]}")
    return found
