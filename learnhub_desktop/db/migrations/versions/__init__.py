"""One module a revision, in the order of their numbers. A revision is not edited once released."""
