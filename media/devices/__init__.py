"""The devices of this machine: which there are, which one is used, what happens when one comes or goes."""
