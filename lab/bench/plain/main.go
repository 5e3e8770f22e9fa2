// Plain is a minimal login, for comparison with the app: net/http, html/template and
// SQLite, a random token in a cookie, its digest in a row, one hash per core at a time.
// It has no rate limits, security headers, mails, languages, cross-origin check, request
// log or expiry.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"path/filepath"
	"runtime"

	"github.com/alexedwards/argon2id"
	_ "modernc.org/sqlite"
)

// These are the same as in bench/people.go.
const (
	accounts = 256
	password = "four random words work well"
)

var (
	pages = template.Must(template.New("").Parse(`{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title></head><body>{{end}}
{{define "home"}}{{template "head" .}}<h1>You are logged in</h1><p>{{.Email}}</p>
<form action="/logout" method="post"><button>Log out</button></form></body></html>{{end}}
{{define "login"}}{{template "head" .}}<h1>Log in</h1><form action="/login" method="post"><label>Email <input name="email"></label>
<label>Password <input type="password" name="password"></label><button>Log in</button></form></body></html>{{end}}`))
	hashing = make(chan struct{}, runtime.GOMAXPROCS(0))
)

type page struct{ Title, Email string }

func main() {
	db, err := open()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	find, err := db.Prepare("SELECT users.email FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.token_digest = ?")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		var email string
		cookie, err := r.Cookie("session")
		if err != nil || find.QueryRow(digest(cookie.Value)).Scan(&email) != nil {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		pages.ExecuteTemplate(w, "home", page{"Home", email})
	})
	http.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) { pages.ExecuteTemplate(w, "login", page{Title: "Log in"}) })
	http.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) { login(db, w, r) })
	fmt.Fprintln(os.Stderr, http.ListenAndServe(os.Getenv("ADDR")+":"+os.Getenv("PORT"), nil))
	os.Exit(1)
}

func login(db *sql.DB, w http.ResponseWriter, r *http.Request) {
	var user int
	var stored string
	if err := db.QueryRow("SELECT id, digest FROM users WHERE email = ?", r.FormValue("email")).Scan(&user, &stored); err != nil {
		http.Error(w, "Invalid email or password.", http.StatusUnprocessableEntity)
		return
	}
	hashing <- struct{}{}
	match, err := argon2id.ComparePasswordAndHash(r.FormValue("password"), stored)
	<-hashing
	if err != nil || !match {
		http.Error(w, "Invalid email or password.", http.StatusUnprocessableEntity)
		return
	}
	token := rand.Text()
	if _, err := db.Exec("INSERT INTO sessions (token_digest, user_id) VALUES (?, ?)", digest(token), user); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "session", Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func digest(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// open creates the database and its users if they are missing.
func open() (*sql.DB, error) {
	path := filepath.Join(os.Getenv("HOME"), "plain.sqlite")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, digest TEXT);
		CREATE TABLE IF NOT EXISTS sessions (token_digest BLOB PRIMARY KEY, user_id INTEGER) WITHOUT ROWID`); err != nil {
		return nil, err
	}
	var users int
	if err := db.QueryRow("SELECT COUNT(*) FROM users").Scan(&users); err != nil || users > 0 {
		return db, err
	}
	passwordDigest, err := argon2id.CreateHash(password, &argon2id.Params{Memory: 19456, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		return nil, err
	}
	for n := range accounts {
		if _, err := db.Exec("INSERT INTO users (email, digest) VALUES (?, ?)", fmt.Sprintf("person%d@bench.example", n), passwordDigest); err != nil {
			return nil, err
		}
	}
	return db, nil
}
