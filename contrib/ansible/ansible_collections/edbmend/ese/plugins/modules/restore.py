#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: restore
short_description: Undo a finished operation of edbmend, from its operation folder
version_added: "0.1.0"
description:
  - Runs C(edbmend restore). Only what that operation changed is put back, and only where nobody has changed
    it since. The undo is an operation of its own, and can be undone.
  - An operation that has been undone already is left alone, so a second run changes nothing.
options:
  operation:
    description: The operation folder, as C(operation_dirs) of M(edbmend.ese.repair) has it.
    type: path
    required: true
extends_documentation_fragment:
  - edbmend.ese.edbmend
  - edbmend.ese.edbmend.guarded
  - edbmend.ese.edbmend.backed_up
attributes:
  diff_mode:
    description: Shows the header fields, or where the logs lie, before and after.
    support: full
"""

EXAMPLES = r"""
- name: Undo a repair
  edbmend.ese.restore:
    operation: /srv/mdbdata/edbmend/edbmend-20261123T023223Z-repair-1f39
  become: true
"""

RETURN = r"""
exit_code:
  description: Exit code of the program. All that is returned is described by M(edbmend.ese.repair).
  returned: always
  type: int
"""

import hashlib
import json
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edbmend.ese.plugins.module_utils.edbmend import BACKED_UP, leave, leave_nothing_to_do, run_guarded


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
        argument_spec=dict(operation=dict(type="path", required=True), **BACKED_UP),
        supports_check_mode=True,
    )
    operation = module.params["operation"]
    answer = run_guarded(module, "restore", [operation])
    refusals = {refusal["id"] for refusal in answer.report["refusals"]}
    if refusals and refusals <= {"database-changed", "new-log-stream"} and is_undone(operation):
        leave_nothing_to_do(module, answer, "it has been undone already")
    leave(module, answer)


if __name__ == "__main__":
    main()
