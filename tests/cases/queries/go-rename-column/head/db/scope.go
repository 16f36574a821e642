package db

func save(tx Tx) error {
	_, err := tx.Exec(`
		INSERT INTO versions (version, version_sha256)
		VALUES ($1, sha256($1))`, version)
	return err
}

func dynamic(tx Tx, column string) error {
	_, err := tx.Exec("SELECT version_sha256 FROM versions ORDER BY " + column)
	return err
}
