"""Names what a workflow does that none should: workflows.py MAKEFILE WORKFLOW..."""

import re
import sys
from pathlib import Path

import yaml

PINNED = re.compile(r"uses: ([\w-]+/[\w/-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
INSTALL = re.compile(r"apt-get update && apt-get install -y [\w -]+")
MAKE = re.compile(r"make ([a-z -]+)( [A-Z_]+=\S.*)?")
CONTAINER = re.compile(r"debian:12@sha256:[0-9a-f]{64}")
ACTIONS_AT_MOST = 5
CHECKS = ("infra-ready", "deploy-decide", "image-verify", "image-scan", "deploy-plan")


def steps(job: dict, targets: set[str]) -> list[str]:
    wrong = []
    for command in (step["run"] for step in job.get("steps", []) if "run" in step):
        match = MAKE.fullmatch(command)
        if match:
            wrong += [f"no target {name}" for name in match[1].split() if name not in targets]
        elif not INSTALL.fullmatch(command):
            wrong.append(f"not a make target: {command}")
    return wrong


def token(job: dict) -> list[str]:
    """A job that can take on a role, or sign, runs nothing that was not checked before: it installs nothing."""
    if job["permissions"].get("id-token") != "write" or "uses" in job:
        return []
    commands = [step["run"] for step in job["steps"] if "run" in step]
    wrong = [
        f"holds a token and runs {command}" for command in commands if INSTALL.fullmatch(command)
    ]
    if "container" in job:
        wrong.append("holds a token and has a container, where it would have to install")
    if any("actions/cache@" in step.get("uses", "") for step in job["steps"]):
        wrong.append("holds a token and takes from the cache")
    if commands[0] != "make delivery-unbundle":
        wrong.append("holds a token and does not begin with the bundle's checksum")
    return wrong


def needed(jobs: dict, name: str) -> set[str]:
    """The jobs that have to succeed before this one."""
    needs = jobs[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(needed(jobs, each) for each in direct))


def targets_of(job: dict) -> set[str]:
    commands = [step.get("run", "").split() for step in job.get("steps", [])]
    return {word for command in commands if command[:1] == ["make"] for word in command[1:]}


def unchecked(jobs: dict) -> list[str]:
    """What is deployed, be it a new or an earlier image, has passed every check in a job before."""
    return [
        f"{name} deploys what no job before it has put through {check}"
        for name, job in jobs.items()
        if "deploy-apply" in targets_of(job)
        for check in CHECKS
        if not any(check in targets_of(jobs[before]) for before in needed(jobs, name))
    ]


def workflow(text: str, targets: set[str]) -> list[str]:
    wrong = []
    content = yaml.safe_load(text)
    called = "workflow_call" in content[True]  # YAML's word for on
    if content.get("permissions") != {}:
        wrong.append("grants permissions to all of its jobs")
    if not called and "concurrency" not in content:
        wrong.append("has no concurrency")
    in_containers = any("container" in job for job in content["jobs"].values())
    if in_containers and content.get("env", {}).get("GIT_CONFIG_KEY_0") != "safe.directory":
        wrong.append("does not let git work in a container")
    for name, job in content["jobs"].items():
        if "permissions" not in job:
            wrong.append(f"{name} has no permissions")
        if "uses" not in job and "timeout-minutes" not in job:
            wrong.append(f"{name} has no timeout")
        wrong += [f"{name}: {what}" for what in steps(job, targets)]
        if "permissions" in job:
            wrong += [f"{name} {what}" for what in token(job)]
        container = job.get("container")
        image = container["image"] if isinstance(container, dict) else container
        if image and not CONTAINER.fullmatch(image):
            wrong.append(f"{name}: not pinned: {image}")
    wrong += unchecked(content["jobs"])
    if "secrets." in text:
        wrong.append("uses a stored secret")
    return wrong


def main(makefile: str, *files: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", Path(makefile).read_text(), re.MULTILINE))
    used = set()
    for file in files:
        text = Path(file).read_text()
        for line in (line.strip() for line in text.splitlines() if "uses: " in line):
            match = PINNED.search(line)
            if match:
                used.add(match[1])
            elif "uses: ./" not in line:
                print(f"{file}: not pinned: {line}")
        for what in workflow(text, targets):
            print(f"{file}: {what}")
    containers = {image for file in files for image in CONTAINER.findall(Path(file).read_text())}
    if len(containers) > 1:
        print(f"more than one container: {', '.join(sorted(containers))}")
    if len(used) > ACTIONS_AT_MOST:
        print(f"more than {ACTIONS_AT_MOST} actions: {', '.join(sorted(used))}")


main(*sys.argv[1:])
