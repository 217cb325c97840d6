"""The HTML page of a report.

`html` writes the page. `provenance` collects the facts about each result that it shows.
"""
