"""One law a file: what it cites (`CITES`) and its check.

A rule sees the question, the purpose and the facts, and returns the reasons that speak against; nothing
means that this law has no objection. Rules do not know each other, and unknown facts speak against.
"""
