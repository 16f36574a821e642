"""Rollback plans: a specific, rehearsed procedure for one deploy, derived from what is known of its change."""
