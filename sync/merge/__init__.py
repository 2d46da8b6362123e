"""How the changes of many writers become one record: a pure fold, and the projection that keeps its result."""
