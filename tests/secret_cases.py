"""What tests of secrets share: secrets, where they are planted, and where they are looked for."""

from __future__ import annotations

from sqlalchemy import text

from gridtool.jobs.store.engine import open_engine

PLANTED = "hunter2"
"""Part of every secret planted."""
ENVIRON = {
    "PGPASSWORD": "env-hunter2-pg",
    "MY_API_TOKEN": "env-hunter2-token",
    "HTTP_PROXY_OLD": "http://me:proxy-hunter2@proxy:3128",
}


def address_with_password(address):
    """The address of a store on PostgreSQL as text; the server asks for no password."""
    return address.url.set(password="store-hunter2-word").render_as_string(hide_password=False)


def find_planted(address):
    """Files and tables of a store in which a secret is."""
    found = [
        str(path)
        for path in address.folder.rglob("*")
        if path.is_file() and PLANTED.encode() in path.read_bytes()
    ]
    engine = open_engine(address.url)
    with engine.connect() as connection:
        listed = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        tables = list(connection.execute(text(listed)).scalars())
        assert {"runs", "run_inputs", "run_headlines"} <= set(tables)
        for table in tables:
            rows = connection.execute(text(f'SELECT * FROM "{table}"')).all()
            found += [table] if PLANTED in repr(rows) else []
    engine.dispose()
    return found
