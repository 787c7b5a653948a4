# Copyright: the edbmend authors
# MIT License (see LICENSE)
"""What the edbmend modules share: a run of the program, and its report as an Ansible result."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

# What each exit code means; the program's page docs/exit-codes.md has the same table.
MEANINGS = {
    2: "wrong usage; nothing was looked at",
    3: "refused by a guard; what is named below was not written",
    4: "failed, and nothing was changed",
    5: "failed after writing had begun; the old header is back, and was read back. "
       "Look at the disk before you try again",
    6: "not finished: an operation is pending. Do not mount. Run edbmend.ese.recover before anything else",
    7: "somebody said no",
}

# Outcomes of a database after which the disk is not what it was; in check mode: would not be.
CHANGES = ("committed", "planned", "pending", "overtaken")

# Parameters that the program calls otherwise.
SPELT = dict(databases="db", from_file="from", from_files="from")

# Commands that write their report as a page, too.
PAGED = ("check", "repair", "rebuild-header", "reset-logs", "restore")

PROGRAM = dict(executable=dict(type="path", default="edbmend"), log_file=dict(type="path"))
GROUP = dict(log_dir=dict(type="path"), system_dir=dict(type="path"))
GUARDED = dict(allow_unproven_lock=dict(type="bool", default=False),
               allow_shared_backup_dir=dict(type="bool", default=False), **PROGRAM)
BACKED_UP = dict(backup_dir=dict(type="path"), allow_backup_in_memory=dict(type="bool", default=False), **GUARDED)


class Answer(NamedTuple):
    """What a run of the program came to: its report, and that as a page where the command has one."""
    report: dict
    page: str | None = None


def words(module, *names):
    """The words of the command line for those of these parameters that the module has and that are set: a flag; a flag
    with its value; or that for each value of a list."""
    return [word for name in names for word in words_of(name, module.params.get(name))]


def words_of(name, value):
    """The words of one parameter."""
    flag = "--" + SPELT.get(name, name).replace("_", "-")
    if isinstance(value, bool):
        return [flag] if value else []
    if isinstance(value, list):
        return [word for one in value for word in (flag, one)]
    return [] if value is None else [flag, value]


def ask(module, command, arguments):
    """Runs a command and returns its answer. It always prints a report, so anything else is a failure."""
    program = module.get_bin_path(module.params["executable"])
    if program is None:
        module.fail_json(msg="edbmend is not on this host: no program %s. Let the role copy it there "
                             "(edbmend_binary). In check mode it copies nothing: run the play "
                             "edbmend.ese.check once without --check." % module.params["executable"])
    # Check mode writes nothing at all, not even a line to a log.
    log = [] if module.check_mode else words(module, "log_file")
    line = [program, command, "--json"] + log + words(module, *GROUP) + arguments
    page = os.path.join(module.tmpdir, "edbmend-%s.html" % command)
    code, out, err = module.run_command(line + (["--html", page] if command in PAGED else []))
    if code == 2 and command in PAGED:
        # Nothing was looked at. It may be the page that could not be written, and that stops no repair.
        code, out, err = module.run_command(line)
    try:
        return Answer(json.loads(out), text_of(page))
    except ValueError:
        module.fail_json(msg="edbmend %s ended with %s and without a report: %s. If it was killed, "
                             "an operation may be pending: run edbmend.ese.recover."
                             % (command, code, err.strip()), rc=code)


def text_of(path):
    """What stands in a file; nothing where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


def run_guarded(module, command, arguments):
    """Runs a command that writes: with --dry-run in check mode, else with --yes."""
    mode = "--dry-run" if module.check_mode else "--yes"
    allowed = words(module, "allow_unproven_lock", "allow_shared_backup_dir", "allow_backup_in_memory", "backup_dir")
    return ask(module, command, [mode] + allowed + arguments)


def told(answer):
    """What every module returns of an answer."""
    report = answer.report
    return dict(exit_code=report["exit_code"], refusals=report["refusals"], report=report, page=answer.page)


def result_of(module, answer):
    """The Ansible result of a command that writes."""
    report = answer.report
    result = dict(
        told(answer),
        changed=is_changed(report),
        outcome=report["outcome"],
        databases=[short(database) for database in report["databases"]],
        operation_dirs=operation_dirs(report),
    )
    if module._diff:
        result["diff"] = diffs_of(report)
    return result


