"""An answer as files to take along: numbers, pictures, one page to send; each proves itself."""
