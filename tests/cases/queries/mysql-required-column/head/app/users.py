"""Users."""


def add(cursor, email):
    cursor.execute("INSERT INTO users (email) VALUES (%s)", (email,))


def find(cursor, email):
    cursor.execute("SELECT id FROM users WHERE email = %(email)s", {"email": email})
