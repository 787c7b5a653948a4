#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: reset_logs
short_description: Move the transaction logs of a dismounted storage group away (KB935634)
version_added: "0.1.0"
description:
  - Runs C(edbmend reset-logs). All stores of the storage group must be dismounted, in Clean Shutdown, and
    named in O(databases), since no file on disk lists them all.
  - It acts only while C(edbmend check) reports one of O(for_findings), and where there are logs. So a second
    run changes nothing, also after the stores were mounted and have new logs.
  - Undone with M(edbmend.ese.restore), before any store is mounted.
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
extends_documentation_fragment:
  - edbmend.ese.edbmend
  - edbmend.ese.edbmend.group
  - edbmend.ese.edbmend.guarded
  - edbmend.ese.edbmend.backed_up
attributes:
  diff_mode:
    description: Shows where the logs lie before and after.
    support: full
"""

EXAMPLES = r"""
- name: Reset the logs of a storage group, where it has the damage
  edbmend.ese.reset_logs:
    dir: /srv/mdbdata
    databases: [/srv/mdbdata/priv1.edb, /srv/mdbdata/pub1.edb]
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
    BACKED_UP, GROUP, ask, leave, leave_nothing_to_do, leave_unread, run_guarded, words)


REASONS = ["full-backup-gen-invalid", "incremental-backup-gen-invalid", "copy-backup-gen-invalid",
           "differential-backup-gen-invalid", "log-sequence-ending"]


def leave_uncalled_for(module, group):
    """Ends the module where a check reports none of the findings that the reset is for."""
    wanted = module.params["for_findings"]
    if not wanted:
        return
    answer = ask(module, "check", group)
    leave_unread(module, answer)
    report = answer.report
    findings = report["findings"] + [f for d in report["databases"] for f in d["findings"]]
    if not any(finding["id"] in wanted for finding in findings):
        leave_nothing_to_do(module, answer, "no finding is there for which the logs are reset: %s" % ", ".join(wanted))


def main():
    module = AnsibleModule(
        argument_spec=dict(
            dir=dict(type="path", required=True),
            databases=dict(type="list", elements="path", required=True),
            prefix=dict(type="str"),
            for_findings=dict(type="list", elements="str", default=REASONS),
            allow_group_incomplete=dict(type="list", elements="str", default=[]),
            allow_older_database=dict(type="bool", default=False),
            **GROUP, **BACKED_UP),
        supports_check_mode=True,
    )
    group = words(module, "databases") + [module.params["dir"]]
    leave_uncalled_for(module, group)
    asked = words(module, "prefix", "allow_group_incomplete", "allow_older_database")
    leave(module, run_guarded(module, "reset-logs", asked + group))


if __name__ == "__main__":
    main()
