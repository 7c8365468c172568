"""Files: written aside and renamed, read whole and bounded; archives, TOML, and text fit for a terminal."""
