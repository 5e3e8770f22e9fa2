package crash

import (
	"math/rand/v2"
	"net/url"
)

// takeSteps takes steps until the person is gone. It returns false if the app was killed.
func (p *person) takeSteps() bool {
	for !p.gone {
		if p.facts["known browsers"] == 0 {
			delete(p.cookies, deviceCookie) // the app no longer knows this browser
		}
		if takeStep := p.nextStep(); !takeStep() {
			return false
		}
	}
	return true
}

const (
	deviceCookie  = "__Host-corral-device"
	sessionCookie = "__Host-corral"
)

// nextStep returns a step that is possible in the person's state, often a random one. The
// more often a step is listed, the likelier it is.
func (p *person) nextStep() func() bool {
	choices := []func() bool{p.logIn, p.logIn, p.logIn}
	switch {
	case p.facts["account "+p.email] == 0 && p.facts["token signup"] == 0:
		return p.requestSignUp
	case p.facts["account "+p.email] == 0:
		return p.signUp
	case p.password == "" || p.facts["token reset"] > 0:
		return p.reset
	case p.failures() >= 4: // including interrupted logins; after one more, a login would have to wait
		return p.leave
	case p.loggedIn:
		choices = []func() bool{p.confirm, p.changePassword, p.logOut, p.endOthers, p.takeAnotherBrowser, p.delete}
		if p.facts["mail email_requested "+p.email] < 3 { // as with reset mails
			choices = append(choices, p.requestEmail)
		}
		if p.pending != "" {
			choices = append(choices, p.confirmEmail, p.confirmEmail)
		}
	case p.failures() < 2:
		choices = append(choices, p.mistype)
	}
	if !p.loggedIn && p.resets < 3 { // an email gets at most three reset mails an hour
		choices = append(choices, p.requestReset)
	}
	if len(p.former) > 0 && p.resets < 3 {
		choices = append(choices, p.undo)
	}
	return choices[rand.IntN(len(choices))]
}

func (p *person) failures() int { return max(p.attempts, p.facts["failures "+p.email]) }

// leave ends the steps of the person.
func (p *person) leave() bool {
	p.gone = true
	return true
}

func (p *person) requestSignUp() bool {
	return p.do(step{name: "request a sign-up", method: "POST", path: "/signup", form: url.Values{"email": {p.email}}, effect: func(s *state) {
		s.facts["token signup"] = 1
		s.facts["mail signup "+s.email]++
		s.facts["requested sign-ups"]++
	}})
}

func (p *person) signUp() bool {
	password := newPassword()
	return p.follow("/signup/", "signup", p.email) &&
		p.do(step{name: "sign up", logsIn: true, method: "POST", path: "/signup/password", form: url.Values{"password": {password}}, effect: func(s *state) {
			s.drop("token signup")
			s.facts["account "+s.email], s.facts["password"], s.facts["sessions"], s.facts["known browsers"] = 1, 1, 1, 1
			s.password, s.loggedIn = password, true
		}})
}

func (p *person) logIn() bool {
	known := p.cookies[deviceCookie] != ""
	countAttempt := func(s *state) { // the app counts an attempt before it checks the password
		if !known { // a known browser has its own bucket
			s.facts["failures "+s.email]++
		}
	}
	form := url.Values{"email": {p.email}, "password": {p.password}}
	return p.do(step{name: "log in", password: true, logsIn: true, method: "POST", path: "/login", form: form, partial: []func(*state){countAttempt}, effect: func(s *state) {
		s.facts["sessions"]++
		s.loggedIn = true
		if !known {
			if s.facts["known browsers"] > 0 { // no mail is sent about an account's first browser
				s.notice("new_browser")
			}
			s.facts["known browsers"]++
		}
	}})
}

// mistype makes a failed attempt. A crash must not undo its count.
func (p *person) mistype() bool {
	known := p.cookies[deviceCookie] != ""
	return p.do(step{name: "mistype", password: true, refused: true, method: "POST", path: "/login", form: url.Values{"email": {p.email}, "password": {"wrong"}}, effect: func(s *state) {
		if !known {
			s.facts["failures "+s.email]++
		}
	}})
}

func (p *person) requestReset() bool {
	p.resets++
	return p.do(step{name: "request a reset", method: "POST", path: "/password/forgot", form: url.Values{"email": {p.email}}, effect: func(s *state) {
		s.facts["token reset"]++
		s.facts["mail reset "+s.email]++
	}})
}

