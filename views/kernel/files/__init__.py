"""Files of rows: what may come in (`content`), the routes (`pages`), and the block of the record page (`block`)."""
