"""The migrations; `make migration m="add colour to notes"` generates the next one."""
