#!/usr/bin/env python3
"""Checks what stands in deploy/ and cannot be run here: syntax, and that it fits the programs.

    check_files.py PATH/TO/empire

Commands, flags and variables that the files name must be in `empire COMMAND --help`, metrics of alerts in the program,
numbers as the deployment guide has them. nginx, systemd-analyze and promtool are used where they are installed.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import yaml

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
EMPIRE = pathlib.Path(sys.argv[1]).resolve()
checks = 0


def check(ok, what):
    global checks
    checks += 1
    if not ok:
        sys.exit(f"deploy: {what}")


def command_help(command):
    done = subprocess.run([EMPIRE, command, "--help"], capture_output=True, text=True)
    check(done.returncode == 0 and f"empire {command}" in done.stdout, f"empire has no command '{command}'")
    text = done.stdout
    return text + (command_help("api") if command == "autoscale" else "")


def check_command(words, names, where):
    """The words of a command line of empire, and the variables that it is given, those of all commands allowed if shared."""
    text = command_help(words[0])
    for word in words[1:]:
        if word.startswith("--"):
            flag = word.split("=")[0]
            check(re.search(rf"^\s+{flag}\b", text, re.M), f"{where}: empire {words[0]} has no {flag}")
    for name in names:
        check(re.search(rf"\b{name}\b", text.replace("\n", " ")), f"{where}: empire {words[0]} knows no variable {name}")


def compose():
    file = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
    services = file["services"]
    for name, service in services.items():
        if "EMPIRE_IMAGE" in service["image"]:
            check_command(service["command"], service.get("environment", {}), f"docker-compose.yml, {name}")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            check(not source.startswith(".") or (DEPLOY / source).exists(), f"docker-compose.yml: {source} does not exist")
            check(source.startswith(".") or source in file["volumes"], f"docker-compose.yml: volume {source} is not declared")
        for other in service.get("depends_on", {}):
            check(other in services, f"docker-compose.yml: {name} depends on {other}")
        for port in service.get("ports", []):
            check(port.startswith("127.0.0.1:"), f"docker-compose.yml: port {port} of {name} is open to everybody")
    blue = [s for s in services if s.startswith("api-") and "profiles" not in services[s]]
    check(len(blue) == 2, "docker-compose.yml: two API instances without a profile")
    api = services[blue[0]]
    check(api["mem_limit"] == "512m" and api["cpus"] == 2, "docker-compose.yml: 2 cores and 512 MB for the API")
    times = [api["healthcheck"][k] for k in ("interval", "timeout", "start_period")]
    check(times == ["30s", "5s", "10s"], f"docker-compose.yml: health checks are {times}")
    check(services["worker"]["environment"]["WORKERS"] == "4", "docker-compose.yml: four workers")
    check({"postgres", "stub", "nginx", "prometheus"} <= set(services), "docker-compose.yml: a service is missing")
    return services


def upstream_hosts(text):
    return re.findall(r"server ([\w-]+):(\d+)", text)


def nginx(services, folder):
    hosts = upstream_hosts((DEPLOY / "compose/upstreams/current.conf").read_text())
    check(hosts, "nginx: no upstreams")
    for host, port in hosts:
        check(host in services and services[host]["environment"]["PORT"] == port, f"nginx: {host}:{port} is no service")
    published = {p.split(":")[-1] for p in services["nginx"]["ports"]}
    listens = set(re.findall(r"listen (\d+);", (DEPLOY / "compose/nginx.conf").read_text()))
    check(published == listens, f"nginx listens on {listens}, published are {published}")
    if not shutil.which("nginx"):
        return print("deploy: nginx is not installed: its configuration is not tried")
    (folder / "upstreams").mkdir()
    for name in ("nginx.conf", "upstreams/current.conf"):
        text = (DEPLOY / "compose" / name).read_text()
        text = re.sub(r"api-(blue|green)-[12]", "127.0.0.1", text).replace("/tmp/nginx.pid", f"{folder}/nginx.pid")
        # Its folders are root's, and this may run as somebody else.
        text = text.replace("http {", "http {\n" + "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")))
        (folder / name).write_text(text)
    done = subprocess.run(["nginx", "-t", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"], capture_output=True, text=True)
    check(done.returncode == 0, f"nginx -t: {done.stderr}")


def prometheus(services):
    config = yaml.safe_load((DEPLOY / "compose/prometheus.yml").read_text())
    targets = config["scrape_configs"][0]["dns_sd_configs"][0]
    check(set(targets["names"]) == {s for s in services if s.startswith("api-")}, "prometheus.yml: not all API instances")
    check(targets["port"] == 3000, "prometheus.yml: port")
    check(config["rule_files"] == ["alerts.yml"], "prometheus.yml: rules")
    rules = yaml.safe_load((DEPLOY / "compose/alerts.yml").read_text())["groups"][0]["rules"]
    program = EMPIRE.read_bytes()
    for rule in rules:
        names = re.findall(r"\b(?:empire|process)_\w+", rule["expr"])
        check(names, f"alerts.yml: {rule['alert']} asks for nothing")
        for name in names:
            check(re.sub(r"_bucket$", "", name).encode() in program, f"alerts.yml: empire has no metric {name}")
    by_name = {r["alert"]: r for r in rules}
    check("> 1" in by_name["EmpireSlow"]["expr"] and by_name["EmpireSlow"]["for"] == "5m", "alerts.yml: p95 > 1000ms for 5 minutes")
    check("> 0.05" in by_name["EmpireErrors"]["expr"] and by_name["EmpireErrors"]["for"] == "2m", "alerts.yml: errors > 5 % for 2 minutes")
    check("> 50e6" in by_name["EmpireMemoryGrows"]["expr"], "alerts.yml: memory > 50 MB an hour")
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "config", "prometheus.yml"], cwd=DEPLOY / "compose", capture_output=True, text=True)
        check(done.returncode == 0, f"promtool: {done.stdout}{done.stderr}")


def containers(pod, config_names, where):
    for c in pod.get("initContainers", []) + pod["containers"]:
        own = [e["name"] for e in c.get("env", [])]
        shared = any("configMapRef" in e for e in c["envFrom"])
        check_command(c["args"], own, f"{where}, {c['name']}")
        if shared:
            text = command_help("api") + command_help("worker")
            for name in config_names:
                check(name in text, f"{where}: empire knows no variable {name}")
        volumes = {v["name"] for v in pod.get("volumes", [])}
        check({m["name"] for m in c.get("volumeMounts", [])} <= volumes, f"{where}: a volume is missing")
        yield c


def kubernetes():
    objects = list(yaml.safe_load_all((DEPLOY / "kubernetes/empire.yaml").read_text()))
    of = {(o["kind"], o["metadata"]["name"]): o for o in objects}
    versions = {"Namespace": "v1", "ConfigMap": "v1", "Service": "v1", "Deployment": "apps/v1", "PodDisruptionBudget": "policy/v1",
                "HorizontalPodAutoscaler": "autoscaling/v2"}
    for o in objects:
        check(versions[o["kind"]] == o["apiVersion"], f"kubernetes: {o['kind']} is not of {o['apiVersion']}")
        check(o["kind"] == "Namespace" or o["metadata"]["namespace"] == "empire", f"kubernetes: namespace of {o['metadata']['name']}")
    config = of["ConfigMap", "empire"]["data"]
    check(all(isinstance(v, str) for v in config.values()), "kubernetes: values of a ConfigMap are texts")
    hpa = of["HorizontalPodAutoscaler", "empire-api"]["spec"]
    check(("Deployment", hpa["scaleTargetRef"]["name"]) in of, "kubernetes: the HPA's target")
    check((hpa["minReplicas"], hpa["maxReplicas"]) == (2, 10), "kubernetes: 2 to 10 replicas")
    targets = {m["resource"]["name"]: m["resource"]["target"]["averageUtilization"] for m in hpa["metrics"]}
    check(targets == {"cpu": 70, "memory": 80}, f"kubernetes: targets {targets}")
    for name in ("empire-api", "empire-worker"):
        spec = of["Deployment", name]["spec"]
        labels = spec["template"]["metadata"]["labels"]
        check(spec["selector"]["matchLabels"] == labels, f"kubernetes: selector of {name}")
        for c in containers(spec["template"]["spec"], config, f"kubernetes, {name}"):
            if c["name"] != "api":
                continue
            check("replicas" not in spec, "kubernetes: replicas of the API are the HPA's")
            port = {p["name"]: p["containerPort"] for p in c["ports"]}["http"]
            check(str(port) == config["PORT"], "kubernetes: port")
            live = c["livenessProbe"]
            check((live["periodSeconds"], live["timeoutSeconds"], live["initialDelaySeconds"]) == (30, 5, 10), "kubernetes: probe")
    check(of["Service", "empire-api"]["spec"]["selector"] == of["Deployment", "empire-api"]["spec"]["selector"]["matchLabels"],
          "kubernetes: the service's selector")


def fly():
    file = tomllib.loads((DEPLOY / "fly.toml").read_text())
    for name, line in file["processes"].items():
        check_command(line.split(), [n for n in file["env"] if name == "api"], f"fly.toml, {name}")
    check_command(file["deploy"]["release_command"].split(), [], "fly.toml, release_command")
    http = file["http_service"]
    probe = http["checks"][0]
    check((probe["interval"], probe["timeout"], probe["grace_period"]) == ("30s", "5s", "10s"), "fly.toml: health check")
    check(str(http["internal_port"]) == file["env"]["PORT"], "fly.toml: port")
    check(http["min_machines_running"] == 2, "fly.toml: two machines")
    targets = re.findall(r"^FROM .* AS (\w+)", (DEPLOY / "Dockerfile").read_text(), re.M)
    check(file["build"]["build-target"] in targets, "fly.toml: the build's target")


def dockerfile():
    text = (DEPLOY / "Dockerfile").read_text()
    packages = re.search(r"build_packages=\((.*?)\)", (ROOT / "tools/setup").read_text(), re.S)[1].split()
    for package in packages:
        check(package.startswith("postgresql") or re.search(rf"[\s]{re.escape(package)}[\s]", text), f"Dockerfile: {package} is missing")
    for source in re.findall(r"^COPY (?!--from)(\S+)", text, re.M):
        check((ROOT / source).exists(), f"Dockerfile: {source} does not exist")


def systemd(folder):
    units = sorted((DEPLOY / "systemd").glob("*.service"))
    check(len(units) == 2, "systemd: two units")
    for unit in units:
        text = unit.read_text()
        words = re.search(r"^ExecStart=/usr/local/bin/empire (.*)$", text, re.M)[1].split()
        check_command(words, [], unit.name)
        (folder / unit.name).write_text(text.replace("/usr/local/bin/empire", str(EMPIRE)))
    if not shutil.which("systemd-analyze"):
        return print("deploy: systemd-analyze is not installed: units are not verified")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *(folder / u.name for u in units)], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "empire-" in line]
    check(not ours, "systemd-analyze: " + "\n".join(ours))


with tempfile.TemporaryDirectory() as name:
    services = compose()
    nginx(services, pathlib.Path(name))
    prometheus(services)
    kubernetes()
    fly()
    dockerfile()
    systemd(pathlib.Path(name))
print(f"deploy: {checks} checks passed")
