"""The chassis: the machinery that services share, vendored as source; updates replace it."""
