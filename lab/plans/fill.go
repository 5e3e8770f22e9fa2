package plans

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rowsForPlans is the number of rows of each table: enough for PostgreSQL to prefer an
// index.
const rowsForPlans = 5_000

// values maps column types to expressions for row i. Columns of the same type have the
// same values, so that foreign keys hold. Few of the times are in the past, as for due
// and expired rows.
var values = map[string]string{
	"uuid":                        "md5(i::text)::uuid",
	"bytea":                       "sha256(i::text::bytea)",
	"character varying":           "left(md5(i::text), 16)",
	"text":                        "'{}'",
	"integer":                     "i",
	"bigint":                      "(extract(epoch FROM now()) * 1000)::bigint + (i - 100) * 21600000::bigint",
	"boolean":                     "i % 2 = 0",
	"timestamp without time zone": "now() + (i - 100) * interval '6 hours'",
	"timestamp with time zone":    "now() + (i - 100) * interval '6 hours'",
}

// fill fills all tables of a PostgreSQL database in random order and analyzes
// them: plans depend on the rows.
func fill(ctx context.Context, conn *sql.Conn) error {
	columns, expressions, err := columnsOfTables(ctx, conn)
	if err != nil {
		return err
	}
	statements := []string{"SET session_replication_role = replica"} // disables foreign keys: tables are filled in any order
	for table := range columns {
		statements = append(statements, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM generate_series(1, %d) AS i ORDER BY md5(i::text)",
			table, strings.Join(columns[table], ", "), strings.Join(expressions[table], ", "), rowsForPlans))
	}
	for _, s := range append(statements, "ANALYZE "+strings.Join(slices.Collect(maps.Keys(columns)), ", "),
		"SET enable_sort = off", // otherwise PostgreSQL sorts a few expired rows instead of using an index
		"SET plan_cache_mode = force_generic_plan",
	) {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func columnsOfTables(ctx context.Context, conn *sql.Conn) (columns, expressions map[string][]string, err error) {
	rows, err := conn.QueryContext(ctx, `
		SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'schema_migration'`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	columns, expressions = map[string][]string{}, map[string][]string{}
	for rows.Next() {
		var table, column, kind, nullable string
		if err := rows.Scan(&table, &column, &kind, &nullable); err != nil {
			return nil, nil, err
		}
		value, ok := values[kind]
		if !ok {
			return nil, nil, fmt.Errorf("%s.%s is %s: add an expression for this type to values", table, column, kind)
		}
		if nullable == "YES" { // few rows have a value, as for queued mails
			value = fmt.Sprintf("CASE WHEN i %% 100 = 0 THEN %s END", value)
		}
		columns[table], expressions[table] = append(columns[table], column), append(expressions[table], value)
	}
	return columns, expressions, rows.Err()
}
