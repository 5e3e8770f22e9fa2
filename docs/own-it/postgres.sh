# Copies the rows of a SQLite file into a PostgreSQL database with the same migrations, whose
# rows it removes:
#
#	sh postgres.sh corral.sqlite postgres://user@host/name
#
# It needs sqlite3 and psql, which finds the password in the file that PGPASSFILE names. If it fails, PostgreSQL stays as it was.
set -e
ask() { sqlite3 -readonly "$file" "$1"; }
file=$1
versions='SELECT version FROM schema_migration ORDER BY version'
[ "$(ask "$versions")" = "$(psql --no-psqlrc -At --command="$versions" "$2")" ] ||
	{ echo 'the migrations differ: run the task db:migrate of the same release on both databases' >&2; exit 1; }

# Referred tables come first.
tables=$(ask "WITH RECURSIVE tables(name) AS (
	SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'schema_migration'),
ranks(name, rank) AS (SELECT name, 0 FROM tables UNION
	SELECT t.name, rank + 1 FROM ranks r JOIN tables t JOIN pragma_foreign_key_list(t.name) f
	WHERE f.\"table\" = r.name AND t.name <> r.name AND rank < 20)
SELECT name FROM ranks GROUP BY name ORDER BY max(rank)")

copy() {
	echo "TRUNCATE $(echo $tables | tr ' ' ',');"
	for table in $tables; do
		columns=$(ask "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('$table')")
		values=$(ask "SELECT group_concat(iif(upper(type) = 'BLOB', 'iif(\"' || name || '\" IS NULL, NULL, ''\\x'' || hex(\"' || name || '\"))', '\"' || name || '\"'))
			FROM pragma_table_info('$table')")
		echo "COPY \"$table\" ($columns) FROM STDIN CSV;"
		sqlite3 -readonly -csv "$file" "SELECT $values FROM \"$table\""
		echo '\.'
	done
	cat <<'END' # numbers of new rows go on after the last
SELECT format('SELECT setval(%L, coalesce(max(%I), 0) + 1, false) FROM %I', pg_get_serial_sequence(quote_ident(table_name), column_name), column_name, table_name)
FROM information_schema.columns WHERE table_schema = current_schema AND column_default LIKE 'nextval(%' \gexec
END
}
umask 077
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
copy > "$rows"
psql --quiet --single-transaction --output=/dev/null --set=ON_ERROR_STOP=1 --file="$rows" "$2"
