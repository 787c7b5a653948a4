# Copyright: the edbmend authors
# MIT License (see LICENSE)
"""What the runs of a play came to: an outcome for each host, and the lines that say so."""

from __future__ import annotations

import json
import shlex
from typing import NamedTuple

from ansible_collections.edbmend.ese.plugins.module_utils.edbmend import printable

# From the best to the worst. A host has the worst of all its runs.
OUTCOMES = ("sound", "repaired", "rebuilt", "reset", "undone", "recovered", "planned", "damaged", "refused", "failed",
            "pending", "unreachable")

# What was done, by the command, and what has to follow.
DEEDS = {
    "repair": ("repaired", " Mount the store and run a full backup at once."),
    "rebuild-header": ("rebuilt", " Mount nothing before `edbmend check` says what comes next."),
    "reset-logs": ("reset", " Mount the stores and run a full backup at once."),
    "restore": ("undone", ""),
    "recover": ("recovered", " Check it before the store is mounted."),
}

# How a run ended that did not end well.
FAILURES = {3: "refused", 5: "failed", 6: "pending", 7: "refused"}


class Host(NamedTuple):
    """A host with its outcome, the lines that explain it, and the reports of the program, some of them as pages."""
    name: str
    outcome: str
    lines: list
    reports: list
    pages: list


def host_of(name, runs):
    """What the registered results of a host came to, in their order. Where there are none it was never reached."""
    if not runs:
        return Host(name, "unreachable", ["nothing was looked at"], [], [])
    told = [told_of(run) for run in runs]
    worst = max((outcome for outcome, unused in told), key=OUTCOMES.index)
    lines = [line for unused, lines in told for line in lines]
    lines += ["do not mount. Which way it would go: %s" % recovery(name, path) for path in pending_in(runs)]
    reported = [run for run in runs if run.get("report")]
    return Host(name, worst, [printable(line) for line in lines], [run["report"] for run in reported],
                [run.get("page") for run in reported])


def pending_in(runs):
    """The databases that are left with an unfinished operation after the last run, and what is refused for one."""
    report = runs[-1].get("report") or {}
    paths = [database["path"] for database in report.get("databases", []) if is_pending(database)]
    paths += [refusal["path"] for refusal in report.get("refusals", []) if refusal["id"] == "operation-pending"]
    return list(dict.fromkeys(paths))


def is_pending(database):
    return database["outcome"] == "pending" or any(
        finding["id"] == "operation-pending" for finding in database["findings"])


def recovery(name, path):
    """The play that says which way a pending operation would go, as a shell takes it."""
    variable = "edbmend_recover_path=%s" % path
    if shlex.quote(path) != path:
        variable = shlex.quote(json.dumps(dict(edbmend_recover_path=path)))
    return "ansible-playbook edbmend.ese.recover --check --limit %s -e %s" % (shlex.quote(name), variable)


def undo(folder):
    """The command that undoes an operation, as a shell takes it."""
    return "Undo: edbmend restore %s" % shlex.quote(folder)


def told_of(run):
    """The outcome of a run, and the lines that explain it."""
    if run.get("unreachable"):
        return "unreachable", ["%s. If it went away during a run, an operation may be pending: "
                               "run the play edbmend.ese.recover with --check" % first_line(run)]
    if "exit_code" not in run:
        return "failed", [first_line(run)]
    report = run.get("report") or {}
    if report.get("command") == "check":
        return told_of_check(run, report)
    return told_of_deed(run, report)


def first_line(run):
    """The reason of a task that ended without a report."""
    lines = str(run.get("msg") or "no reason was given").strip().splitlines()
    return lines[0].removeprefix("Task failed: ").rstrip(" .:")


