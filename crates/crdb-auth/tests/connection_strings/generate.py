"""Writes libpq.jsonl: what libpq's PQconninfoParse makes of many strings.

Run it with libpq.so.5 installed: python3 generate.py > libpq.jsonl
The strings come from a fixed seed, so that a new libpq shows as a difference.
"""

import ctypes
import ctypes.util
import json
import random


class Option(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in
                ("keyword", "envvar", "compiled", "val", "label", "dispchar")] + [("dispsize", ctypes.c_int)]


libpq = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
libpq.PQconninfoParse.restype = ctypes.POINTER(Option)
libpq.PQconninfoParse.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p)]
libpq.PQconninfoFree.argtypes = [ctypes.POINTER(Option)]


def parse(text):
    """The options that are set, or None where libpq cannot read the string."""
    message = ctypes.c_char_p()
    options = libpq.PQconninfoParse(text.encode(), ctypes.byref(message))
    if not options:
        return None
    found = {}
    index = 0
    while options[index].keyword:
        if options[index].val is not None:
            found[options[index].keyword.decode()] = options[index].val.decode()
        index += 1
    libpq.PQconninfoFree(options)
    return found


BY_HAND = """
host=localhost port=5432 user=app dbname=bank
host = localhost
host='local host' user = 'a\\'b' password='\\\\'
host='' user=
user=a\\ b password=p\\\\q
user=a\\
user='a
user=a'b
user='a'b
user='a'password='b'
 \t\nuser=a\n\r\x0b\x0cpassword=b
user
user =
=a
'user'=a
user=a user=b
USER=a
user==a
user=a=b
nonsense=1
options='-c geqo=off -c search_path=a\\,b'
postgresql://
postgres://
postgresql:///
postgresql:///bank
postgresql://h
postgresql://h:1
postgresql://h:1/
postgresql://h:1/bank
postgresql://u@h
postgresql://u:p@h
postgresql://u:@h
postgresql://:p@h
postgresql://@h
postgresql://:@h
postgresql://u:p:q@h
postgresql://u:p@q@h
postgresql://u%40v:p%3Aq%2fr@h%2dx:1/d%20b
postgresql://u:p/q@h
postgresql://u?x@h
postgresql://h1,h2,h3/bank
postgresql://h1:1,h2:2/bank
postgresql://h1:1,h2/bank
postgresql://h1,h2:2/bank
postgresql://,/bank
postgresql://h1,,h3/
postgresql://[::1]
postgresql://[::1]:5432/bank
postgresql://[::1],[::2]:7/bank
postgresql://[::1
postgresql://[]
postgresql://[::1]x
postgresql://[fe80::1%25eth0]/
postgresql://%2Fvar%2Frun%2Fpostgresql/bank
postgresql:///bank?host=/tmp&port=5433
postgresql://h?user=a
postgresql://h/?user=a
postgresql://h/bank?user=a&password=b
postgresql://h/bank?user=a&user=b
postgresql://u@h/bank?user=b
postgresql://h/bank?
postgresql://h/bank?&
postgresql://h/bank?user
postgresql://h/bank?user=
postgresql://h/bank?=a
postgresql://h/bank?user=a=b
postgresql://h/bank?user=a%3Db
postgresql://h/bank?user=a&
postgresql://h/bank?&user=a
postgresql://h/bank?nonsense=1
postgresql://h/bank?ssl=true
postgresql://h/bank?ssl=false
postgresql://h/bank?ssl=true&sslmode=disable
postgresql://h/bank?sslmode=disable&ssl=true
postgresql://h/bank?s%73lmode=require
postgresql://h/bank?user=a+b
postgresql://h/bank?user=%
postgresql://h/bank?user=%4
postgresql://h/bank?user=%4g
postgresql://h/bank?user=%00
postgresql://h/bank?user=%C3%A4
postgresql://h/ba/nk?user=a
postgresql://h/bank?user=a?b
postgresql://h/bank#fragment
postgresql://h/bank?options=-c%20geqo%3Doff
postgresql://h/?application_name=%20a%20
postgresql://u:p@h:port/bank
postgresql://u@
postgresql://u:p@/bank
postgresql://u:p@?host=x
postgresql://h:/bank
postgresql://h::1/bank
POSTGRESQL://h
postgresql:/h
postgresql//h
postgresql://h/bank?hostaddr=::1&connect_timeout=5&target_session_attrs=read-write
""".split("\n")

PIECES = ["postgresql://", "postgres://", "u", "app", ":", "@", "/", "?", "&", "=", ",", "[", "]", "::1", "h", "db.example.com",
          "5432", "26257", "bank", "user", "password", "host", "port", "sslmode", "require", "dbname", "options", "ssl", "true",
          "%", "%20", "%2F", "%3d", "%C3%A4", "%00", "%4", "'", "\\", " ", "\t", "\\'", "''", "#", "+", "nonsense", "ä"]


def main():
    rng = random.Random(20260101)
    strings = [line.encode().decode("unicode_escape") if "\\x" in line else line for line in BY_HAND]
    for _ in range(2500):
        start = rng.choice(["", "postgresql://", "postgresql://", "postgres://h/?", "user="])
        strings.append(start + "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 14))))
    seen = set()
    for text in strings:
        if text in seen:
            continue
        seen.add(text)
        try:
            print(json.dumps({"text": text, "options": parse(text)}))
        except UnicodeDecodeError:
            # Bytes that are not UTF-8 cannot be told to Rust as text.
            continue


main()
