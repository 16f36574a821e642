"""How git and the hook frameworks call: their arguments, environment and input become Changes."""
