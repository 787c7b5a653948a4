#!/usr/bin/python
# Copyright: the edbmend authors
# MIT License (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: summary
short_description: Tell what a play of edbmend came to on all hosts, and keep the reports
version_added: "0.1.0"
description:
  - Prints a table of all hosts of the play, the worst at its end, with the reason and the way out of each that is not
    sound.
  - Keeps a JSON and an HTML file for each host on the controller, and an C(index.html), in a folder of its own for each
    run.
  - Reads what the role registered as C(edbmend_result) and C(edbmend_checked). A host without a result is V(unreachable).
options:
  play:
    description: What the play did, for the name of the folder.
    type: str
    default: check
  reports:
    description: The folder on the controller in which each run makes one of its own. Relative to where the play was started.
    type: str
    default: reports
attributes:
  action:
    description: Runs on the controller.
    support: full
  bypass_host_loop:
    description: Runs once for all hosts.
    support: full
  check_mode:
    description: Runs as ever. The hosts are not touched.
    support: full
  diff_mode:
    description: Nothing changes.
    support: none
author:
  - the edbmend authors (@edbmend)
"""

EXAMPLES = r"""
- name: Tell what it came to
  edbmend.ese.summary:
    play: check
    reports: /var/lib/edbmend/reports
"""

RETURN = r"""
outcomes:
  description: >-
    The outcome of each host, V(sound), V(repaired), V(rebuilt), V(reset), V(undone), V(recovered), V(planned), V(damaged),
    V(refused), V(failed), V(pending) or V(unreachable).
  returned: always
  type: dict
  sample: {"rescue1": "repaired"}
totals:
  description: How many hosts had each outcome.
  returned: always
  type: dict
  sample: {"sound": 19, "repaired": 1}
reports:
  description: The folder with the reports of this run.
  returned: always
  type: str
"""
