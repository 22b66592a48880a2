"""Reads the table `wide` into Arrow once and prints the seconds that it took.

Usage: arrow.py connectorx|adbc URL ROWS
"""

import sys
import time

QUERY = "SELECT * FROM wide"


def connectorx(url):
    import connectorx

    started = time.perf_counter()
    table = connectorx.read_sql(url, QUERY, return_type="arrow")
    return table.num_rows, time.perf_counter() - started


def adbc(url):
    import adbc_driver_postgresql.dbapi

    with adbc_driver_postgresql.dbapi.connect(url) as connection:
        with connection.cursor() as cursor:
            started = time.perf_counter()
            cursor.execute(QUERY)
            table = cursor.fetch_arrow_table()
            return table.num_rows, time.perf_counter() - started


def main():
    mode, url, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rows, seconds = {"connectorx": connectorx, "adbc": adbc}[mode](url)
    if rows != wanted:
        sys.exit(f"{rows} rows were read, not {wanted}")
    print(seconds)


if __name__ == "__main__":
    main()
