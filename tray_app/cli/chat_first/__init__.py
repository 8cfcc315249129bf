"""The commands of chat first: on and off, the process between, and the gateway that takes its place for a team."""
