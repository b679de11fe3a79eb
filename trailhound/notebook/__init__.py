"""What notebooks ask of the tables, and how they show it."""
