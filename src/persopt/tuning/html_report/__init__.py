"""The HTML report of a study: one file, in Persian or English."""
