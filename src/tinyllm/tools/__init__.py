"""The tools, one file per domain; each public function is a tool named file_function."""
