"""One file a migration: `make migration m="add colour to notes"` writes the next one."""
