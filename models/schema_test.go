package models_test

// foreignKeysWithoutIndex lists, by dialect, what would be read from end to end
// when a row that others hang on is deleted. No statement of ours shows that.
var foreignKeysWithoutIndex = map[string]string{
	"sqlite3": `
		SELECT m.name || '.' || f."from" FROM sqlite_master m, pragma_foreign_key_list(m.name) f
		WHERE m.type = 'table' AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i
			WHERE l.partial = 0 AND i.seqno = 0 AND i.name = f."from")`,
	"postgres": `
		SELECT a.attrelid::regclass || '.' || a.attname
		FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
		WHERE c.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i
			WHERE i.indrelid = c.conrelid AND i.indpred IS NULL AND i.indkey[0] = c.conkey[1])`,
}

func (ms *ModelSuite) Test_Schema_EveryForeignKeyHasAnIndex() {
	list := func() (without []string) {
		ms.NoError(ms.DB.Store.Select(&without, foreignKeysWithoutIndex[ms.DB.Dialect.Name()]))
		return without
	}
	ms.Empty(list())
	ms.NoError(ms.DB.RawQuery("DROP INDEX sessions_user_id_idx").Exec())
	ms.Equal([]string{"sessions.user_id"}, list())
	ms.NoError(ms.DB.RawQuery("CREATE INDEX sessions_user_id_idx ON sessions (user_id)").Exec())
}
