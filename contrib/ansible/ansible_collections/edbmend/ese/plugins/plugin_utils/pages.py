# Copyright: the edbmend authors
# MIT License (see LICENSE)
"""The reports as pages. Whatever comes from a host is escaped by the template engine."""

from __future__ import annotations

import json

from jinja2 import Environment

_PAGES = Environment(autoescape=True)

_FRAME = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>
  body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
  td, th { text-align: left; vertical-align: top; padding: .2em 1em .2em 0 }
  pre { overflow: auto }
</style>
<h1>{{ title }}</h1>
"""

_INDEX = _PAGES.from_string(_FRAME + """<p>{{ when }}. {{ total }}</p>
<table>
<tr><th>host<th>outcome<th>why, and what to do
{% for host in hosts %}<tr><td><a href="{{ host.name | urlencode }}.html">{{ host.name }}</a><td>{{ host.outcome }}<td>
{% for line in host.lines %}{{ line }}<br>
{% endfor %}{% endfor %}</table>
""")

_HOST = _PAGES.from_string(_FRAME + """<p>{{ when }}. Outcome: <strong>{{ host.outcome }}</strong></p>
<ul>
{% for line in host.lines %}<li>{{ line }}
{% endfor %}</ul>
{% for report in reports %}{% if report.page %}<p><a href="{{ report.page | urlencode }}">edbmend {{ report.command }}, as a page</a>
{% endif %}<details><summary>edbmend {{ report.command }}: {{ report.outcome }}</summary>
<pre>{{ report.text }}</pre></details>
{% endfor %}<p><a href="index.html">all hosts</a></p>
""")


def page_name(host, number):
    """The file of the page that the program wrote of a run of a host, counted from 1."""
    return "page-%d-of-%s.html" % (number, host.name.replace("/", "_"))


def index_page(play, when, total, hosts):
    """A table of all hosts."""
    return _INDEX.render(title="edbmend: " + play, when=when, total=total, hosts=hosts)


def host_page(play, when, host):
    """A host with the reports of the program."""
    reports = [dict(command=report["command"], outcome=report["outcome"], text=json.dumps(report, indent=2),
                    page=page_name(host, number) if page else None)
               for number, (report, page) in enumerate(zip(host.reports, host.pages), 1)]
    return _HOST.render(title="edbmend: %s: %s" % (play, host.name), when=when, host=host, reports=reports)
