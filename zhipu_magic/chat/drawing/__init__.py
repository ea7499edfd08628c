"""Pictures that a model draws: asked for, waited for, kept."""
