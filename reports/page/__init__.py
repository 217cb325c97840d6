"""The report as one HTML page: `html` writes it, `provenance` says all about one result."""
