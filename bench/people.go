package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"corral/config"
	"corral/models"
)

// get is a page as a browser asks for it through a proxy that ended its TLS.
func get(path, cookies, status string) request {
	return request{[]byte("GET " + path + " HTTP/1.1\r\n" + headers("127.0.0.1", cookies) + "\r\n"), status}
}

// postLogin is the login form of an account, sent by a client of its own.
func postLogin(email, client, cookies string) request {
	form := "email=" + email + "&password=" + strings.ReplaceAll(password, " ", "+")
	return request{[]byte("POST /login HTTP/1.1\r\n" + headers(client, cookies) +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(form)) + "\r\n\r\n" + form), "303"}
}

func headers(client, cookies string) string {
	h := "Host: " + host + "\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: " + client + "\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n" +
		"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: same-origin\r\n"
	if cookies != "" {
		h += "Cookie: " + cookies + "\r\n"
	}
	return h
}

// logIn signs in and returns the cookies, as a browser that has seen the next
// page keeps them: its flash message was shown.
func (s *site) logIn(n int) (cookies string, err error) {
	c, err := dial(s.addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	kept := map[string]string{}
	for _, r := range []request{postLogin(account(n), address(n), ""), {}} {
		if r.raw == nil {
			r = get("/", join(kept), "200")
		}
		header, err := c.send(r)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(header)) {
			if set, ok := strings.CutPrefix(line, "Set-Cookie: "); ok {
				pair, _, _ := strings.Cut(set, ";")
				name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
				kept[name] = value
			}
		}
	}
	return join(kept), nil
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

// People. They have one password, so that one hash makes them all.
const (
	accounts = 256
	password = "four random words work well"
)

func account(n int) string { return fmt.Sprintf("person%d@bench.example", n) }

// address is the client that account n logs in from.
func address(n int) string { return fmt.Sprintf("198.51.100.%d", n%256) }

// fill makes the database of a Corral server, with its people.
func fill(dir string) error {
	c, err := config.Load(production(dir, "3000"), dir)
	if err != nil {
		return err
	}
	c.DatabaseURL = databaseURL(dir) // go test has one of its own
	if err := models.Connect(c); err != nil {
		return err
	}
	defer models.DB.Close()
	if err := models.Migrate(); err != nil {
		return err
	}
	ctx := context.Background()
	first, err := models.CreateUser(ctx, account(0), "")
	if err != nil {
		return err
	}
	if err := first.SetPassword(ctx, password); err != nil {
		return err
	}
	for n := 1; n < accounts; n++ {
		if _, err := models.CreateUser(ctx, account(n), ""); err != nil {
			return err
		}
	}
	return models.DB.RawQuery("UPDATE users SET password_digest = ?", first.PasswordDigest).Exec()
}
