"""README's table of what was shown on emulated boards, from the record of a full run."""

from readme.record import Case, Record

_DIGEST_SHOWN = 12  # characters; the record has all of them


def table(record: Record) -> str:
    """One row a file of tests, with every case of it below, unfolded by whoever wants to see."""
    images = ", ".join(f"{arch} `{digest[:_DIGEST_SHOWN]}`" for arch, digest in record["images"].items())
    lines = [
        f"{record['date']}, {_commits(record)}; images (SHA256 of `initramfs.zst`): {images}.",
        "",
        "| what | on QEMU's | cases passed |",
        "|---|---|---|",
    ]
    for group, heading in record["groups"].items():
        cases = [case for case in record["cases"] if case["group"] == group]
        boards = sorted({board for case in cases for board in case["boards"]})
        lines.append(f"| {heading} | {'; '.join(boards)} | {_passed(cases)} of {len(cases)} |")
    lines += ["", "<details><summary>Every case</summary>", ""]
    for group, heading in record["groups"].items():
        lines += [f"**{heading}**", ""]
        lines += [f"- {_line(case)}" for case in record["cases"] if case["group"] == group]
        lines.append("")
    return "\n".join([*lines, "</details>"]) + "\n"


def _commits(record: Record) -> str:
    found = list(dict.fromkeys(case["commit"] for case in record["cases"]))
    return f"commit{'s' if len(found) > 1 else ''} " + ", ".join(f"`{commit}`" for commit in found)


def _passed(cases: list[Case]) -> int:
    return sum(case["outcome"] == "passed" for case in cases)


def _line(case: Case) -> str:
    failing = "" if case["outcome"] == "passed" else f": **{case['outcome']}**"
    return f"{case['title']}{failing}"
