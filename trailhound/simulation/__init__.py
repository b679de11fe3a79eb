"""The parts of `simulate`: who calls, what is called, what is planted, how it is delivered."""
