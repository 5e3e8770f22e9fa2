package main

import (
	"database/sql"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/gofrs/uuid"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// get returns the request of a browser, as a TLS proxy forwards it.
func get(path, cookies, status string) request {
	return request{[]byte("GET " + path + " HTTP/1.1\r\n" + headers("127.0.0.1", cookies) + "\r\n"), status}
}

// postLogin returns the request with the login form of an account, from a client's IP.
func postLogin(email, client, cookies string) request {
	form := "email=" + email + "&password=" + strings.ReplaceAll(password, " ", "+")
	return request{[]byte("POST /login HTTP/1.1\r\n" + headers(client, cookies) +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(form)) + "\r\n\r\n" + form), "303"}
}

func headers(client, cookies string) string {
	h := "Host: " + host + "\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: " + client + "\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n" +
		"Accept-Encoding: gzip, deflate, br\r\n" +
		"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n"
	if cookies != "" {
		h += "Cookie: " + cookies + "\r\n"
	}
	return h
}

// logIn logs in as user n and returns the cookies. It visits / once, which removes the
// flash message from them.
func (s *site) logIn(n int) (cookies string, err error) {
	c, err := dial(s.addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	jar := map[string]string{}
	for _, r := range []request{postLogin(account(n), clientIP(n), ""), {}} {
		if r.raw == nil {
			r = get("/", join(jar), "200")
		}
		header, err := c.send(r)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(header)) {
			if set, ok := strings.CutPrefix(line, "Set-Cookie: "); ok {
				pair, _, _ := strings.Cut(set, ";")
				name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
				jar[name] = value
			}
		}
	}
	return join(jar), nil
}

func join(cookies map[string]string) string {
	var pairs []string
	for name, value := range cookies {
		if value != "" {
			pairs = append(pairs, name+"="+value)
		}
	}
	return strings.Join(pairs, "; ")
}

// All users have the same password, so that filling the table needs only one hash.
const (
	accounts = 256
	password = "four random words work well"
)

func account(n int) string { return fmt.Sprintf("person%d@bench.example", n) }

// clientIP returns the IP that account n logs in from.
func clientIP(n int) string { return fmt.Sprintf("198.51.100.%d", n%256) }

// fill creates the database of a Corral server, with users.
func (p *program) fill() error {
	migrate := exec.Command(p.file, "task", "db:migrate")
	migrate.Dir, migrate.Env = p.dir, p.environment("3000")
	if out, err := migrate.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	digest, err := argon2id.CreateHash(password, &params)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+p.database()+"?_time_format=sqlite")
	if err != nil {
		return err
	}
	defer db.Close()
	for n := range accounts {
		_, err := db.Exec("INSERT INTO users (id, email, language, password_digest, created_at, updated_at) VALUES (?, ?, '', ?, ?, ?)",
			uuid.Must(uuid.NewV4()).String(), account(n), digest, time.Now().UTC(), time.Now().UTC())
		if err != nil {
			return err
		}
	}
	return nil
}

// params are the parameters of the app's password hashes.
var params = argon2id.Params{Memory: 19456, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
