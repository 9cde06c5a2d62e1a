"""What goes out: documents, files in the formats of others, charts."""
