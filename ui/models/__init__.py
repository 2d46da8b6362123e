"""View models: what a screen knows and may do, as QObjects without widgets."""
