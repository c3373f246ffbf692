"""Partner pharmacies, played over real HTTP: each takes the practice's signed webhooks and answers with its own.

What a pharmacy does is data (`pharmacies.toml`). What it has heard and what it still owes the practice is kept in a
small file, so that nothing is lost or said twice when it is killed in the middle.
"""
