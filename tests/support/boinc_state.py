"""A data directory for the stock BOINC client, as a host with many tasks has one: projects that nobody serves, tasks whose
program sleeps, names with characters that XML would have escaped.

    python3 boinc_state.py DIRECTORY TASKS PLATFORM
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "#!/bin/sh\nexec sleep 1000000\n"
FIRST_DEADLINE = 4_000_000_000
OPTIONS = "<cc_config>\n<options>\n<skip_cpu_benchmarks>1</skip_cpu_benchmarks>\n</options>\n</cc_config>\n"


@dataclass(frozen=True)
class Project:
    """The client keeps names as they are: here it writes an ampersand without escaping it."""

    url: str
    name: str
    total_credit: int

    @property
    def directory(self) -> str:
        return self.url.removeprefix("http://").rstrip("/").replace("/", "_")


PROJECTS = (Project("http://one.test/", "One & only", 1_000), Project("http://two.test/science/", 'The "second" \\ project', 2_000))


def _project(project: Project) -> str:
    return f"""<project>
<master_url>{project.url}</master_url>
<project_name>{project.name}</project_name>
<user_total_credit>{project.total_credit}</user_total_credit>
<user_expavg_credit>10.5</user_expavg_credit>
<userid>1</userid>
<hostid>7</hostid>
<host_total_credit>{project.total_credit / 2}</host_total_credit>
<host_expavg_credit>5.25</host_expavg_credit>
<njobs_success>12</njobs_success>
<njobs_error>3</njobs_error>
<elapsed_time>86400</elapsed_time>
</project>
"""


def _application(platform: str) -> str:
    return f"""<app>
<name>sleeper</name>
<user_friendly_name>Sleeper</user_friendly_name>
</app>
<file_info>
<name>sleeper</name>
<nbytes>{len(PROGRAM)}</nbytes>
<status>1</status>
<executable/>
</file_info>
<app_version>
<app_name>sleeper</app_name>
<version_num>100</version_num>
<platform>{platform}</platform>
<avg_ncpus>1</avg_ncpus>
<flops>1e9</flops>
<file_ref>
<file_name>sleeper</file_name>
<main_program/>
</file_ref>
</app_version>
"""


def _workunit(name: str) -> str:
    return f"""<workunit>
<name>{name}</name>
<app_name>sleeper</app_name>
<version_num>100</version_num>
<rsc_fpops_est>1e13</rsc_fpops_est>
<rsc_fpops_bound>1e18</rsc_fpops_bound>
<rsc_memory_bound>100000000</rsc_memory_bound>
<rsc_disk_bound>100000000</rsc_disk_bound>
</workunit>
"""


def _result(name: str, number: int, platform: str) -> str:
    return f"""<result>
<name>{name}_0</name>
<state>2</state>
<platform>{platform}</platform>
<version_num>100</version_num>
<wu_name>{name}</wu_name>
<report_deadline>{FIRST_DEADLINE + number}</report_deadline>
<received_time>1700000000</received_time>
</result>
"""


def state(tasks: int, platform: str) -> str:
    """client_state.xml. The tasks are shared out among the projects; their deadlines are in the order of their numbers."""
    parts = ["<client_state>\n<host_info>\n</host_info>\n"]
    for index, project in enumerate(PROJECTS):
        numbers = range(index, tasks, len(PROJECTS))
        names = [f"a_work_unit_with_a_long_name_{number:06d}" for number in numbers]
        parts += [_project(project), _application(platform)]
        parts += [_workunit(name) for name in names]
        parts += [_result(name, number, platform) for name, number in zip(names, numbers, strict=True)]
    return "".join([*parts, "</client_state>\n"])


def write(directory: Path, tasks: int, platform: str) -> Path:
    for project in PROJECTS:
        place = directory / "projects" / project.directory
        place.mkdir(parents=True, exist_ok=True)
        (place / "sleeper").write_text(PROGRAM)
        (place / "sleeper").chmod(0o755)
        account = f"<account>\n<master_url>{project.url}</master_url>\n<authenticator>0</authenticator>\n</account>\n"
        (directory / f"account_{project.directory}.xml").write_text(account)
    (directory / "client_state.xml").write_text(state(tasks, platform))
    (directory / "cc_config.xml").write_text(OPTIONS)
    return directory


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
