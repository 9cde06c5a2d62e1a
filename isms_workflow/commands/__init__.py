"""`isms`, by noun. A command beside the database acts as the operator: it completes no step and decides no gate."""
