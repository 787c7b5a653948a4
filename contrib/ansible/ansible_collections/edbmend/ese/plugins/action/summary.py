# Copyright: the edbmend authors
# MIT License (see LICENSE)
"""Runs on the controller, once for all hosts."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.edbmend.ese.plugins.plugin_utils.hosts import host_of, table, totals
from ansible_collections.edbmend.ese.plugins.plugin_utils.pages import host_page, index_page, page_name

# The results that the role and the plays register, in the order of their tasks.
REGISTERED = ("edbmend_result", "edbmend_checked")


def keep(folder, name, text):
    """A file that its owner alone may read. What comes from the inventory may not leave the folder."""
    path = os.path.join(folder, name.replace(os.sep, "_"))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


class ActionModule(ActionBase):
    BYPASS_HOST_LOOP = True
    _VALID_ARGS = frozenset(("play", "reports"))

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        hosts = [self._host(name, task_vars) for name in task_vars["ansible_play_hosts_all"]]
        counts = totals(hosts)
        total = "%d hosts: %s" % (len(hosts), ", ".join("%d %s" % (n, outcome) for outcome, n in counts.items()))
        folder = self._keep(hosts, total)
        for line in table(hosts) + [total, "reports: %s" % os.path.join(folder, "index.html")]:
            Display().display(line)
        result.update(changed=False, totals=counts, reports=folder, outcomes={host.name: host.outcome for host in hosts})
        return result

    def _host(self, name, task_vars):
        known = task_vars["hostvars"].get(name) or {}
        return host_of(name, [known[key] for key in REGISTERED if known.get(key) and not known[key].get("skipped")])

    def _keep(self, hosts, total):
        """Writes the reports into a folder of this run, and returns it."""
        play = self._task.args.get("play", "check")
        now = datetime.now(timezone.utc)
        folder = os.path.abspath(os.path.join(self._task.args.get("reports") or "reports",
                                              now.strftime("%Y%m%dT%H%M%SZ-") + play.replace(" ", "-")))
        when = now.strftime("%Y-%m-%d %H:%M:%S UTC")
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            keep(folder, "index.html", index_page(play, when, total, hosts))
            keep(folder, "index.json", json.dumps(
                dict(play=play, when=when, totals=totals(hosts), hosts={host.name: host.outcome for host in hosts}), indent=2))
            for host in hosts:
                keep(folder, host.name + ".html", host_page(play, when, host))
                for number, page in enumerate(host.pages, 1):
                    if page:
                        keep(folder, page_name(host, number), page)
                keep(folder, host.name + ".json", json.dumps(
                    dict(host=host.name, outcome=host.outcome, lines=host.lines, reports=host.reports), indent=2))
        except OSError as error:
            raise AnsibleActionFail("the reports cannot be kept: %s" % error) from error
        return folder
