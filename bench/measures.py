"""What is measured: throughput side by side, memory per virtual user, start-up time, memory over time."""
import re
import statistics
import subprocess
import sys
import time

import clients
import harness

VUS = 64


def say(text):
    print(text, flush=True)


def side_by_side(runners, workload, nginx, core, rounds, seconds):
    """Interleaved rounds: {name: [Outcome per round]}; the order rotates so that nobody always goes first."""
    results = {c.name: [] for c in runners}
    for n in range(rounds):
        turn = n % len(runners)
        for client in runners[turn:] + runners[:turn]:
            outcome = clients.measure(client, workload, nginx, core, seconds)
            results[client.name].append(outcome)
            flag = f"  {outcome.failed:.0f} FAILED" if outcome.failed else ""
            say(f"  round {n + 1}/{rounds}  {client.name:7} {outcome.rate:9.0f} req/s  {outcome.cpu_us:6.2f} us CPU/req"
                f"  server {outcome.server_share:4.0%}{flag}")
    return results


def summarise(results):
    """{name: medians}; ratios are medians of the ratios within each round."""
    table = {}
    ours = results.get("brunt")
    for name, outcomes in results.items():
        row = {
            "rate": statistics.median(o.rate for o in outcomes),
            "cpu_us": statistics.median(o.cpu_us for o in outcomes),
            "kernel_us": statistics.median(o.kernel_us for o in outcomes),
            "server_share": statistics.median(o.server_share for o in outcomes),
            "rss_kb": max(o.rss_kb for o in outcomes),
            "failed": sum(o.failed for o in outcomes),
            "rates": [o.rate for o in outcomes],
            "cpu_us_all": [o.cpu_us for o in outcomes],
        }
        if ours and name != "brunt":
            pairs = list(zip(ours, outcomes))
            row["rate_ratio"] = statistics.median(a.rate / b.rate for a, b in pairs)
            # Requests per CPU second, brunt's against the peer's.
            row["efficiency_ratio"] = statistics.median(b.cpu_us / a.cpu_us for a, b in pairs)
        table[name] = row
    return table


def _settled_rss_kb(process, limit_s):
    """The resident memory once four readings in a row, half a second apart, differ by less than 0.3 %."""
    readings, end = [], time.monotonic() + limit_s
    while time.monotonic() < end:
        time.sleep(0.5)
        if process.poll() is not None:
            raise ValueError(f"the process ended with {process.returncode} while it was being measured")
        readings.append(harness.rss_kb(process.pid))
        last = readings[-4:]
        if len(readings) >= 8 and max(last) - min(last) < 0.003 * max(last):
            return readings[-1]
    raise ValueError(f"resident memory did not settle within {limit_s} s: {readings[-4:]} KB")


def _sleeping_rss_kb(program, extra, script, vus, url, core):
    command = [program, "run", "-u", vus, "-d", "1h", "--quiet", *extra, "-e", f"TARGET={url}",
               f"bench/scripts/{script}"]
    process = harness.start(command, core, subprocess.DEVNULL)
    try:
        return _settled_rss_kb(process, 120)
    finally:
        harness.stop(process)


def memory_per_vu_kb(program, extra, script, vus, url, core):
    """What one more virtual user costs; what all share (the program, data) is in both readings."""
    many = _sleeping_rss_kb(program, extra, script, vus, url, core)
    one = _sleeping_rss_kb(program, extra, script, 1, url, core)
    return {"vus": vus, "rss_kb": many, "rss_one_kb": one, "per_vu_kb": (many - one) / (vus - 1)}


def start_up_ms(program, extra, core, times):
    """Median wall time from start to exit of a script with one empty iteration."""
    walls = []
    for _ in range(times):
        done = harness.run([program, "run", "--quiet", *extra, "bench/scripts/once.js"], core, 30)
        if done.code != 0:
            raise ValueError(f"{program} ended with {done.code}:\n{done.text[-800:]}")
        walls.append(done.wall_s * 1000)
    return {"median_ms": statistics.median(walls), "all_ms": walls}


def init_s(program, extra, vus, url, times):
    """Median seconds from start until all virtual users are ready, on all cores: when setup() says so."""
    took = []
    for _ in range(times):
        begin = time.time()
        done = harness.run([program, "run", "-u", vus, "-i", vus, "--quiet", *extra, "-e", f"TARGET={url}",
                            "bench/scripts/init.js"], None, 120)
        ready = re.search(r"ready at (\d+)", done.text)
        if done.code != 0 or not ready:
            raise ValueError(f"{program} ended with {done.code}:\n{done.text[-800:]}")
        took.append(int(ready[1]) / 1000 - begin)
    return {"vus": vus, "median_s": statistics.median(took), "all_s": took}


def soak(program, url, core, minutes):
    """Resident memory at full speed: after 1 minute and at the end."""
    command = [program, "run", "-u", VUS, "-d", f"{minutes * 60 + 5}s", "--quiet", "--workers", "1",
               "-e", f"TARGET={url}", "bench/scripts/get.js"]
    process = harness.start(command, core, subprocess.DEVNULL)
    readings = []
    try:
        for minute in range(1, minutes + 1):
            time.sleep(60)
            if process.poll() is not None:
                raise ValueError(f"brunt ended with {process.returncode} after {minute} min")
            readings.append(harness.rss_kb(process.pid))
            print(f"  after {minute:2} min: {readings[-1]} KB", file=sys.stderr, flush=True)
    finally:
        harness.stop(process)
    return {"rss_kb": readings, "ratio": readings[-1] / readings[0]}
