"""JDBC from Python: jaydebeapi on JPype on pgjdbc.

    jdbc.py JAR first-row URL USER PASSWORD            prints the row, so that the caller can time the process
    jdbc.py JAR select    URL USER PASSWORD COUNT      prints one latency in microseconds a line
    jdbc.py JAR fetch     URL USER PASSWORD COUNT      prints the seconds that each fetch of 10,000 rows took
"""

import sys
import time

import jaydebeapi

POINT_SELECT = "SELECT v FROM points WHERE id = ?"
FETCH = "SELECT id, v, label FROM points"


def connect(jar, url, user, password):
    return jaydebeapi.connect("org.postgresql.Driver", url, {"user": user, "password": password}, jar)


def first_row(connection):
    cursor = connection.cursor()
    cursor.execute("SELECT 1")
    print(cursor.fetchone()[0], flush=True)


def select(connection, count):
    cursor = connection.cursor()
    warm_up = count // 10
    for number in range(count + warm_up):
        started = time.perf_counter()
        cursor.execute(POINT_SELECT, (1 + number % 10000,))
        cursor.fetchone()
        if number >= warm_up:
            print(f"{(time.perf_counter() - started) * 1e6:.1f}")


def fetch(connection, count):
    for number in range(count + 1):
        started = time.perf_counter()
        cursor = connection.cursor()
        cursor.execute(FETCH)
        rows = cursor.fetchall()
        assert len(rows) == 10000
        cursor.close()
        if number > 0:
            print(f"{time.perf_counter() - started:.6f}")


def main():
    jar, mode, url, user, password = sys.argv[1:6]
    connection = connect(jar, url, user, password)
    if mode == "first-row":
        first_row(connection)
    elif mode == "select":
        select(connection, int(sys.argv[6]))
    elif mode == "fetch":
        fetch(connection, int(sys.argv[6]))
    else:
        sys.exit(f"there is no mode {mode}; see the head of this file")


main()
