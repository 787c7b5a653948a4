#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: edbmend_recover
short_description: Finish or roll back an operation of edbmend that was interrupted
version_added: "0.1.0"
description:
  - Runs C(edbmend recover). Where nothing is pending, nothing changes.
  - Which way it goes is decided by the images in the operation folder, never by the checksums. In check mode
    the direction is returned and nothing is done.
options:
  path:
    description: A database, an operation folder, or a folder of databases.
    type: path
    required: true
  back:
    description: Roll back, also where a header copy was written. Not together with O(accept_changed).
    type: bool
    default: false
  accept_changed:
    description:
      - Where somebody else has written since, as by a mount, and what is there is whole, leave it as it is, and
        close the operation. It cannot be undone after that.
      - Decide it for one host after a look, never for a fleet.
    type: bool
    default: false

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
    description: Shows the pending operation and where it goes.
    support: full
author:
  - edbmend (@edbmend)
"""

EXAMPLES = r"""
- name: See what is pending, and which way it would go
  edbmend_recover:
    path: /srv/mdbdata
  check_mode: true
  register: pending
  become: true

- name: Do it
  edbmend_recover:
    path: /srv/mdbdata
  become: true
  when: pending.changed
"""

RETURN = r"""
outcome:
  description: How it ended, C(committed), C(planned), C(nothing-to-do), C(overtaken), C(refused), C(failed), C(rolled-back) or C(pending).
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
from ansible.module_utils.edbmend import GUARDED, flags, leave, run_guarded


def main():
    module = AnsibleModule(
        argument_spec=dict(path=dict(type="path", required=True),
                           back=dict(type="bool", default=False),
                           accept_changed=dict(type="bool", default=False), **GUARDED),
        mutually_exclusive=[("back", "accept_changed")],
        supports_check_mode=True,
    )
    way = flags(module, "back", "accept_changed")
    leave(module, run_guarded(module, "recover", way + [module.params["path"]]))


if __name__ == "__main__":
    main()
