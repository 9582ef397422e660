"""The parts of the compare page, and the report that it writes."""
