"""Pages for the tests of this room."""

from rolecall import Source, clean

BAKER = """<!DOCTYPE html><html lang=en><head><title>Baker | Crumb &amp; Sons</title></head><body>
<nav><a href="/">Home</a> <a href="/jobs">Jobs</a></nav>
<main><h1>Baker</h1><p>Crumb &amp; Sons, Bath, England. Full time, two days a week from home.</p>
<p>We bake "proper" bread\\rolls, from 4&nbsp;am — café style 🥖.</p>
<h2>What you will do</h2><ul><li>Mix dough in JavaScript ovens</li><li>Shape loaves</li>
<li>Clean up</li></ul>
<h2>What we ask</h2><ul><li>At least 3 years of baking</li><li>Java and rye</li></ul>
<p>£28,000 to £31,000 a year. Apply by 8 January 2027 to dough@crumb.example.</p></main>
<footer>© Crumb &amp; Sons Ltd · <a href="/privacy">Privacy</a></footer></body></html>"""


def page(body=BAKER, **more):
    return clean(Source(body=body.encode(), media_type="text/html", **more))
