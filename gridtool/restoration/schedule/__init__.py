"""Priority orders as timetables of crews, and their executions."""
