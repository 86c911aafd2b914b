"""The scenarios, by what fails. Importing a module puts its scenarios on the list."""

from tests.drill.scenarios import cuts, data, operators, processes, stalls, watchers

__all__ = ["cuts", "data", "operators", "processes", "stalls", "watchers"]
