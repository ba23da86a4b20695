"""What `maxwatt doctor` and the page on data quality look at: one kind of question a file."""
