#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: repair
short_description: Repair the backup fields of the header of dismounted ESE databases
version_added: "0.1.0"
description:
  - Runs C(edbmend repair). Every guard must hold, a backup is made first, and each repair can be undone
    with M(edbmend.ese.restore).
  - A healthy database is left alone, so a second run changes nothing.
  - Several databases are no transaction. Where one is refused the task fails, and the others are done.
    RV(databases) says what happened to each.
options:
  databases:
    description: The databases. Their stores must be dismounted.
    type: list
    elements: path
    required: true
  from_file:
    description:
      - Take the backup fields of an older header of the same database, where every condition is met.
      - Otherwise the fields are cleared, as the engine itself does for "no such backup".
    type: path
  also:
    description: Findings of severity warning that are mended too, by their ids.
    type: list
    elements: str
    default: []
  backup:
    description: How much to save first, the whole file, or the two header pages.
    type: str
    choices: [full, header]
    default: full
  verify:
    description: How much to verify, the header, or every page before and after.
    type: str
    choices: [header, full]
    default: header
extends_documentation_fragment:
  - edbmend.ese.edbmend
  - edbmend.ese.edbmend.group
  - edbmend.ese.edbmend.guarded
  - edbmend.ese.edbmend.backed_up
attributes:
  diff_mode:
    description: Shows the header fields before and after.
    support: full
"""

EXAMPLES = r"""
- name: Repair what is damaged
  edbmend.ese.repair:
    databases: [/srv/mdbdata/priv1.edb, /srv/mdbdata/pub1.edb]
    backup_dir: /mnt/other-disk/edbmend
  become: true
  register: repaired

- name: Say how to undo it
  ansible.builtin.debug:
    msg: "edbmend restore {{ item }}"
  loop: "{{ repaired.operation_dirs }}"
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
  description: The operation folders, for M(edbmend.ese.restore) and M(edbmend.ese.recover).
  returned: always
  type: list
  elements: str
  sample: ["/srv/mdbdata/edbmend/edbmend-20261123T023223Z-repair-1f39"]
report:
  description: The whole JSON report of the program.
  returned: always
  type: dict
  sample: {"schema": "edbmend/1"}
page:
  description: The report as a page for a browser; null where it could not be written.
  returned: always
  type: str
  sample: <!DOCTYPE html>
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edbmend.ese.plugins.module_utils.edbmend import BACKED_UP, GROUP, leave, run_guarded, words


def main():
    module = AnsibleModule(
        argument_spec=dict(
            databases=dict(type="list", elements="path", required=True),
            from_file=dict(type="path"),
            also=dict(type="list", elements="str", default=[]),
            backup=dict(type="str", choices=["full", "header"], default="full"),
            verify=dict(type="str", choices=["header", "full"], default="header"),
            **GROUP, **BACKED_UP),
        supports_check_mode=True,
    )
    databases = module.params["databases"]
    if not databases:
        module.fail_json(msg="databases is empty: name the databases to repair")
    asked = words(module, "backup", "verify", "from_file", "also")
    leave(module, run_guarded(module, "repair", asked + databases))


if __name__ == "__main__":
    main()
