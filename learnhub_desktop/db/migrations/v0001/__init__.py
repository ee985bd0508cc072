"""The text of the first revision, by topic. It stays as it is: later revisions build on it."""
