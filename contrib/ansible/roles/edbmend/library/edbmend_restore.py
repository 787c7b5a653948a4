#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: edbmend_restore
short_description: Undo a finished operation of edbmend, from its operation folder
version_added: "0.1.0"
description:
  - Runs C(edbmend restore). Only what that operation changed is put back, and only where nobody has changed
    it since. The undo is an operation of its own, and can be undone.
  - An operation that has been undone already is left alone, so a second run changes nothing.
options:
  operation:
    description: The operation folder, as C(operation_dirs) of M(edbmend_repair) has it.
    type: path
    required: true
  backup_dir:
    description: Where the operation folder goes. The default is the folder C(edbmend) beside the database.
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
    description: Shows the header fields, or where the logs lie, before and after.
    support: full
author:
  - edbmend (@edbmend)
"""

EXAMPLES = r"""
- name: Undo a repair
  edbmend_restore:
    operation: /srv/mdbdata/edbmend/edbmend-20261123T023223Z-repair-1f39
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

import hashlib
import json
import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.edbmend import BACKED_UP, leave, option, result_of, run_guarded


HEADER_BYTES = 4096


def is_undone(operation):
    """Whether what the operation changed is as it was before. Asked only after the program has refused,
    and only to tell a second run from a failure."""
    with open(os.path.join(operation, "plan.json"), "rb") as file:
        plan = json.load(file)
    if "batches" in plan:
        return all(is_back(batch, moved) for batch in plan["batches"] for moved in batch["files"])
    before = start_of(os.path.join(operation, "header-before.bin"))
    return start_of(plan["database"], len(before)) == before


def is_back(batch, moved):
    """Whether a moved log is where it came from. Another log of that name has another header."""
    header = start_of(os.path.join(batch["from"], moved["name"]), HEADER_BYTES)
    return hashlib.sha256(header).hexdigest() == moved["header_sha256"]


def start_of(path, length=-1):
    """The first bytes of a file, all of them where no length is given; nothing where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read(length)
    except OSError:
        return b""


def main():
    module = AnsibleModule(
        argument_spec=dict(operation=dict(type="path", required=True),
                           backup_dir=dict(type="path"), **BACKED_UP),
        supports_check_mode=True,
    )
    operation = module.params["operation"]
    report = run_guarded(module, "restore",
                         option("--backup-dir", module.params["backup_dir"]) + [operation])
    refusals = {refusal["id"] for refusal in report["refusals"]}
    if refusals and refusals <= {"database-changed", "new-log-stream"} and is_undone(operation):
        module.exit_json(**dict(result_of(module, report), msg="it has been undone already",
                                outcome="nothing-to-do", exit_code=0, changed=False))
    leave(module, report)


if __name__ == "__main__":
    main()
