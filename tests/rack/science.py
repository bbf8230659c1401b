"""A BOINC data directory as a node has it that has worked for a while: a project with credit, and a task that runs.

The project's server is not there, and the client does not ask it: no request is due before the year 2100. Its program is
the node's shell, by an app_info.xml as people write it who bring their own program.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from support.machine import Image

URL = "http://science.example/"
_FOLDER = "science.example"
_PLATFORMS = {"aarch64": "aarch64-unknown-linux-gnu", "armhf": "arm-unknown-linux-gnueabihf"}
_FAR_AWAY = 4102444800  # 2100-01-01

_ACCOUNT = f"""<account>
<master_url>{URL}</master_url>
<authenticator>0123456789abcdef</authenticator>
<project_name>Science</project_name>
</account>
"""
_APP_INFO = """<app_info>
<app><name>wait</name><user_friendly_name>Wait</user_friendly_name></app>
<file_info><name>wait.sh</name><executable/></file_info>
<app_version><app_name>wait</app_name><version_num>100</version_num><avg_ncpus>1</avg_ncpus><flops>1e9</flops>
<file_ref><file_name>wait.sh</file_name><main_program/></file_ref></app_version>
</app_info>
"""
_PROGRAM = "#!/bin/sh\nwhile :; do sleep 10; done\n"
# Without the version that the client has, it measures the processor first.
_STATE = """<client_state>
<core_client_major_version>{version[0]}</core_client_major_version>
<core_client_minor_version>{version[1]}</core_client_minor_version>
<core_client_release>{version[2]}</core_client_release>
<host_info><p_fpops>1e9</p_fpops><p_iops>2e9</p_iops><p_membw>1e9</p_membw><p_calculated>{now}</p_calculated></host_info>
<project>
<master_url>{url}</master_url><project_name>Science</project_name>
<user_name>rack</user_name><userid>1</userid><hostid>{host}</hostid>
<user_total_credit>5000</user_total_credit><user_expavg_credit>50</user_expavg_credit>
<host_total_credit>{credit}</host_total_credit><host_expavg_credit>5</host_expavg_credit>
<njobs_success>9</njobs_success><njobs_error>1</njobs_error><elapsed_time>36000</elapsed_time>
<scheduler_url>{url}scheduler</scheduler_url><min_rpc_time>{later}</min_rpc_time><next_rpc_time>{later}</next_rpc_time><anonymous_platform/>
</project>
<app><name>wait</name><user_friendly_name>Wait</user_friendly_name></app>
<workunit><name>wait_{host}</name><app_name>wait</app_name><version_num>100</version_num>
<rsc_fpops_est>1e14</rsc_fpops_est><rsc_fpops_bound>1e18</rsc_fpops_bound><rsc_memory_bound>1e7</rsc_memory_bound>
<rsc_disk_bound>1e8</rsc_disk_bound></workunit>
<result><name>wait_{host}_0</name><wu_name>wait_{host}</wu_name><version_num>100</version_num><platform>{platform}</platform>
<received_time>{now}</received_time><report_deadline>{later}</report_deadline><state>2</state></result>
</client_state>
"""


def _version(image: Image) -> list[str]:
    """8, 0, 4 of the client in the image."""
    packages = json.loads((image.folder / "manifest.json").read_text())["packages"]
    version = next(package["version"] for package in packages if package["name"] == "boinc-client")
    return re.findall(r"\d+", version)[:3]


def fill(data: Path, image: Image, host: int, credit: int) -> None:
    """`data` becomes the data directory; `host` is the number by which the project knows it."""
    program = data / "projects" / _FOLDER
    program.mkdir(parents=True)
    (program / "wait.sh").write_text(_PROGRAM)
    (program / "wait.sh").chmod(0o755)
    (program / "app_info.xml").write_text(_APP_INFO)
    (data / f"account_{_FOLDER}.xml").write_text(_ACCOUNT)
    state = _STATE.format(now=int(time.time()), later=_FAR_AWAY, url=URL, host=host, credit=credit,
                          platform=_PLATFORMS[image.arch], version=_version(image))  # fmt: skip
    (data / "client_state.xml").write_text(state)