def told_of_check(run, report):
    """Errors are told with the first step of the way out."""
    if run["exit_code"] > 1:
        return "failed", reasons(report["refusals"])
    errors = [(database["path"], finding) for database in report["databases"] for finding in database["findings"]]
    errors += [((report.get("logs") or {}).get("dir", "logs"), finding) for finding in report["findings"]]
    errors = [(path, finding) for path, finding in errors if finding["severity"] == "error"]
    lines = ["%s: %s: %s" % (path, finding["id"], finding["message"]) for path, finding in errors]
    if any(finding["id"] == "operation-pending" for unused, finding in errors):
        return "pending", lines
    if run["exit_code"] == 0:
        return "sound", []
    return "damaged", lines + ["way out, step %d: %s" % (step["step"], step["command"] or step["why"])
                               for step in report.get("way_out", [])]


def told_of_deed(run, report):
    """Each database has an outcome of its own; the host has the worst."""
    done, next_step = DEEDS[report["command"]] if report else ("sound", "")
    outcomes, lines = [], []
    refusals = run["refusals"]
    moved_together = is_of_group(run, report)
    for database in run["databases"]:
        outcome, line = told_of_database(database, done, next_step)
        outcomes.append(outcome)
        if moved_together and outcome == done:
            continue
        own = [refusal for refusal in refusals if refusal["path"] == database["path"]]
        lines.append(": ".join([database["path"], line] + reasons(own, with_path=False)))
        refusals = [refusal for refusal in refusals if refusal not in own]
    if moved_together:
        outcomes.append(done)
        lines.append("logs: %s.%s %s" % (done, next_step, undo(report["operation"]["dir"])))
    if any(refusal["id"] == "operation-pending" for refusal in run["refusals"]):
        outcomes.append("pending")
    if run["exit_code"] != 0:
        outcomes.append(FAILURES.get(run["exit_code"], "failed"))
    elif run["outcome"] == "planned":
        outcomes.append("planned")
    return max(outcomes or ["sound"], key=OUTCOMES.index), lines + reasons(refusals)


def is_of_group(run, report):
    """Whether what was done belongs to a storage group, and to no database of it."""
    return (run["outcome"] == "committed" and bool(report.get("operation"))
            and not any(database["operation_dir"] for database in run["databases"]))


def told_of_database(database, done, next_step):
    """The outcome of a database after a command that writes, and what to do."""
    outcome, folder = database["outcome"], database["operation_dir"]
    way = " (%s)" % database["direction"] if database.get("direction") else ""
    if outcome == "committed":
        way_back = " " + undo(folder) if folder else ""
        return done, "%s%s.%s%s" % (done, way, next_step, way_back)
    if outcome == "rolled-back" and done == "recovered":
        return done, "rolled back, it is as it was before"
    words = {
        "planned": ("planned", "would be %s%s" % (done, way)),
        "nothing-to-do": ("sound", "nothing to do"),
        "overtaken": (done, "closed, what is there stays"),
        "refused": ("refused", "refused"),
        "failed": ("failed", "failed, nothing was changed"),
        "rolled-back": ("failed", "failed while writing; the old header is back. Look at the disk"),
        "pending": ("pending", "unfinished"),
    }
    return words.get(outcome, ("failed", outcome))


def reasons(refusals, with_path=True):
    """Why something was not done, and the way out."""
    return ["%s: %s%s. Do: %s" % (refusal["id"], refusal["path"] + ": " if with_path else "",
                                  refusal["message"].rstrip("."), refusal["remedy"]) for refusal in refusals]


def table(hosts):
    """The lines of the final table: those with nothing to say in one line, the worst at the end."""
    lines = []
    for outcome in OUTCOMES:
        alike = [host for host in hosts if host.outcome == outcome]
        quiet = [host.name for host in alike if not host.lines or outcome == "sound"]
        if quiet:
            lines.append("%-11s  %s" % (outcome, " ".join(quiet)))
        for host in alike:
            if host.name not in quiet:
                lines.append("%-11s  %s" % (outcome, host.name))
                lines.extend("%13s%s" % ("", line) for line in host.lines)
    return lines


def totals(hosts):
    """How many hosts had each outcome, those that occur."""
    counts = [(outcome, sum(host.outcome == outcome for host in hosts)) for outcome in OUTCOMES]
    return {outcome: count for outcome, count in counts if count}
