#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: check
short_description: Find out what is wrong with ESE databases and their logs
version_added: "0.1.0"
description:
  - Runs C(edbmend check), which never writes, and returns what it found as facts.
  - Databases, or folders of storage groups. What is found is in the words of C(eseutil /mh), with the
    consequence and the command that mends it.
options:
  paths:
    description: Databases, or folders of storage groups. Their subfolders are read where O(recursive) is set.
    type: list
    elements: path
    default: []
  databases:
    description: Databases that lie elsewhere than their storage group. Needed where O(paths) is empty.
    type: list
    elements: path
    default: []
  deep:
    description: Read all pages of the databases and the bodies of all logs, as a backup does. It takes as long.
    type: bool
    default: false
  recursive:
    description: Look for storage groups in all folders below, too.
    type: bool
    default: false
  allow_group_incomplete:
    description: Databases that the logs name and that were deleted since, by the Rand number of their DB Signature.
    type: list
    elements: str
    default: []
  fail_on_errors:
    description: Fail where there is a finding of severity error. Otherwise findings are only returned.
    type: bool
    default: false
extends_documentation_fragment:
  - edbmend.ese.edbmend
  - edbmend.ese.edbmend.group
attributes:
  check_mode:
    description: Runs as ever, since it never writes.
    support: full
  diff_mode:
    description: Nothing changes.
    support: none
"""

EXAMPLES = r"""
- name: Look at a storage group
  edbmend.ese.check:
    paths: [/srv/mdbdata]

- name: Say which databases need a repair
  ansible.builtin.debug:
    msg: "{{ edbmend.findings | selectattr('severity', 'equalto', 'error') | map(attribute='path') | unique }}"

- name: Fail where something is wrong
  edbmend.ese.check:
    paths: [/srv/mdbdata]
    fail_on_errors: true
"""

RETURN = r"""
ansible_facts:
  description: What was found.
  returned: when the files could be read
  type: dict
  contains:
    edbmend:
      description: The last check of this host.
      type: dict
      contains:
        outcome:
          description: C(ok) or C(findings).
          type: str
        errors:
          description: The ids of the findings of severity error.
          type: list
          elements: str
        findings:
          description: Every finding, with the path of its database, or the folder of the logs.
          type: list
          elements: dict
        databases:
          description: Path, outcome, state and findings of each database.
          type: list
          elements: dict
        logs:
          description: The log stream, or null.
          type: dict
        pending:
          description: Databases with an unfinished operation. Run M(edbmend.ese.recover).
          type: list
          elements: str
exit_code:
  description: 0 nothing wrong, 1 findings. Other codes fail.
  returned: always
  type: int
  sample: 1
refusals:
  description: Why a file could not be read. Each has an id, path, message and remedy.
  returned: always
  type: list
  elements: dict
  sample: []
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
from ansible_collections.edbmend.ese.plugins.module_utils.edbmend import (
    GROUP, PROGRAM, ask, leave_unread, reasons, short, told, words)


def facts_of(report):
    """The facts `edbmend`."""
    logs = report["logs"]
    findings = [dict(finding, path=database["path"])
                for database in report["databases"] for finding in database["findings"]]
    findings += [dict(finding, path=(logs or {}).get("dir")) for finding in report["findings"]]
    return dict(
        outcome=report["outcome"],
        errors=sorted({finding["id"] for finding in findings if finding["severity"] == "error"}),
        findings=findings,
        databases=[short(database) for database in report["databases"]],
        logs=logs,
        pending=[finding["path"] for finding in findings if finding["id"] == "operation-pending"],
    )


def main():
    paths = dict(type="list", elements="path", default=[])
    module = AnsibleModule(
        argument_spec=dict(paths=paths, databases=paths,
                           deep=dict(type="bool", default=False),
                           recursive=dict(type="bool", default=False),
                           allow_group_incomplete=dict(type="list", elements="str", default=[]),
                           fail_on_errors=dict(type="bool", default=False), **GROUP, **PROGRAM),
        supports_check_mode=True,
    )
    params = module.params
    if not params["paths"] and not params["databases"]:
        module.fail_json(msg="nothing to check: give paths or databases")
    asked = words(module, "deep", "recursive", "allow_group_incomplete", "databases")
    answer = ask(module, "check", asked + params["paths"])
    leave_unread(module, answer)
    facts = facts_of(answer.report)
    result = dict(told(answer), ansible_facts=dict(edbmend=facts))
    if params["fail_on_errors"] and facts["errors"]:
        wrong = [finding for finding in facts["findings"] if finding["severity"] == "error"]
        module.fail_json(msg="\n".join(["edbmend check: errors found."] + reasons(wrong)), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
