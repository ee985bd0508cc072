"""How the schema came to be: one revision a step, run by an administrator's `learnhub db`."""
