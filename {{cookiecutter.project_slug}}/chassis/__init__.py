"""The chassis: what every service shares, vendored as source; an update replaces it."""
