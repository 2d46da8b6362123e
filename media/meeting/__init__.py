"""Meeting control: one pure state machine, the center's server for it and the terminal's client."""
