package crash

import (
	"math/rand/v2"
	"net/url"
)

// live takes steps until the account is deleted. It returns false if the app was
// killed.
func (p *person) live() bool {
	for !p.gone {
		if p.facts["known browsers"] == 0 {
			delete(p.cookies, deviceCookie) // the app no longer knows this browser
		}
		if !p.next()() {
			return false
		}
	}
	return true
}

const (
	deviceCookie  = "__Host-corral-device"
	sessionCookie = "__Host-corral"
)

func (p *person) next() func() bool {
	may := []func() bool{p.logIn, p.logIn, p.logIn}
	switch {
	case p.facts["account "+p.email] == 0 && p.facts["token signup"] == 0:
		return p.askToSignUp
	case p.facts["account "+p.email] == 0:
		return p.signUp
	case p.password == "" || p.facts["token reset"] > 0:
		return p.reset
	case p.failures() >= 4: // including interrupted logins; after one more, a login would have to wait
		return p.leave
	case p.loggedIn:
		may = []func() bool{p.confirm, p.changePassword, p.askForEmail, p.logOut, p.endOthers, p.takeAnotherBrowser, p.delete}
		if p.pending != "" {
			may = append(may, p.confirmEmail, p.confirmEmail)
		}
	case p.failures() < 2:
		may = append(may, p.mistype)
	}
	if !p.loggedIn && p.resets < 3 {
		may = append(may, p.askForReset)
	}
	if len(p.left) > 0 && p.resets < 3 {
		may = append(may, p.undo)
	}
	return may[rand.IntN(len(may))]
}

func (p *person) failures() int { return max(p.attempts, p.facts["failures "+p.email]) }

func (p *person) leave() bool {
	p.gone = true
	return true
}

func (p *person) askToSignUp() bool {
	return p.do(step{name: "ask to sign up", method: "POST", path: "/signup", form: url.Values{"email": {p.email}}, effect: func(w *world) {
		w.facts["token signup"] = 1
		w.facts["mail signup "+w.email]++
		w.facts["requested sign-ups"]++
	}})
}

func (p *person) signUp() bool {
	password := newPassword()
	return p.follow("/signup/", "signup", p.email) &&
		p.do(step{name: "sign up", logsIn: true, method: "POST", path: "/signup/password", form: url.Values{"password": {password}}, effect: func(w *world) {
			w.drop("token signup")
			w.facts["account "+w.email], w.facts["password"], w.facts["sessions"], w.facts["known browsers"] = 1, 1, 1, 1
			w.password, w.loggedIn = password, true
		}})
}

func (p *person) logIn() bool {
	known := p.cookies[deviceCookie] != ""
	counted := func(w *world) { // the app counts an attempt before it checks the password
		if !known { // a known browser has its own bucket
			w.facts["failures "+w.email]++
		}
	}
	form := url.Values{"email": {p.email}, "password": {p.password}}
	return p.do(step{name: "log in", password: true, logsIn: true, method: "POST", path: "/login", form: form, halves: []func(*world){counted}, effect: func(w *world) {
		w.facts["sessions"]++
		w.loggedIn = true
		if !known {
			if w.facts["known browsers"] > 0 { // no mail is sent about an account's first browser
				w.notice("new_browser")
			}
			w.facts["known browsers"]++
		}
	}})
}

// mistype makes a failed attempt. A crash must not undo its count.
func (p *person) mistype() bool {
	known := p.cookies[deviceCookie] != ""
	return p.do(step{name: "mistype", password: true, refused: true, method: "POST", path: "/login", form: url.Values{"email": {p.email}, "password": {"wrong"}}, effect: func(w *world) {
		if !known {
			w.facts["failures "+w.email]++
		}
	}})
}

func (p *person) askForReset() bool {
	p.resets++
	return p.do(step{name: "request a reset", method: "POST", path: "/password/forgot", form: url.Values{"email": {p.email}}, effect: func(w *world) {
		w.facts["token reset"]++
		w.facts["mail reset "+w.email]++
	}})
}

