"""What readme-tables makes README.md's tables from, besides the program's own schema."""
