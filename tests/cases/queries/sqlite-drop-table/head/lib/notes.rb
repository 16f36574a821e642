DB.execute("SELECT n.id FROM notes n JOIN tags t ON t.note = n.id WHERE t.tag = ?", tag)
DB.execute(<<~SQL)
  INSERT OR REPLACE INTO tags (note, tag)
  VALUES (?, ?)
SQL