func (p *person) reset() bool {
	password := newPassword()
	return p.follow("/password/reset/", "reset", p.email) &&
		p.do(step{name: "reset", method: "PUT", path: "/password/reset", form: url.Values{"password": {password}}, effect: func(w *world) {
			w.setPassword(password)
			w.facts["known browsers"] = 1
			w.loggedIn = false
		}})
}

// setPassword has the effects of a new password.
func (w *world) setPassword(password string) {
	w.password, w.facts["password"], w.pending = password, 1, ""
	for _, dead := range []string{"sessions", "token reset", "token email_confirm"} {
		w.drop(dead)
	}
	w.change("password_changed")
}

func (p *person) changePassword() bool {
	password := newPassword()
	form := url.Values{"password": {password}}
	loggedOut := func(w *world) { w.setPassword(password); w.loggedIn = false }
	return p.do(step{name: "change the password", logsIn: true, method: "PUT", path: "/account/password", form: form, halves: []func(*world){loggedOut}, effect: func(w *world) {
		w.setPassword(password)
		w.facts["sessions"] = 1
	}})
}

// confirm confirms at /sudo. That renews the session token; if the answer is lost, so is
// the session.
func (p *person) confirm() bool {
	return p.do(step{name: "confirm", password: true, method: "POST", path: "/sudo", form: url.Values{"password": {p.password}}, effect: func(*world) {}})
}

func (p *person) askForEmail() bool {
	wanted := p.newEmail()
	form := url.Values{"email": {wanted}}
	return p.do(step{name: "request another email", method: "PUT", path: "/account/email", form: form, effect: func(w *world) {
		w.pending = wanted
		w.facts["token email_confirm"]++
		w.facts["mail email_confirm "+wanted]++
		w.notice("email_requested")
	}})
}

func (p *person) confirmEmail() bool {
	path := "/account/email/confirm/" + p.app.token("email_confirm", p.pending)
	return p.do(step{name: "confirm it", method: "POST", path: path, form: url.Values{}, effect: func(w *world) {
		w.drop("token email_confirm")
		w.change("email_changed")
		w.left = append(w.left, left{w.email, w.changes})
		w.moveTo(w.pending)
	}})
}

func (w *world) moveTo(email string) {
	w.drop("account")
	w.drop("token reset")
	w.email, w.pending, w.facts["account "+email] = email, "", 1
}

func (p *person) undo() bool {
	p.resets++
	old := p.left[len(p.left)-1]
	path := "/not-me/" + p.app.token("email_changed", old.email)
	return p.do(step{name: "undo it", method: "POST", path: path, form: url.Values{}, effect: func(w *world) {
		lost := w.email
		w.moveTo(old.email)
		w.left = w.left[:len(w.left)-1]
		w.redeem(old.number)
		for _, dead := range []string{"sessions", "known browsers", "password", "token email_confirm"} {
			w.drop(dead)
		}
		w.password, w.loggedIn, w.facts["token reset"] = "", false, 1
		w.facts["mail reset "+old.email]++
		w.facts["mail undone "+old.email]++
		w.facts["mail undone "+lost]++
	}})
}

func (p *person) logOut() bool {
	return p.do(step{name: "log out", method: "DELETE", path: "/logout", form: url.Values{}, effect: func(w *world) {
		if w.facts["sessions"]--; w.facts["sessions"] == 0 {
			w.drop("sessions")
		}
		w.loggedIn = false
	}})
}

func (p *person) endOthers() bool {
	return p.do(step{name: "end other sessions", method: "DELETE", path: "/account/sessions", form: url.Values{}, effect: func(w *world) {
		w.facts["sessions"] = 1
	}})
}

func (p *person) takeAnotherBrowser() bool {
	p.cookies, p.loggedIn = map[string]string{}, false
	return true
}

func (p *person) delete() bool {
	p.gone = p.do(step{name: "delete the account", method: "DELETE", path: "/account", form: url.Values{}, effect: func(w *world) {
		for _, dead := range []string{"account", "password", "sessions", "known browsers", "token email_confirm", "token reset"} {
			w.drop(dead)
		}
		w.change("account_deleted")
	}})
	return p.gone
}
