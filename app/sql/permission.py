"""Who may ask in SQL."""

import os

FOR_READERS = "HS_STAR_SQL_FOR_READERS"
"""Set to 1, visitors who may only read ask in SQL too."""


def may_run_sql(*, is_read_only: bool = False) -> bool:
    """Whether this visitor may ask in SQL. What is asked can change nothing and reach nothing, but
    it reads every table, and takes a core and a gigabyte for half a minute.

    Args:
        is_read_only: whether the visitor may change nothing else either; nobody is on a dashboard
            without a login.
    """
    return not is_read_only or os.environ.get(FOR_READERS) == "1"
