package db

func save(tx Tx) error {
	_, err := tx.Exec(`
		INSERT INTO versions (version, version_md5)
		VALUES ($1, md5($1))`, version)
	return err
}

func dynamic(tx Tx, column string) error {
	_, err := tx.Exec("SELECT version_md5 FROM versions ORDER BY " + column)
	return err
}
