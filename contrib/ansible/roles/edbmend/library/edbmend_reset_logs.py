#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: edbmend_reset_logs
short_description: Move the transaction logs of a dismounted storage group away (KB935634)
version_added: "0.1.0"
description:
  - Runs C(edbmend reset-logs). All stores of the storage group must be dismounted, in Clean Shutdown, and
    named in O(databases), since no file on disk lists them all.
  - It acts only while C(edbmend check) reports one of O(for_findings), and where there are logs. So a second
    run changes nothing, also after the stores were mounted and have new logs.
  - Undone with M(edbmend_restore), before any store is mounted.
options:
  dir:
    description: The folder of the storage group.
    type: path
    required: true
  databases:
    description: All databases of the storage group.
    type: list
    elements: path
    required: true
  prefix:
    description: Base name of the logs, such as E00. Needed where the folder has several.
    type: str
  for_findings:
    description: The findings for which logs are reset. An empty list resets them whenever there are any.
    type: list
    elements: str
    default:
      - full-backup-gen-invalid
      - incremental-backup-gen-invalid
      - copy-backup-gen-invalid
      - differential-backup-gen-invalid
      - log-sequence-ending
  allow_group_incomplete:
    description: Databases that the logs name and that were deleted since, by the Rand number of their DB Signature.
    type: list
    elements: str
    default: []
  allow_older_database:
    description: Give up what the logs hold beyond an older copy of a database.
    type: bool
    default: false
  log_dir:
    description: Where the transaction logs are, where that is another folder.
    type: path
  system_dir:
    description: Where the checkpoint is, where that is another folder.
    type: path
  backup_dir:
    description: Where the operation folder goes. The default is the folder C(edbmend) beside the logs.
    type: path

  allow_unproven_lock:
    description:
      - Go on where the file system cannot prove that nobody else has the file open.
      - Only for a store that is certainly dismounted. The program's guards page says what this gives up.
    type: bool
    default: false
  allow_shared_backup_dir:
    description:
      - Go on where another user can write to the folder of the backup, or of the operation.
      - Whoever can write there can decide what is written.
    type: bool
    default: false
  allow_backup_in_memory:
    description: Go on where the backup folder is in memory, and gone when the machine stops.
    type: bool
    default: false
  executable:
    description: The program, by its path, or by its name where it is on the PATH.
    type: path
    default: edbmend
  log_file:
    description: A file on the host to which the run appends what it does. Not written in check mode.
    type: path
attributes:
  check_mode:
    description: Runs the program with C(--dry-run). All guards are asked, and nothing is created.
    support: full
  diff_mode:
    description: Shows where the logs lie before and after.
    support: full
author:
  - edbmend (@edbmend)
"""

EXAMPLES = r"""
- name: Reset the logs of a storage group, where it has the damage
  edbmend_reset_logs:
    dir: /srv/mdbdata
    databases: [/srv/mdbdata/priv1.edb, /srv/mdbdata/pub1.edb]
  become: true
"""

RETURN = r"""
outcome:
  description: How it ended, C(committed), C(planned), C(nothing-to-do), C(refused), C(failed), C(rolled-back) or C(pending).
  returned: always
  type: str
  sample: committed
exit_code:
  description: >-
    Exit code of the program. The task fails on every code but 0. 3 is a guard, 4 a failure that changed
    nothing, 5 a failure after which the old header is back, 6 a pending operation.
  returned: always
  type: int
  sample: 0
refusals:
  description: Why it was not done. Each has an id, path, message and remedy.
  returned: always
  type: list
  elements: dict
  sample: [{"id": "in-use", "path": "/srv/mdbdata/priv1.edb", "message": "...", "remedy": "..."}]
databases:
  description: Path, outcome, state, findings, operation folder and direction of each database.
  returned: always
  type: list
  elements: dict
  sample: [{"path": "/srv/mdbdata/priv1.edb", "outcome": "committed"}]
operation_dirs:
  description: The operation folders, for M(edbmend_restore) and M(edbmend_recover).
  returned: always
  type: list
  elements: str
  sample: ["/srv/mdbdata/edbmend/edbmend-20261123T023223Z-repair-1f39"]
report:
  description: The whole JSON report of the program.
  returned: always
  type: dict
  sample: {"schema": "edbmend/1"}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.edbmend import BACKED_UP, GROUP, ask, explanation, flags, leave, option, options, run_guarded


REASONS = ["full-backup-gen-invalid", "incremental-backup-gen-invalid", "copy-backup-gen-invalid",
           "differential-backup-gen-invalid", "log-sequence-ending"]


def is_called_for(module, group):
    """Whether a check reports one of the findings that the reset is for."""
    wanted = module.params["for_findings"]
    if not wanted:
        return True
    report = ask(module, "check", group)
    if report["exit_code"] > 1:
        module.fail_json(msg=explanation(report), exit_code=report["exit_code"],
                         refusals=report["refusals"], report=report)
    findings = report["findings"] + [f for d in report["databases"] for f in d["findings"]]
    return any(finding["id"] in wanted for finding in findings)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            dir=dict(type="path", required=True),
            databases=dict(type="list", elements="path", required=True),
            prefix=dict(type="str"),
            for_findings=dict(type="list", elements="str", default=REASONS),
            allow_group_incomplete=dict(type="list", elements="str", default=[]),
            allow_older_database=dict(type="bool", default=False),
            backup_dir=dict(type="path"),
            **GROUP, **BACKED_UP),
        supports_check_mode=True,
    )
    params = module.params
    group = option("--log-dir", params["log_dir"]) + option("--system-dir", params["system_dir"])
    group += options("--db", params["databases"]) + [params["dir"]]
    if not is_called_for(module, group):
        module.exit_json(changed=False, outcome="nothing-to-do", exit_code=0, refusals=[], databases=[],
                         operation_dirs=[], report={},
                         msg="no finding is there for which the logs are reset: %s"
                             % ", ".join(params["for_findings"]))
    arguments = option("--prefix", params["prefix"])
    arguments += option("--backup-dir", params["backup_dir"])
    arguments += options("--allow-group-incomplete", params["allow_group_incomplete"])
    arguments += flags(module, "allow_older_database")
    leave(module, run_guarded(module, "reset-logs", arguments + group))


if __name__ == "__main__":
    main()
