"""The project itself: who takes part, what there is to do, what has come back.

A scheduler request is XML by its looks only: names come unescaped, and so does what a task wrote (client/cs_scheduler.cpp).
So elements are cut out of it by their names.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from boincproject.application import Application, File, value_after
from boincproject.keys import SigningKey
from support.waiting import wait_for

NAME = "Project of the tests"
APPLICATION = "crunch"
VERSION = 101
CREDIT = 10.0  # for each result that is right
DEADLINE = 7 * 86400.0
BAD_KEY = "Invalid or missing account key.  To fix, remove and add this project."  # sched/handle_request.cpp


def element(name: str, text: str) -> str:
    """The text of the first element of that name, or ""."""
    found = re.search(rf"<{name}>(.*?)</{name}>", text, re.S)
    return found[1].strip() if found else ""


def elements(name: str, text: str) -> list[str]:
    return re.findall(rf"<{name}>(.*?)</{name}>", text, re.S)


@dataclass
class Account:
    authenticator: str
    number: int
    credit: float = 0.0


@dataclass
class Host:
    number: int
    account: Account
    cpid: str
    platforms: list[str] = field(default_factory=list)
    sequence: int = 0  # of its last request
    requests: int = 0
    credit: float = 0.0


@dataclass
class Work:
    """A work unit and its one result. `arguments` are more words for the program."""

    name: str
    steps: int
    seed: int
    arguments: str = ""
    platform: str = ""  # "" is any
    memory: float = 64e6  # bytes that the client is told to reckon with
    host: Host | None = None
    sent: bool = False
    uploaded: bytes | None = None
    reported: bool = False
    exit_status: int = 0
    stderr: str = ""
    cpu_time: float = 0.0
    credited: bool = False

    @property
    def result(self) -> str:
        return f"{self.name}_0"

    @property
    def output(self) -> str:
        return f"{self.name}_0_0"

    @property
    def says(self) -> dict[str, int]:
        """What the task wrote: its value, the step its last run began at, how often it was started."""
        lines = (self.uploaded or b"").decode(errors="replace").splitlines()
        return {words[0]: int(words[1]) for line in lines if len(words := line.split()) == 2}

    @property
    def is_right(self) -> bool:
        return self.says.get("value") == value_after(self.steps, self.seed)


@dataclass(frozen=True)
class Event:
    moment: float  # monotonic
    text: str


class Project:
    """All of its state is behind one lock. `url` is known when the server listens."""

    def __init__(self, key: SigningKey, applications: list[Application]) -> None:
        self.key = key
        self.applications = {application.platform: application for application in applications}
        self.url = ""
        self.accounts: dict[str, Account] = {}
        self.hosts: dict[int, Host] = {}
        self.work: dict[str, Work] = {}
        self.files: dict[str, bytes] = {file.name: file.content for it in applications for file in it.files}
        self.events: list[Event] = []
        self.tell: Callable[[str], None] = lambda text: None  # gets each as it happens
        self.request_delay = 2.0
        self.manager_logins: dict[str, tuple[str, Account]] = {}  # of its account manager: password hash and account
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._signatures: dict[str, str] = {}

    # --- what a test does

    def add_account(self, authenticator: str) -> Account:
        with self._lock:
            account = Account(authenticator, next(self._numbers))
            self.accounts[authenticator] = account
            return account

    def add_work(self, count: int, steps: int, arguments: str = "", platform: str = "", memory: float = 64e6) -> list[Work]:
        with self._lock:
            made = []
            for _ in range(count):
                number = next(self._numbers)
                work = Work(f"crunch_{number:04d}", steps, seed=number * 7919, arguments=arguments, platform=platform, memory=memory)
                self.files[f"{work.name}.in"] = f"{work.seed}\n".encode()
                self.work[work.name] = work
                made.append(work)
            return made

    def wait(self, condition: Callable[[Project], bool], what: str, deadline: float) -> None:
        def holds() -> bool:
            with self._lock:
                return condition(self)

        wait_for(holds, f"{what}; the project saw: {self.log()}", deadline, 0.2)

    def say(self, text: str) -> None:
        with self._lock:
            self.events.append(Event(time.monotonic(), text))
            self.tell(text)

    def log(self) -> str:
        """What happened, with seconds since the first of it."""
        with self._lock:
            first = self.events[0].moment if self.events else 0.0
            return "\n".join(f"{event.moment - first:7.1f} {event.text}" for event in self.events)

    # --- what the client asks for

    def master_page(self) -> str:
        scheduler = f"{self.url}cgi-bin/scheduler"
        return (
            f'<html><head><title>{NAME}</title>\n<link rel="boinc_scheduler" href="{scheduler}">\n</head>\n'
            f"<!--\n<scheduler>{scheduler}</scheduler>\n-->\n<body>{NAME}</body></html>\n"
        )

    def configuration(self) -> str:
        platforms = "".join(f"<platform><platform_name>{name}</platform_name></platform>" for name in self.applications)
        return (
            f"<project_config><name>{NAME}</name><master_url>{self.url}</master_url><web_rpc_url_base>{self.url}"
            f"</web_rpc_url_base><min_passwd_length>6</min_passwd_length><platforms>{platforms}</platforms></project_config>\n"
        )

    def schedule(self, request: str) -> str:
        """sched/handle_request.cpp: whose request it is, what it reports, what it gets."""
        with self._lock:
            account = self.accounts.get(element("authenticator", request))
            if account is None:
                self.say("a request with an unknown account key")
                return self._reply(f'<message priority="notice">{BAD_KEY}</message>\n<project_is_down/>\n', delay=30)
            host = self._host_of(request, account)
            host.requests += 1
            host.platforms = [element("platform_name", request), *elements("name", "".join(elements("alt_platform", request)))]
            acknowledged = "".join(self._take(host, reported) for reported in elements("result", self._own_results(request)))
            seconds = float(element("work_req_seconds", request) or 0)
            granted = self._hand_out(host, seconds, float(element("cpu_req_instances", request) or 0)) if seconds > 0 else ""
            return self._reply(self._about(host, request) + acknowledged + granted)

    def account_of(self, request: str) -> str:
        """The account manager: every login has one account, at this project (client/acct_mgr.cpp)."""
        with self._lock:
            password, account = self.manager_logins.get(element("name", request), ("", None))
            if account is None or password != element("password_hash", request):
                self.say("a bad login at the account manager")
                return "<acct_mgr_reply><error_num>-206</error_num><error>Bad login or password</error></acct_mgr_reply>\n"
            self.say("an account is handed out by the account manager")
            return (
                f"<acct_mgr_reply>\n<name>Manager of the tests</name>\n<signing_key>\n{self.key.public()}</signing_key>\n"
                f"<repeat_sec>86400</repeat_sec>\n<account>\n<url>{self.url}</url>\n<url_signature>\n{self._signed(self.url.encode())}"
                f"</url_signature>\n<authenticator>{account.authenticator}</authenticator>\n</account>\n</acct_mgr_reply>\n"
            )

    def take_upload(self, name: str, content: bytes) -> bool:
        with self._lock:
            work = next((it for it in self.work.values() if it.output == name), None)
            if work is None:
                self.say(f"an upload that nobody wants: {name}")
                return False
            work.uploaded = content
            self.say(f"{work.name} is uploaded: {work.says}")
            return True

    # --- parts of a reply

    def _reply(self, content: str, delay: float | None = None) -> str:
        return (
            "<scheduler_reply>\n<scheduler_version>713</scheduler_version>\n<dont_use_dcf/>\n"
            f"<master_url>{self.url}</master_url>\n<request_delay>{delay or self.request_delay:.1f}</request_delay>\n"
            f"<project_name>{NAME}</project_name>\n{content}</scheduler_reply>\n"
        )

    def _about(self, host: Host, request: str) -> str:
        """Its number stands in it only where it is news: a client that had one takes its state for a copy then, and makes itself
        a new identity. The key is sent to whom has none."""
        account = host.account
        number = "" if element("hostid", request) == str(host.number) else f"<hostid>{host.number}</hostid>\n"
        key = "" if element("code_sign_key", request) else f"<code_sign_key>\n{self.key.public()}</code_sign_key>\n"
        return (
            f"<userid>{account.number}</userid>\n<user_name>tests</user_name>\n<user_total_credit>{account.credit}"
            f"</user_total_credit>\n<user_expavg_credit>0</user_expavg_credit>\n{number}"
            f"<host_total_credit>{host.credit}</host_total_credit>\n<host_expavg_credit>0</host_expavg_credit>\n{key}"
        )

    def _host_of(self, request: str, account: Account) -> Host:
        """By the number that it was given, unless its requests are out of order (its state is a copy, or an older one); else by
        what it calls itself; else it is a new one."""
        number, cpid = int(element("hostid", request) or 0), element("host_cpid", request)
        sequence = int(element("rpc_seqno", request) or 0)
        host = self.hosts.get(number)
        if host is not None and sequence < host.sequence:
            self.say(f"host {number} is out of order: request {sequence} after {host.sequence}")
            host = None
        host = host or next((it for it in self.hosts.values() if it.cpid == cpid), None)
        if host is None or host.account is not account:
            host = Host(next(self._numbers), account, cpid)
            self.hosts[host.number] = host
            self.say(f"host {host.number} attaches: {element('domain_name', request)}, {element('platform_name', request)}")
        host.sequence = sequence
        return host

    @staticmethod
    def _own_results(request: str) -> str:
        """Without those that are told of for the sake of the scheduler's limits."""
        return re.sub(r"<(other_results|in_progress_results)>.*?</\1>", "", request, flags=re.S)

    def _take(self, host: Host, reported: str) -> str:
        name = element("name", reported)
        work = self.work.get(name.removesuffix("_0"))
        if work is not None and not work.reported:
            work.reported = True
            work.exit_status = int(element("exit_status", reported) or 0)
            work.stderr = element("stderr_out", reported)
            work.cpu_time = float(element("final_cpu_time", reported) or 0)
            self.say(f"{work.name} is reported: exit status {work.exit_status}, {work.cpu_time:.1f} s of CPU")
            if work.exit_status == 0 and work.is_right:
                host.credit += CREDIT
                host.account.credit += CREDIT
                work.credited = True
                self.say(f"{work.name} is right: credit for host {host.number}, {host.credit} in all")
        return f"<result_ack>\n<name>{name}</name>\n</result_ack>\n"

    def _hand_out(self, host: Host, seconds: float, instances: float) -> str:
        """As many as it has idle processors, at the least one."""
        chosen: list[tuple[Work, Application]] = []
        for work in self.work.values():
            fitting = [name for name in host.platforms if name in self.applications and work.platform in ("", name)]
            if not work.sent and fitting and len(chosen) < max(1, round(instances)):
                chosen.append((work, self.applications[fitting[0]]))
        if not chosen:
            return '<message priority="low">No tasks sent</message>\n'
        for work, application in chosen:
            work.sent, work.host = True, host
            self.say(f"{work.name} is sent to host {host.number} for {application.platform}, which asks for {seconds:.0f} s")
        versions = {application.platform: application for _, application in chosen}
        text = f"<app>\n<name>{APPLICATION}</name>\n<user_friendly_name>Crunch</user_friendly_name>\n</app>\n"
        text += "".join(self._version(application) for application in versions.values())
        return text + "".join(self._workunit(work) + self._result(work, application) for work, application in chosen)

    def _version(self, application: Application) -> str:
        files = "".join(self._program(file) for file in application.files)
        references = "".join(
            f"<file_ref>\n<file_name>{file.name}</file_name>\n"
            + ("<main_program/>\n" if file is application.program else "")
            + "</file_ref>\n"
            for file in application.files
        )
        return (
            f"{files}<app_version>\n<app_name>{APPLICATION}</app_name>\n<version_num>{VERSION}</version_num>\n"
            f"<platform>{application.platform}</platform>\n<avg_ncpus>1</avg_ncpus>\n<flops>1e9</flops>\n{references}</app_version>\n"
        )

    def _program(self, file: File) -> str:
        if file.name not in self._signatures:
            self._signatures[file.name] = self.key.signature(file.md5)
        return (
            f"<file_info>\n<name>{file.name}</name>\n<url>{self.url}download/{file.name}</url>\n<executable/>\n"
            f"<file_signature>\n{self._signatures[file.name]}</file_signature>\n<nbytes>{len(file.content)}</nbytes>\n"
            f"<md5_cksum>{file.md5}</md5_cksum>\n</file_info>\n"
        )

    def _workunit(self, work: Work) -> str:
        content = self.files[f"{work.name}.in"]
        return (
            f"<file_info>\n<name>{work.name}.in</name>\n<url>{self.url}download/{work.name}.in</url>\n<nbytes>{len(content)}</nbytes>\n"
            f"<md5_cksum>{_md5(content)}</md5_cksum>\n</file_info>\n<workunit>\n<name>{work.name}</name>\n"
            f"<app_name>{APPLICATION}</app_name>\n<rsc_fpops_est>{work.steps * 10:e}</rsc_fpops_est>\n<rsc_fpops_bound>1e18</rsc_fpops_bound>\n"
            f"<rsc_memory_bound>{work.memory:e}</rsc_memory_bound>\n<rsc_disk_bound>1e8</rsc_disk_bound>\n"
            f"<command_line>--steps {work.steps} {work.arguments}</command_line>\n<file_ref>\n<file_name>{work.name}.in</file_name>\n"
            "<open_name>in</open_name>\n</file_ref>\n</workunit>\n"
        )

    def _result(self, work: Work, application: Application) -> str:
        return (
            f"<file_info>\n<name>{work.output}</name>\n<generated_locally/>\n<upload_when_present/>\n<max_nbytes>65536</max_nbytes>\n"
            f"<upload_url>{self.url}cgi-bin/file_upload_handler</upload_url>\n</file_info>\n<result>\n<name>{work.result}</name>\n"
            f"<wu_name>{work.name}</wu_name>\n<platform>{application.platform}</platform>\n<version_num>{VERSION}</version_num>\n"
            f"<plan_class></plan_class>\n<report_deadline>{time.time() + DEADLINE:.0f}</report_deadline>\n<file_ref>\n"
            f"<file_name>{work.output}</file_name>\n<open_name>out</open_name>\n</file_ref>\n</result>\n"
        )

    def _signed(self, block: bytes) -> str:
        return self.key.signature(_md5(block))


def _md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()
