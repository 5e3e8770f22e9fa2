// Package plans runs the app's tests, records the statements that the app sends, and
// checks the plan of each: it must find rows by an index and must not sort.
package plans

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"corral/lab/plans/record"
)

// testKit opens the databases of the app's suites and calls opened(connection).
const testKit = "models/modelstest"

// These functions may send statements that scan or sort, for the reasons given.
var (
	mayScan = map[string]string{
		"internal/database.Migrate":       "a row for each migration",
		"internal/database.up":            "a row for each migration",
		"internal/database.CompareSchema": "a row for each migration",
		"internal/outbox.(*Queue).Newest": "development only",
	}
	maySort = map[string]string{
		"models.SessionsOf":        "the sessions of one user",
		"models.(*Session).insert": "the sessions of one user, a thousand at most",
		"models.Explain":           "the rows and the mails of one user",
	}
)

type plan struct {
	text  string
	scans bool // reads a whole table or index
	sorts bool // sorts rows
}

// hasPlan matches statements that have a plan. Other statements change the schema or
// copy the database.
var hasPlan = regexp.MustCompile(`(?i)^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b`)

type explainer func(ctx context.Context, conn *sql.Conn, query string, args []any) ([]plan, error)

// complaints describes the statements that slow down as the number of rows grows.
func complaints(ctx context.Context, conn *sql.Conn, explain explainer, statements []record.Statement) (list []string, err error) {
	for _, s := range statements {
		if !hasPlan.MatchString(s.Query) {
			continue
		}
		var args []any
		for _, arg := range s.Args {
			args = append(args, arg.Value())
		}
		plans, err := explain(ctx, conn, s.Query, args)
		if err != nil {
			return nil, fmt.Errorf("explaining a statement of %s: %w\n%s", s.Function, err, s.Query)
		}
		for _, p := range plans {
			if mayScan[s.Function] == "" && (p.scans || p.sorts && maySort[s.Function] == "") {
				list = append(list, fmt.Sprintf("%s scans or sorts, %s:%d\n%s\n%s", s.Function, s.File, s.Line, s.Query, p.text))
			}
		}
	}
	return list, nil
}

// explainSQLite returns the plan of a statement. The plan does not depend on the number
// of rows, because the app never collects statistics.
func explainSQLite(ctx context.Context, conn *sql.Conn, query string, args []any) ([]plan, error) {
	rows, err := conn.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	p := plan{}
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			return nil, err
		}
		p.text += step + "\n"
		// Constant rows are no scan. Subqueries have steps of their own.
		scan := strings.HasPrefix(step, "SCAN ") && step != "SCAN CONSTANT ROW" && !strings.HasSuffix(step, "VALUES CLAUSE") && !strings.HasPrefix(step, "SCAN (")
		p.scans = p.scans || scan || strings.Contains(step, "AUTOMATIC")
		p.sorts = p.sorts || strings.Contains(step, "TEMP B-TREE")
	}
	return []plan{p}, rows.Err()
}

// explainPostgres returns two plans: one for the arguments, and the generic one, which
// PostgreSQL may use after five executions of a prepared statement.
func explainPostgres(ctx context.Context, conn *sql.Conn, query string, args []any) ([]plan, error) {
	custom, err := planOf(ctx, conn, query, args...)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "PREPARE statement AS "+query); err != nil {
		return nil, err
	}
	defer conn.ExecContext(ctx, "DEALLOCATE statement")
	execute := "EXECUTE statement"
	if len(args) > 0 {
		execute += "(NULL" + strings.Repeat(", NULL", len(args)-1) + ")"
	}
	generic, err := planOf(ctx, conn, execute)
	return []plan{custom, generic}, err
}

// node is a step of a plan in PostgreSQL.
type node struct {
	Type      string `json:"Node Type"`
	Index     string `json:"Index Name"`
	Condition string `json:"Index Cond"`
	Nodes     []node `json:"Plans"`
}

// planOf returns the plan of a statement in PostgreSQL.
func planOf(ctx context.Context, conn *sql.Conn, query string, args ...any) (plan, error) {
	var content string
	if err := conn.QueryRowContext(ctx, "EXPLAIN (FORMAT JSON) "+query, args...).Scan(&content); err != nil {
		return plan{}, err
	}
	var roots []struct{ Plan node }
	err := json.Unmarshal([]byte(content), &roots)
	p := plan{}
	for _, root := range roots {
		p.add(root.Plan, "")
	}
	return p, err
}

// add adds a node, and the nodes below it, to the plan.
func (p *plan) add(n node, indent string) {
	p.text += fmt.Sprintln(indent+n.Type, n.Index, n.Condition)
	readsWholeIndex := strings.Contains(n.Type, "Index") && n.Condition == ""
	p.scans = p.scans || strings.Contains(n.Type, "Seq Scan") || readsWholeIndex
	p.sorts = p.sorts || strings.Contains(n.Type, "Sort")
	for _, below := range n.Nodes {
		p.add(below, indent+"  ")
	}
}
