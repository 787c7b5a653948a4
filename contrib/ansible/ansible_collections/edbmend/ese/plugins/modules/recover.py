#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: recover
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
extends_documentation_fragment:
  - edbmend.ese.edbmend
  - edbmend.ese.edbmend.guarded
attributes:
  diff_mode:
    description: Shows the pending operation and where it goes.
    support: full
"""

EXAMPLES = r"""
- name: See what is pending, and which way it would go
  edbmend.ese.recover:
    path: /srv/mdbdata
  check_mode: true
  register: pending
  become: true

- name: Do it
  edbmend.ese.recover:
    path: /srv/mdbdata
  become: true
  when: pending.changed
"""

RETURN = r"""
exit_code:
  description: Exit code of the program. All that is returned is described by M(edbmend.ese.repair).
  returned: always
  type: int
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.edbmend.ese.plugins.module_utils.edbmend import GUARDED, leave, run_guarded, words


def main():
    module = AnsibleModule(
        argument_spec=dict(path=dict(type="path", required=True),
                           back=dict(type="bool", default=False),
                           accept_changed=dict(type="bool", default=False), **GUARDED),
        mutually_exclusive=[("back", "accept_changed")],
        supports_check_mode=True,
    )
    asked = words(module, "back", "accept_changed")
    leave(module, run_guarded(module, "recover", asked + [module.params["path"]]))


if __name__ == "__main__":
    main()
