"""A page on which every part of the embedded extraction finds something, made up for that.

Read once before worker processes start, it has all loaded that loads late: word lists, patterns,
checks. So no worker loads them again, and the first page takes as long as any other.
"""

from __future__ import annotations

from typing import Final

WARM_PAGE: Final = """<!doctype html><html lang="en"><head>
<title>Senior Engineer | Acme Ltd</title></head><body>
<script type="application/ld+json">{"@type":"JobPosting","title":"Senior Engineer","datePosted":
"2026-01-31","hiringOrganization":{"name":"Acme Ltd"},"jobLocation":{"address":"Leeds, UK"},
"baseSalary":{"currency":"GBP","value":{"value":30000,"unitText":"YEAR"}},
"description":"<p>We build bridges.</p>"}</script>
<main><h1>Senior Engineer (m/f/d)</h1><p>Company: Acme Ltd, Leeds, West Yorkshire, UK</p>
<p>Salary: £30,000 to £35,000 per year. Full-time, permanent, hybrid, two days a week in the office.
Posted 3 days ago on 31 January 2026.</p><p>Closing date: 28 February 2026</p>
<h2>About us</h2><p>Acme is a leading maker of bridges in Köln and Praha, since 1990.</p>
<h2>What you will do</h2><ul><li>Design bridges with AutoCAD and Python</li>
<li>Check drawings</li></ul>
<h2>Requirements</h2><ul><li>Bachelor's degree and 3 to 5 years of experience</li>
<li>Fluent English and German (B2)</li><li>Knowledge of SQL, Excel, project management</li></ul>
<h2>Benefits</h2><ul><li>30 days of holiday, pension</li></ul>
<p>Apply to <a href="mailto:jobs@acme.example">jobs@acme.example</a></p>
<p><a class="button" href="https://acme.example/jobs/1/apply">Apply now</a></p>
<p>This position is no longer available.</p></main>
<footer>© 2026 Acme Ltd</footer></body></html>""".encode()
