import sqlite3

db = sqlite3.connect("site.db")
db.execute("create table pages (title text)")
db.commit()
