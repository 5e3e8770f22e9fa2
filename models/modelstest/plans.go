package modelstest

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"

	"corral/models"
)

// A statement that the app sends finds its rows by an index, however many there
// are, and sorts none. These may, by the function that sends them.
var (
	mayScan = map[string]string{
		"models.Migrate":        "a row for each migration",
		"models.refuseNewer":    "a row for each migration",
		"models.CompareSchema":  "a row for each migration",
		"models.EndAllSessions": "everybody is signed out: every row is meant",
		"models.NewestMails":    "development only",

		"models.(*Findings).findSimilar": "an operator asks",
	}
	maySort = map[string]string{
		"models.SessionsOf": "what one person has",

		"models.(*Findings).findMails": "what one person was sent",
	}
)

// plan is how the database goes about a statement.
type plan struct {
	text  string
	scans bool // it reads all of a table or of an index
	sorts bool // it keeps what it has found, to put it in order
}

// planned is what a statement begins with that has a plan. The others make and
// alter tables, or copy the database.
var planned = regexp.MustCompile(`(?i)^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b`)

// judge prints what is wrong with what was heard, and returns an exit status.
func (l *listener) judge(folders []string) int {
	statements := l.statements()
	complaints, err := complaints(context.Background(), statements)
	if flag.Lookup("test.run").Value.String()+flag.Lookup("test.skip").Value.String() == "" { // every test was run
		for _, folder := range folders {
			places, unread := unheard(folder, statements)
			for _, place := range places {
				complaints = append(complaints, place+" sends a statement that no test has sent: its plan was not read")
			}
			err = errors.Join(err, unread)
		}
	}
	if err != nil {
		complaints = append(complaints, err.Error())
	}
	for _, complaint := range complaints {
		fmt.Fprintln(os.Stderr, complaint)
	}
	return min(len(complaints), 1)
}

// complaints are about the statements that grow slower with the number of rows.
// They empty the database.
func complaints(ctx context.Context, statements []statement) (list []string, err error) {
	conn, err := poolOf(models.DB).Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	explain := explainSQLite
	if models.DB.Dialect.Name() == "postgres" {
		explain = explainPostgres
		if err := fill(ctx, conn); err != nil {
			return nil, fmt.Errorf("filling the tables: %w", err)
		}
	}
	for _, s := range statements {
		if !planned.MatchString(s.query) {
			continue
		}
		plans, err := explain(ctx, conn, s)
		if err != nil {
			return nil, fmt.Errorf("explaining a statement of %s: %w\n%s", s.sender(), err, s.query)
		}
		for _, p := range plans {
			if mayScan[s.sender()] == "" && (p.scans || p.sorts && maySort[s.sender()] == "") {
				list = append(list, fmt.Sprintf("%s scans or sorts, %s:%d\n%s\n%s", s.sender(), s.caller.File, s.caller.Line, s.query, p.text))
			}
		}
	}
	return list, nil
}

// explainSQLite reads the plan that SQLite makes without statistics, which the
// app never collects: it is the same for few rows and for many.
func explainSQLite(ctx context.Context, conn *sql.Conn, s statement) ([]plan, error) {
	rows, err := conn.QueryContext(ctx, "EXPLAIN QUERY PLAN "+s.query, s.args...)
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
		// A constant row, or the rows of a subquery, whose own step is judged for itself.
		scan := strings.HasPrefix(step, "SCAN ") && step != "SCAN CONSTANT ROW" && !strings.HasPrefix(step, "SCAN (")
		p.scans = p.scans || scan || strings.Contains(step, "AUTOMATIC")
		p.sorts = p.sorts || strings.Contains(step, "TEMP B-TREE")
	}
	return []plan{p}, rows.Err()
}

// explainPostgres reads two plans: the one for what was asked, and the generic
// one for whatever is asked, to which PostgreSQL may turn after five times.
func explainPostgres(ctx context.Context, conn *sql.Conn, s statement) ([]plan, error) {
	asked, err := explained(ctx, conn, s.query, s.args...)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "PREPARE planned AS "+s.query); err != nil {
		return nil, err
	}
	defer conn.ExecContext(ctx, "DEALLOCATE planned")
	execute := "EXECUTE planned"
	if len(s.args) > 0 {
		execute += "(NULL" + strings.Repeat(", NULL", len(s.args)-1) + ")"
	}
	generic, err := explained(ctx, conn, execute)
	return []plan{asked, generic}, err
}

// node is a step of a plan, with the steps that it takes its rows from.
type node struct {
	Type      string `json:"Node Type"`
	Index     string `json:"Index Name"`
	Condition string `json:"Index Cond"`
	Nodes     []node `json:"Plans"`
}

func explained(ctx context.Context, conn *sql.Conn, query string, args ...any) (plan, error) {
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

func (p *plan) add(n node, indent string) {
	p.text += fmt.Sprintln(indent+n.Type, n.Index, n.Condition)
	whole := strings.Contains(n.Type, "Index") && n.Condition == "" // an index that is read from end to end
	p.scans = p.scans || strings.Contains(n.Type, "Seq Scan") || whole
	p.sorts = p.sorts || strings.Contains(n.Type, "Sort")
	for _, below := range n.Nodes {
		p.add(below, indent+"  ")
	}
}
