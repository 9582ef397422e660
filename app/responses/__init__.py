"""The parts of the Responses page: what is looked for, the list, one problem side by side."""
