#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: rebuild_header
short_description: Rebuild the header of a dismounted ESE database that both copies have lost
version_added: "0.1.0"
description:
  - Runs C(edbmend rebuild-header). Only what pages, logs and older headers prove is written.
  - Where one of the two copies is whole, nothing changes, so a second run changes nothing.
  - Undone with M(edbmend.ese.restore).
options:
  database:
    description: The database whose two header copies are both destroyed.
    type: path
    required: true
  name_in_logs:
    description: The path that the logs have for it. The default is its file name.
    type: str
  from_files:
    description: Older headers as evidence, operation folders, other copies of the database, or header images.
    type: list
    elements: path
    default: []
  allow_newest_log_doubtful:
    description:
      - Go on where the current log may not be the newest.
      - What newer logs hold is lost then, in silence. Decide it for one host after a look, never for a fleet.
    type: bool
    default: false
  dirty_for_repair:
    description: Where there are nothing but pages, write a header in Dirty Shutdown, with which C(eseutil /p) works on a copy.
    type: bool
    default: false
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
- name: See what could be proven
  edbmend.ese.rebuild_header:
    database: /srv/mdbdata/priv1.edb
  check_mode: true
  diff: true
  become: true

- name: Rebuild it, with an older copy as evidence
  edbmend.ese.rebuild_header:
    database: /srv/mdbdata/priv1.edb
    from_files: [/mnt/backup/priv1.edb]
  become: true
"""

RETURN = r"""
exit_code:
  description: Exit code of the program. All that is returned is described by M(edbmend.ese.repair).
  returned: always
  type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edbmend.ese.plugins.module_utils.edbmend import (
    BACKED_UP, GROUP, leave, leave_nothing_to_do, run_guarded, words)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            database=dict(type="path", required=True),
            name_in_logs=dict(type="str"),
            from_files=dict(type="list", elements="path", default=[]),
            allow_newest_log_doubtful=dict(type="bool", default=False),
            dirty_for_repair=dict(type="bool", default=False),
            **GROUP, **BACKED_UP),
        supports_check_mode=True,
    )
    asked = words(module, "allow_newest_log_doubtful", "dirty_for_repair", "name_in_logs", "from_files")
    answer = run_guarded(module, "rebuild-header", asked + [module.params["database"]])
    if [refusal["id"] for refusal in answer.report["refusals"]] == ["header-still-valid"]:
        leave_nothing_to_do(module, answer, "a header copy is valid: there is nothing to rebuild")
    leave(module, answer)


if __name__ == "__main__":
    main()