func (p *person) reset() bool {
	password, known := newPassword(), p.cookies[deviceCookie] != ""
	return p.follow("/password/reset/", "reset", p.email) &&
		p.do(step{name: "reset", method: "PUT", path: "/password/reset", form: url.Values{"password": {password}}, effect: func(s *state) {
			s.setPassword(password)
			if !known {
				s.facts["known browsers"]++
			}
			s.loggedIn = false
		}})
}

// setPassword has the effects of a new password.
func (s *state) setPassword(password string) {
	s.password, s.facts["password"], s.pending = password, 1, ""
	for _, fact := range []string{"sessions", "token reset", "token email_confirm"} {
		s.drop(fact)
	}
	s.change("password_changed")
}

func (p *person) changePassword() bool {
	password := newPassword()
	form := url.Values{"password": {password}}
	// A crash before the last transaction, which starts a session, leaves no session.
	withoutSession := func(s *state) { s.setPassword(password); s.loggedIn = false }
	return p.do(step{name: "change the password", logsIn: true, method: "PUT", path: "/account/password", form: form, partial: []func(*state){withoutSession}, effect: func(s *state) {
		s.setPassword(password)
		s.facts["sessions"] = 1
	}})
}

// confirm confirms the password at /sudo, which renews the session token. If the answer
// is lost, so is the session.
func (p *person) confirm() bool {
	return p.do(step{name: "confirm", password: true, method: "POST", path: "/sudo", form: url.Values{"password": {p.password}}, effect: func(*state) {}})
}

func (p *person) requestEmail() bool {
	email := p.newEmail()
	form := url.Values{"email": {email}}
	return p.do(step{name: "request another email", method: "PUT", path: "/account/email", form: form, effect: func(s *state) {
		s.pending = email
		s.facts["token email_confirm"]++
		s.facts["mail email_confirm "+email]++
		s.notice("email_requested")
	}})
}

func (p *person) confirmEmail() bool {
	path := "/account/email/confirm/" + p.app.token("email_confirm", p.pending)
	return p.do(step{name: "confirm the email", method: "POST", path: path, form: url.Values{}, effect: func(s *state) {
		s.drop("token email_confirm")
		s.change("email_changed")
		s.former = append(s.former, formerEmail{email: s.email, change: s.changes})
		s.moveTo(s.pending)
	}})
}

// moveTo has the effects of giving the account another email.
func (s *state) moveTo(email string) {
	s.drop("account")
	s.drop("token reset")
	s.email, s.pending, s.facts["account "+email] = email, "", 1
}

// undo redeems the "this wasn't me" link that was mailed to the last former email.
func (p *person) undo() bool {
	p.resets++
	last := p.former[len(p.former)-1]
	path := "/not-me/" + p.app.token("email_changed", last.email)
	return p.do(step{name: "undo the change", method: "POST", path: path, form: url.Values{}, effect: func(s *state) {
		undone := s.email
		s.moveTo(last.email)
		s.former = s.former[:len(s.former)-1]
		s.redeem(last.change)
		for _, fact := range []string{"sessions", "known browsers", "password", "token email_confirm"} {
			s.drop(fact)
		}
		s.password, s.loggedIn, s.facts["token reset"] = "", false, 1
		s.facts["mail reset "+last.email]++
		s.facts["mail undone "+last.email]++
		s.facts["mail undone "+undone]++
	}})
}

func (p *person) logOut() bool {
	return p.do(step{name: "log out", method: "DELETE", path: "/logout", form: url.Values{}, effect: func(s *state) {
		if s.facts["sessions"]--; s.facts["sessions"] == 0 {
			s.drop("sessions")
		}
		s.loggedIn = false
	}})
}

func (p *person) endOthers() bool {
	return p.do(step{name: "end other sessions", method: "DELETE", path: "/account/sessions", form: url.Values{}, effect: func(s *state) {
		s.facts["sessions"] = 1
	}})
}

func (p *person) takeAnotherBrowser() bool {
	p.cookies, p.loggedIn = map[string]string{}, false
	return true
}

func (p *person) delete() bool {
	p.gone = p.do(step{name: "delete the account", method: "DELETE", path: "/account", form: url.Values{}, effect: func(s *state) {
		for _, fact := range []string{"account", "password", "sessions", "known browsers", "token email_confirm", "token reset"} {
			s.drop(fact)
		}
		s.change("account_deleted")
	}})
	return p.gone
}
