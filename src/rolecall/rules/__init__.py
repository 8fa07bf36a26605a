"""The triggers of the decision record as rules: what holds, since when, and what to do next.

`rolecall.rules.facts` is what they are told from, `rolecall.rules.rules` tells it (pure),
`rolecall.rules.gather` fetches the facts, `rolecall.rules.ruling` does it all, again and again.
"""
