"""What the subcommands do that are no job."""
