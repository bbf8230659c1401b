"""README's table of what was shown on emulated boards, from the record of a full run."""

from readme.record import Case, Record

_DIGEST_SHOWN = 12  # characters; the record has all of them


def table(record: Record) -> str:
    """One row a file of tests, with every case of it below, unfolded by whoever wants to see."""
    lines = [*_runs(record), "", "| what | on QEMU's | cases passed |", "|---|---|---|"]
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


def _runs(record: Record) -> list[str]:
    """Of each run: when, what of, and how many cases it stands for."""
    lines = []
    for number, run in enumerate(record["runs"]):
        images = ", ".join(f"{arch} `{digest[:_DIGEST_SHOWN]}`" for arch, digest in run["images"].items())
        cases = sum(case["run"] == number for case in record["cases"])
        lines.append(f"- {run['date']}, commit `{run['commit']}`, {cases} cases; images (SHA256 of `initramfs.zst`): {images}")
    return lines


def _passed(cases: list[Case]) -> int:
    return sum(case["outcome"] == "passed" for case in cases)


def _line(case: Case) -> str:
    failing = "" if case["outcome"] == "passed" else f": **{case['outcome']}**"
    return f"{case['title']}{failing}"
