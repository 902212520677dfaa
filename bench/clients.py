"""The load generators: how each is called for a workload, and what its output says."""
import json
import re
import shutil

import harness


class Outcome:
    """One run: requests per second and in all, failed ones, and what it cost."""

    def __init__(self, requests, rate, failed):
        self.requests, self.rate, self.failed = requests, rate, failed
        self.cpu_us = self.kernel_us = self.server_share = self.rss_kb = None


def _number(pattern, text, default=None):
    m = re.search(pattern, text)
    if m is None and default is None:
        raise ValueError(f"no /{pattern}/ in the output:\n{text[-800:]}")
    return float(m[1]) if m else default


class Wrk:
    name = "wrk"

    def can(self, workload):
        return workload.server != "h2"

    def command(self, workload, url, seconds):
        return [self.name, "-t1", f"-c{workload.connections}", f"-d{seconds}s", url]

    def parse(self, text):
        failed = _number(r"Non-2xx or 3xx responses: (\d+)", text, 0.0)
        return Outcome(_number(r"(\d+) requests in", text), _number(r"Requests/sec:\s+([\d.]+)", text), failed)


class Hey:
    name = "hey"

    def can(self, workload):
        return True

    def command(self, workload, url, seconds):
        h2 = ["-h2"] if workload.server == "h2" else []
        return [self.name, "-cpus", "1", "-c", workload.in_flight, "-z", f"{seconds}s", *h2, url]

    def parse(self, text):
        rate = _number(r"Requests/sec:\s+([\d.]+)", text)
        failed = 0.0 if "Error distribution" not in text else 1.0
        return Outcome(rate * _number(r"Total:\s+([\d.]+) secs", text), rate, failed)


class H2load:
    name = "h2load"

    def can(self, workload):
        return True

    def command(self, workload, url, seconds):
        h1 = [] if workload.server == "h2" else ["--h1"]
        return [self.name, *h1, "-t1", f"-c{workload.connections}", f"-m{workload.streams}", "-D", seconds, url]

    def parse(self, text):
        return Outcome(_number(r"requests: (\d+) total", text), _number(r"([\d.]+) req/s", text),
                       _number(r"(\d+) failed", text))


class K6Like:
    """k6 and brunt run: the same command line and the same summary file."""

    def __init__(self, name, program, extra, script):
        self.name, self.program, self.extra, self.script = name, program, extra, script
        self.summary = harness.OUT / f"summary-{name}.json"

    def can(self, workload):
        return True

    def command(self, workload, url, seconds):
        self.summary.unlink(missing_ok=True)
        tls = [] if workload.server == "plain" else ["--insecure-skip-tls-verify"]
        return [self.program, "run", "-u", workload.in_flight, "-d", f"{seconds}s", "--quiet", *tls, *self.extra, "--summary-export", self.summary, "-e", f"TARGET={url}",
                f"bench/scripts/{self.script}"]

    def parse(self, text):
        if not self.summary.exists():
            raise ValueError(f"{self.name} wrote no summary:\n{text[-800:]}")
        metrics = json.loads(self.summary.read_text())["metrics"]
        failed = metrics.get("http_req_failed", {}).get("passes", 0) + metrics.get("checks", {}).get("fails", 0)
        done = metrics["iterations" if self.script == "empty.js" else "http_reqs"]
        return Outcome(done["count"], done["rate"], failed)


class Quick:
    """brunt quick."""

    def __init__(self, program, name="brunt", loop="auto"):
        self.program, self.name, self.loop, self.result = program, name, loop, harness.OUT / "quick.json"

    def can(self, workload):
        return True

    def command(self, workload, url, seconds):
        self.result.unlink(missing_ok=True)
        h2 = ["--http2", "--streams", workload.streams] if workload.server == "h2" else []
        return [self.program, "quick", "--loop", self.loop, "--workers", "1", "-c", workload.connections, "-z", f"{seconds}s", *h2, "-k",
                "--json", self.result, url]

    def parse(self, text):
        if not self.result.exists():
            raise ValueError(f"brunt quick wrote no result:\n{text[-800:]}")
        requests = json.loads(self.result.read_text())["requests"]
        return Outcome(requests["total"], requests["rate"], requests["failed"])


def brunt(program, script, name="brunt", loop="auto"):
    return K6Like(name, program, ["--workers", "1", "--loop", loop], script)


def loops(program, script):
    """brunt with its epoll loop, and as a peer with io_uring."""
    return [brunt(program, script, name, loop) if script else Quick(program, name, loop)
            for name, loop in (("brunt", "epoll"), ("uring", "io_uring"))]


def k6(script):
    return K6Like("k6", "k6", [], script)


def installed_peers(script="get.js"):
    """(those installed, names of those missing)"""
    peers = [Wrk(), Hey(), H2load(), k6(script)]
    there = [p for p in peers if shutil.which(p.name)]
    return there, [p.name for p in peers if p not in there]


def measure(client, workload, nginx, core, seconds):
    server_before = nginx.cpu_s()
    done = harness.run(client.command(workload, nginx.url(workload), seconds), core, timeout_s=seconds + 60)
    if done.code != 0:
        raise ValueError(f"{client.name} ended with {done.code}:\n{done.text[-800:]}")
    outcome = client.parse(done.text)
    if not outcome.requests:
        raise ValueError(f"{client.name} made no request:\n{done.text[-800:]}")
    outcome.cpu_us = done.cpu_s / outcome.requests * 1e6
    outcome.kernel_us = done.kernel_s / outcome.requests * 1e6
    outcome.rss_kb = done.rss_kb
    outcome.server_share = (nginx.cpu_s() - server_before) / done.wall_s
    return outcome


def system_calls(client, workload, nginx, core):
    """{name: calls per request} of a second under strace; None if that is not installed."""
    if not shutil.which("strace"):
        return None
    counts = harness.OUT / "strace.txt"
    command = ["strace", "-f", "-c", "-U", "calls,name", "-o", counts, *client.command(workload, nginx.url(workload), 1)]
    requests = client.parse(harness.run(command, core, timeout_s=60).text).requests
    rows = [line.split() for line in counts.read_text().splitlines()]
    calls = {name: int(n) / requests for n, name in (r for r in rows if len(r) == 2 and r[0].isdigit()) if name != "total"}
    return {name: n for name, n in sorted(calls.items(), key=lambda c: -c[1]) if n >= 0.005}