def leave(module, answer):
    """Ends the module with the result of an answer."""
    result = result_of(module, answer)
    if result["exit_code"] == 0:
        module.exit_json(**result)
    module.fail_json(msg=explanation(answer.report), **result)


def leave_unread(module, answer):
    """Ends the module where a check could not read what it was to look at."""
    if answer.report["exit_code"] > 1:
        module.fail_json(msg=explanation(answer.report), **told(answer))


def leave_nothing_to_do(module, answer, reason):
    """Ends a module that had nothing to do: the wanted state is there already. The answer says so by a refusal, or is
    that of a check."""
    result = result_of(module, answer)
    databases = [dict(database, outcome="nothing-to-do") for database in result["databases"]]
    module.exit_json(**dict(result, msg=reason, outcome="nothing-to-do", exit_code=0, changed=False, refusals=[],
                            databases=databases))


def is_changed(report):
    """Whether anything was written; in check mode: would be."""
    outcomes = [report["outcome"]] + [database["outcome"] for database in report["databases"]]
    # A roll-back that was asked for has changed the disk; one after a failure has not.
    wanted = CHANGES + (("rolled-back",) if report["exit_code"] == 0 else ())
    return any(outcome in wanted for outcome in outcomes)


def short(database):
    """What a playbook needs of a database; the whole is in the report."""
    header = database["header"] or {}
    return dict(
        path=database["path"],
        outcome=database["outcome"],
        state=header.get("state"),
        findings=database["findings"],
        operation_dir=(database["operation"] or {}).get("dir"),
        direction=database.get("direction"),
    )


def operation_dirs(report):
    """The operation folders, for restore and recover."""
    operations = [report["operation"]] + [database["operation"] for database in report["databases"]]
    return sorted({operation["dir"] for operation in operations if operation})


def printable(line):
    """A line in which nothing plays with the terminal: paths and messages come from elsewhere."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def explanation(report):
    """Why it failed and what to do, to be read by a person."""
    meaning = MEANINGS.get(report["exit_code"], report["outcome"])
    title = "edbmend %s: %s (exit code %d)." % (report["command"], meaning, report["exit_code"])
    return "\n".join([title] + reasons(report["refusals"]))


def reasons(found):
    """Two lines for each refusal, or for each finding: what is wrong, and what to do."""
    lines = [line for one in found
             for line in ("%s: %s: %s" % (one["id"], one["path"], one["message"]),
                          "    what to do: %s" % one["remedy"])]
    return [printable(line) for line in lines]


def diffs_of(report):
    """Ansible's diff form: header fields of each database, places of moved files, and the way of a
    recovery."""
    diffs = [d for database in report["databases"] for d in header_diffs(database)]
    diffs += move_diff(report["steps"])
    diffs += [recovery_diff(database) for database in report["databases"] if database.get("direction")]
    return diffs


def header_diffs(database):
    """One diff where both copies change alike, else one for each copy."""
    if database["outcome"] not in CHANGES:
        return []
    writes = [step for step in database["steps"] if step["kind"] == "write"]
    alike = all(write["changes"] == writes[0]["changes"] for write in writes)
    if alike:
        return [header_diff(database["path"] + " (header)", write) for write in writes[:1]]
    return [header_diff("%s (%s header)" % (database["path"], write["copy"]), write) for write in writes]


def header_diff(title, write):
    """The fields of a header copy, one a line."""
    changes = write["changes"]
    if not changes:
        changes = [dict(label="SHA-256 of the page", before=write["before_sha256"],
                        after=write["after_sha256"])]
    lines = {key: "".join("%s: %s\n" % (change["label"], change[key]) for change in changes)
             for key in ("before", "after")}
    return dict(before_header=title, after_header=title, **lines)


def move_diff(steps):
    """Where the files of a log reset lie."""
    moves = [step for step in steps if step["kind"] == "move"]
    if not moves:
        return []
    return [dict(before_header="logs and checkpoint", after_header="logs and checkpoint",
                 before="".join("%s\n" % move["from"] for move in moves),
                 after="".join("%s\n" % move["to"] for move in moves))]


def recovery_diff(database):
    """A pending operation, and where it goes."""
    folder = (database["operation"] or {}).get("dir", "an operation that had only begun")
    return dict(before_header=database["path"], after_header=database["path"],
                before="pending: %s\n" % folder, after="recovered: %s\n" % database["direction"])
