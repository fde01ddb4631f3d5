"""Shows the main job to a stranger: real HTTP calls against a registry that runs on this machine."""
