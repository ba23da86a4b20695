"""Files that people take along: tables in three formats, and a report."""
