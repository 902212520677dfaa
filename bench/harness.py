"""Processes under measurement: pinned to a core, with their CPU time and memory; and the nginx they talk to."""
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "build/bench"


def cores():
    """(server's core, client's core); the same one on a machine with a single core."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[1 if len(available) > 1 else 0]


def _prepare(core):
    def in_child():
        os.sched_setaffinity(0, {core})
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return in_child


class Done:
    """A finished process: exit code, output, wall and CPU seconds."""

    def __init__(self, code, text, wall_s, cpu_s):
        self.code, self.text, self.wall_s, self.cpu_s = code, text, wall_s, cpu_s


def start(command, core, log):
    env = dict(os.environ, K6_NO_USAGE_REPORT="true")
    return subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                            env=env, preexec_fn=_prepare(core))


def run(command, core, timeout_s):
    """Runs to the end, or kills after timeout_s. CPU time includes threads and waited-for children."""
    OUT.mkdir(parents=True, exist_ok=True)
    log_path = OUT / "last-output.txt"
    with open(log_path, "wb") as log:
        begin = time.monotonic()
        process = start(command, core, log)
        timer = threading.Timer(timeout_s, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - begin
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)  # tells Popen that it was waited for
    text = log_path.read_text(errors="replace")
    return Done(process.returncode, text, wall_s, usage.ru_utime + usage.ru_stime)


def rss_kb(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ProcessLookupError(pid)


def stop(process):
    """Asks twice with SIGINT, as a user would, then kills."""
    for sig, wait_s in ((signal.SIGINT, 20), (signal.SIGINT, 5), (signal.SIGKILL, 5)):
        if process.poll() is not None:
            return
        process.send_signal(sig)
        try:
            process.wait(wait_s)
        except subprocess.TimeoutExpired:
            pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


CONFIG = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 65536;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 32768; multi_accept on; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=8192;
        location / {{ default_type text/plain; return 200 "{body}"; }}
        location = /json {{ default_type application/json; return 200 '{json}'; }}
    }}
}}
"""
BODY = "x" * 100
JSON = '{"id":42,"name":"load test","items":[{"n":1,"on":true},{"n":2,"on":false},{"n":3,"on":true}],"total":3}'


class Nginx:
    """An nginx of our own with one worker, pinned; answers 100 bytes on / and JSON on /json."""

    def __init__(self, core):
        self.core, self.port, self.process = core, free_port(), None
        self.url = f"http://127.0.0.1:{self.port}/"

    def __enter__(self):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        if not program:
            raise RuntimeError("nginx is not installed: run tools/setup bench")
        folder = OUT / "nginx"
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(dir=folder, port=self.port, body=BODY, json=JSON))
        log = open(folder / "output.log", "wb")
        self.process = start([program, "-p", folder, "-c", config], self.core, log)
        self._wait_until_ready()
        return self

    def _wait_until_ready(self):
        for _ in range(100):
            try:
                if urllib.request.urlopen(self.url, timeout=1).read() == BODY.encode():
                    return
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise RuntimeError(f"nginx does not answer: see {OUT}/nginx/error.log and output.log")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def cpu_s(self):
        """CPU seconds of the worker so far."""
        children = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().split()
        ticks = 0
        for pid in children:
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")
