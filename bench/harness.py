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
        if core is not None:  # None: on all cores
            os.sched_setaffinity(0, {core})
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return in_child


class Done:
    """A finished process: exit code, output, wall seconds, CPU seconds outside and inside the kernel, largest
    resident memory."""

    def __init__(self, code, text, wall_s, user_s, kernel_s, rss_kb):
        self.code, self.text, self.wall_s, self.rss_kb = code, text, wall_s, rss_kb
        self.kernel_s, self.cpu_s = kernel_s, user_s + kernel_s


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
    return Done(process.returncode, text, wall_s, usage.ru_utime, usage.ru_stime, usage.ru_maxrss)


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
    sendfile on;
    open_file_cache max=10;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
    ssl_certificate {dir}/cert.pem;
    ssl_certificate_key {dir}/key.pem;
    server {{
        listen 127.0.0.1:{plain} backlog=8192;
        listen 127.0.0.1:{tls} ssl backlog=8192;
        listen 127.0.0.1:{h2} ssl http2 backlog=8192;
        location / {{ default_type text/plain; return 200 "{body}"; }}
        location = /json {{ default_type application/json; return 200 '{json}'; }}
        location = /4k {{ default_type application/octet-stream; root {dir}; }}
        location = /1m {{ default_type application/octet-stream; root {dir}; }}
    }}
}}
"""
BODY = "x" * 100
JSON = '{"id":42,"name":"load test","items":[{"n":1,"on":true},{"n":2,"on":false},{"n":3,"on":true}],"total":3}'
SERVERS = ("plain", "tls", "h2")


def _make_certificate(folder):
    """A key and a self-signed certificate for 127.0.0.1, made once."""
    if (folder / "cert.pem").exists():
        return
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "365", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)


class Nginx:
    """An nginx of our own with one worker, pinned: 100 bytes on /, JSON on /json, 4 KB on /4k, 1 MB on /1m."""

    def __init__(self, core):
        self.core, self.process = core, None
        self.ports = {name: free_port() for name in SERVERS}

    def url(self, workload):
        scheme = "http" if workload.server == "plain" else "https"
        return f"{scheme}://127.0.0.1:{self.ports[workload.server]}{workload.path}"

    def __enter__(self):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        if not program:
            raise RuntimeError("nginx is not installed: run tools/setup bench")
        folder = OUT / "nginx"
        folder.mkdir(parents=True, exist_ok=True)
        _make_certificate(folder)
        for name, size in (("4k", 4 << 10), ("1m", 1 << 20)):
            (folder / name).write_bytes(b"x" * size)
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(dir=folder, body=BODY, json=JSON, **self.ports))
        log = open(folder / "output.log", "wb")
        self.process = start([program, "-p", folder, "-c", config], self.core, log)
        self._wait_until_ready()
        return self

    def _wait_until_ready(self):
        for _ in range(100):
            try:
                url = f"http://127.0.0.1:{self.ports['plain']}/"
                if urllib.request.urlopen(url, timeout=1).read() == BODY.encode():
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
