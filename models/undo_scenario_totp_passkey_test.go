package models_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/gobuffalo/nulls"
	"github.com/gofrs/uuid"

	"corral/internal/outbox"
	"corral/internal/passkey"
	"corral/internal/passkey/passkeytest"
	"corral/internal/secret"
	"corral/internal/totp"
	"corral/internal/undo"
	"corral/models"
	"corral/models/modelstest"
)

// scenario is a sequence of moves of an owner and an attacker, each with the credentials that
// they have. After each move, the rules of "this wasn't me" must hold. At the end, the owner
// must get the account back.
type scenario struct {
	start start
	moves []move
}

// start is the state before the first move.
type start struct {
	passkey, totp, secondStep bool // the owner has these
	recent                    bool // the links in mails about them still work
	password, session, phone  bool // the attacker has these of the owner: the password, a confirmed session, the TOTP key
	mailbox                   bool // the attacker reads the owner's mails
}

// move is a move of a player. n chooses one of the things to which the move applies.
type move struct {
	attacker bool
	name     string
	n        int
}

func (m move) String() string {
	return fmt.Sprintf("%s: %s %d", map[bool]string{true: "attacker", false: "owner"}[m.attacker], m.name, m.n)
}

// ownersMailboxes and attackersMailboxes are the emails that each can read, in the order in which
// they are used.
var (
	ownersMailboxes    = []string{"ada@example.com", "ada@example.org"}
	attackersMailboxes = []string{"eve@example.com", "eve@example.org"}
)

// player is the owner or the attacker, with the credentials that the player has.
type player struct {
	mailboxes []string
	password  string   // that the player believes to be the account's
	passwords int      // number of passwords chosen so far
	keys      [][]byte // keys of TOTP
	passkeys  []ownPasskey
	added     []uuid.UUID // all factors that the player has added
	codes     []string
	session   string // session token
	client    models.Client
}

// ownPasskey is an authenticator with one passkey.
type ownPasskey struct {
	id uuid.UUID // of the factor
	*passkeytest.Authenticator
}

// sentLink is a link that was mailed.
type sentLink struct {
	email, template, link string
	number                int
}

// run runs a scenario on an account.
type run struct {
	ms              *ModelSuite
	start           start
	id              uuid.UUID // of the account
	owner, attacker *player
	mailed          []sentLink
	waits           map[uuid.UUID]time.Time // waiting parts of undos, by ID: when each is due
	changes         int                     // highest number of a change so far
	setUp           int                     // number of changes before the first move
	own             []models.Factor         // the owner's factors before the first move
	givenUp         []uuid.UUID             // the factors of own that the owner has removed or replaced
	began           time.Time
	turned          bool // the owner has turned the second step on or off
	ended           bool // the attacker has ended the owner's links

	user    *models.User // as it was after the last move, even if deleted
	factors []models.Factor
	lastID  uuid.UUID // of the last mail that was read
}

// broken is a rule that does not hold.
type broken string

func (s *run) require(holds bool, rule string, args ...any) {
	if !holds {
		panic(broken(fmt.Sprintf(rule, args...)))
	}
}

// isRefusal reports whether an error is one that users may see.
func isRefusal(err error) bool {
	return slices.ContainsFunc([]error{
		models.ErrNotFound, models.ErrBadCredentials, models.ErrBadCode, models.ErrRefused, models.ErrSecondStep, passkey.ErrRefused, passkey.ErrUnknown, passkey.ErrExpired,
	}, func(refusal error) bool { return errors.Is(err, refusal) })
}

// may reports whether a move succeeded. It fails the test for an error that users must not
// see.
func (s *run) may(err error) bool {
	if isRefusal(err) {
		return false
	}
	s.require(err == nil, "%v", err)
	return true
}

func (s *run) must(err error) { s.require(err == nil, "%v", err) }

// read reads the account and its factors anew.
func (s *run) read() {
	s.user = &models.User{}
	s.must(s.ms.DB.Find(s.user, s.id))
	list, err := models.FactorsOf(s.ms.T().Context(), s.user)
	s.must(err)
	s.factors = list
}

// state describes what a mailbox alone must not change while the second step is on.
func (s *run) state() string {
	state := fmt.Sprint(s.user.SecondStep)
	for _, f := range s.factors {
		state += f.ID.String()
	}
	return state
}

func (s *run) inUse(id uuid.UUID) bool {
	return slices.ContainsFunc(s.factors, func(f models.Factor) bool { return f.ID == id })
}

// run returns the rule that a scenario breaks, or "".
func (ms *ModelSuite) run(p scenario) (rule string) {
	modelstest.Empty(ms.T())
	models.Clock.Stop()
	s := &run{ms: ms, start: p.start, waits: map[uuid.UUID]time.Time{}}
	defer func() {
		if cause := recover(); cause != nil {
			rule = fmt.Sprint(cause)
			if _, ok := cause.(broken); !ok {
				panic(cause)
			}
		}
	}()
	s.prepare()
	for _, m := range p.moves {
		if models.Clock.Now().Sub(s.began) > 5*day {
			break // links work for seven days
		}
		s.makeMove(m)
	}
	s.ownerGetsItBack(p.moves)
	return ""
}

func (s *run) prepare() {
	ctx := s.ms.T().Context()
	s.id = s.ms.signUp(ownersMailboxes[0]).ID
	s.read()
	s.owner = &player{mailboxes: ownersMailboxes, password: modelstest.Password, client: clientAt("192.0.2.1")}
	s.attacker = &player{mailboxes: attackersMailboxes, client: clientAt("198.51.100.1")}
	if s.start.passkey {
		s.addPasskey(s.owner, s.user)
		s.read()
	}
	if s.start.totp {
		s.setTOTP(s.owner, s.user)
	} else if s.start.passkey && s.start.secondStep {
		codes, err := s.user.TurnSecondStep(ctx, true, s.owner.client)
		s.must(err)
		s.owner.codes = codes
	}
	s.look()
	s.claim(s.owner)
	if !s.start.recent {
		s.wait(30 * day)
	}
	if s.start.mailbox {
		s.attacker.mailboxes = slices.Concat(attackersMailboxes, ownersMailboxes[:1])
	}
	if s.start.password {
		s.attacker.password = modelstest.Password
	}
	if s.start.phone {
		s.attacker.keys = slices.Clone(s.owner.keys)
	}
	if s.start.session {
		started, err := models.StartSession(ctx, s.user, s.attacker.client, models.Session{ConfirmedAt: nullNow()})
		s.must(err)
		s.attacker.session = started.RawSessionToken
	}
	s.own, s.setUp, s.began = s.factors, s.user.Changes, models.Clock.Now()
	s.look()
}

// claim assigns new factors to the player who has added them.
func (s *run) claim(p *player) {
	for _, f := range s.factors {
		known := slices.Contains(s.owner.added, f.ID) || slices.Contains(s.attacker.added, f.ID)
		if !known {
			p.added = append(p.added, f.ID)
		}
	}
}

// look reads the account after a move, and checks the rules that must always hold.
func (s *run) look() {
	s.readMails()
	s.read()
	kinds, second := map[string]int{}, false
	for _, f := range s.factors {
		kinds[f.Kind]++
		second = second || f.Kind != models.FactorCodes
	}
	s.require(kinds[models.FactorTOTP] <= 1 && kinds[models.FactorCodes] <= 1, "there are %v", kinds)
	s.require(!s.user.SecondStep || second, "nothing passes the second step")
	if s.user.Changes != s.changes {
		s.require(s.user.Changes > s.changes, "the numbers went back from %d to %d", s.changes, s.user.Changes)
		s.changes = s.user.Changes
		listed, err := s.ms.DB.Where("user_id = ? AND number BETWEEN 1 AND ?", s.id, s.changes).Count(&undo.Change{})
		s.must(err)
		s.require(listed == s.changes, "%d changes of %d", listed, s.changes)
	}
	var parts []undo.Part
	s.must(s.ms.DB.Where("user_id = ?", s.id).All(&parts))
	waits := map[uuid.UUID]time.Time{}
	for _, part := range parts {
		due, known := s.waits[part.ID]
		if !known {
			due = models.Clock.Now().Add(24 * time.Hour)
		}
		s.require(due.Equal(part.DueAt), "a part is due at %v, not %v", part.DueAt, due)
		waits[part.ID] = due
	}
	s.waits = waits
}

func (s *run) readMails() {
	var mails []outbox.Mail
	s.must(s.ms.DB.Where("id > ?", s.lastID).Order("id").All(&mails))
	for _, m := range mails {
		s.lastID = m.ID
		link, err := models.Outbox.Token(&m)
		s.must(err)
		t := &models.Token{}
		if link != "" && s.ms.DB.Where("token_digest = ?", secret.TokenDigest(link)).First(t) == nil { // otherwise the link is void already
			s.mailed = append(s.mailed, sentLink{m.Recipient, m.Template, link, t.Number})
		}
	}
}

// wait lets the janitor make the changes that are due.
func (s *run) wait(d time.Duration) {
	models.Clock.Move(d)
	s.must(models.FinishUndos(s.ms.T().Context()))
	before, due := s.state(), false
	for _, at := range s.waits {
		due = due || !at.After(models.Clock.Now())
	}
	s.look()
	s.require(due || s.state() == before, "a factor changed too early")
}

// makeMove makes the move, if it is possible.
func (s *run) makeMove(m move) {
	p := s.owner
	if m.attacker {
		p = s.attacker
	}
	s.must(s.ms.DB.RawQuery("DELETE FROM rate_limits").Exec()) // otherwise players would have to wait
	before, on, state := s.factors, s.user.SecondStep, s.state()
	moves[m.name](s, p, m.n)
	s.look()
	s.claim(p)
	if slices.Contains([]string{"undo", "reset", "old reset link", "log in"}, m.name) {
		s.require(!on || s.state() == state, "the move changed a factor at once")
	}
	if !m.attacker && m.name != "undo" && !strings.HasPrefix(m.name, "wait") {
		for _, f := range before {
			if !s.inUse(f.ID) {
				s.givenUp = append(s.givenUp, f.ID)
			}
		}
	}
	if s.start.keptOut() && m.attacker {
		s.require(s.found(s.attacker) == nil, "a mailbox alone logged in")
	}
}

// keptOut reports whether the owner's second step keeps the attacker out. Mailed links could
// undo a recent second step.
func (st start) keptOut() bool {
	return (st.secondStep || st.totp) && !st.recent && !st.session && !st.phone && (st.passkey || st.totp)
}

// found returns the session of the player, or nil.
func (s *run) found(p *player) *models.Session {
	session, err := models.FindSession(s.ms.T().Context(), p.session, p.client)
	if !s.may(err) {
		return nil
	}
	return session
}

// confirmed returns the confirmed session of the player, or nil. The player logs in if
// necessary.
func (s *run) confirmed(p *player) *models.Session {
	session := s.found(p)
	if session == nil || !session.Confirmed() {
		s.logIn(p, 0)
		if session = s.found(p); session != nil && !session.Confirmed() {
			session = nil
		}
	}
	return session
}

// logIn logs in with the password and a second step, or with a passkey alone.
func (s *run) logIn(p *player, n int) bool {
	ctx := s.ms.T().Context()
	for _, d := range rotated(p.passkeys, n) {
		started, err := models.LogInWithPasskey(ctx, s.ms.loginAnswer(d.Authenticator), p.client, false)
		if s.may(err) {
			p.session = started.RawSessionToken
			return true
		}
	}
	if p.password == "" {
		return false
	}
	started, step, err := models.LogIn(ctx, models.Credentials{Email: s.user.Email, Password: p.password, Client: p.client}, false)
	if !s.may(err) {
		return false
	}
	if step == nil {
		p.session = started.RawSessionToken
		return true
	}
	client := p.client
	client.RawSecondStep = step.Raw()
	step, err = models.FindSecondStep(ctx, client)
	s.must(err)
	started = s.pass(p, step)
	if started != nil {
		p.session = started.RawSessionToken
	}
	return started != nil
}

// pass passes a second step by a factor that the player has. Recovery codes are used last.
func (s *run) pass(p *player, step *models.SecondStep) *models.LoggedIn {
	ctx := s.ms.T().Context()
	for _, key := range p.keys {
		models.Clock.Move(time.Minute) // a code works once
		if started, err := step.Pass(ctx, totp.Code(key, models.Clock.Now()), false, p.client); s.may(err) {
			return started
		}
	}
	s.read()
	for _, d := range p.passkeys {
		if !s.inUse(d.id) {
			continue // the browser has no passkey that the options allow
		}
		answer := answerOf(d.Get(s.ms.T(), s.ms.options(step.User.PasskeyOptions(ctx, models.PasskeySecondStep))))
		if started, err := step.PassWithPasskey(ctx, answer, false, p.client); s.may(err) {
			return started
		}
	}
	if len(p.codes) == 0 {
		return nil
	}
	code := p.codes[0]
	p.codes = p.codes[1:]
	started, err := step.Pass(ctx, code, false, p.client)
	s.may(err)
	return started
}

// choose sets a password that the other player does not know.
func (p *player) choose() string {
	p.passwords++
	p.password = fmt.Sprintf("%s chose these words as number %d", p.mailboxes[0], p.passwords)
	return p.password
}

// live returns the "this wasn't me" links that the player can read, the oldest first.
func (s *run) live(p *player, since int) (list []sentLink) {
	for _, l := range s.mailed {
		if l.number <= since || !slices.Contains(p.mailboxes, l.email) {
			continue
		}
		if _, err := models.FindNotMe(s.ms.T().Context(), l.link); s.may(err) {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(a, b sentLink) int { return a.number - b.number })
	return list
}

// reset sets a password by a mailed link, after the second step.
func (s *run) reset(p *player, link string) bool {
	ctx := s.ms.T().Context()
	token, err := models.FindReset(ctx, link)
	if !s.may(err) {
		return false
	}
	client := p.client
	step, err := models.FindResetStep(ctx, token, client)
	s.must(err)
	if step != nil {
		step.User, err = models.FindUserByEmail(ctx, token.Email)
		s.must(err)
		s.pass(p, step) // if the player cannot pass, ResetPassword refuses
		client.RawSecondStep = step.Raw()
	}
	_, err = models.ResetPassword(ctx, link, p.choose(), client)
	return s.may(err)
}

// moves are all moves of a player, by name.
var moves = map[string]func(s *run, p *player, n int){
	"wait minutes": func(s *run, _ *player, n int) { s.wait(time.Duration(n%20) * time.Minute) },
	"wait hours":   func(s *run, _ *player, n int) { s.wait(time.Duration(n%13) * time.Hour) },
	"wait a day":   func(s *run, _ *player, n int) { s.wait(24 * time.Hour) },
	"log in":       func(s *run, p *player, n int) { s.logIn(p, n) },
	"log out": func(s *run, p *player, n int) {
		client := p.client
		client.RawSessionToken = p.session
		s.must(errorOf(models.EndSession(s.ms.T().Context(), client)))
	},
	"undo": func(s *run, p *player, n int) {
		since := 0
		if p == s.owner {
			since = s.setUp // the owner does not undo the owner's own changes
		}
		if links := s.live(p, since); len(links) > 0 {
			s.may(models.Undo(s.ms.T().Context(), links[n%len(links)].link, p.client))
		}
	},
	"reset": func(s *run, p *player, n int) {
		s.must(models.RequestLink(s.ms.T().Context(), models.PurposeReset, p.mailboxes[n%len(p.mailboxes)], "", p.client))
		s.readMails()
		s.reset(p, s.mailed[len(s.mailed)-1].link)
	},
	"old reset link": func(s *run, p *player, n int) {
		for _, l := range rotated(s.mailed, n) {
			if l.template == models.MailReset && slices.Contains(p.mailboxes, l.email) && s.reset(p, l.link) {
				return
			}
		}
	},
	"change password": func(s *run, p *player, n int) {
		if session := s.confirmed(p); session != nil {
			s.must(session.User.ChangePassword(s.ms.T().Context(), p.choose(), p.client))
			s.logIn(p, n)
		}
	},
	"change email": func(s *run, p *player, n int) {
		session := s.confirmed(p)
		email := p.mailboxes[n%2]
		if session == nil || session.User.Email == email {
			return
		}
		s.must(session.User.RequestEmailChange(s.ms.T().Context(), email, p.client))
		s.readMails()
		for _, l := range s.mailed {
			if l.template == models.MailEmailConfirm && l.email == email {
				s.may(session.User.ConfirmEmailChange(s.ms.T().Context(), l.link, p.client))
			}
		}
	},
	"add passkey": func(s *run, p *player, n int) {
		if session := s.confirmed(p); session != nil {
			s.addPasskey(p, session.User)
		}
	},
	"remove passkey": func(s *run, p *player, n int) {
		used, _, err := models.PasskeysOf(s.ms.T().Context(), s.user)
		s.must(err)
		if session := s.confirmed(p); session != nil && len(used) > 0 {
			s.may(session.User.RemovePasskey(s.ms.T().Context(), used[n%len(used)].ID.String(), p.client))
		}
	},
	"take a passkey back": func(s *run, p *player, n int) {
		_, removed, err := models.PasskeysOf(s.ms.T().Context(), s.user)
		s.must(err)
		if session := s.confirmed(p); session != nil && len(removed) > 0 {
			s.may(session.User.RestorePasskey(s.ms.T().Context(), removed[n%len(removed)].ID.String(), p.client))
		}
	},
	"set TOTP": func(s *run, p *player, n int) {
		if session := s.confirmed(p); session != nil && s.setTOTP(p, session.User) {
			s.giveUp(p, models.FactorTOTP, models.FactorCodes)
		}
	},
	"remove TOTP": func(s *run, p *player, n int) {
		if session := s.confirmed(p); session != nil {
			s.may(session.User.RemoveTOTP(s.ms.T().Context(), p.client))
		}
	},
	"make codes": func(s *run, p *player, n int) {
		if session := s.confirmed(p); session != nil {
			if codes, err := session.User.MakeRecoveryCodes(s.ms.T().Context(), p.client); s.may(err) {
				s.giveUp(p, models.FactorCodes)
				p.codes = codes
			}
		}
	},
	"turn the switch": func(s *run, p *player, n int) {
		session := s.confirmed(p)
		if session == nil || p == s.owner && s.start.keptOut() {
			return
		}
		if codes, err := session.User.TurnSecondStep(s.ms.T().Context(), !session.User.SecondStep, p.client); s.may(err) {
			s.giveUp(p, models.FactorCodes)
			p.codes = codes
			s.turned = s.turned || p == s.owner
		}
	},
	"delete": func(s *run, p *player, n int) {
		if session := s.confirmed(p); session != nil {
			s.must(session.User.Delete(s.ms.T().Context(), p.client))
		}
	},
	"end other sessions": func(s *run, p *player, n int) { // on the devices page
		if session := s.found(p); session != nil {
			s.may(session.EndOtherSessions(s.ms.T().Context(), p.client))
		}
	},
	"decide": func(s *run, p *player, n int) {
		if session := s.found(p); session != nil {
			// The owner stops no undo: the rules would no longer protect the owner.
			s.may(session.DecideUndo(s.ms.T().Context(), p == s.owner || n%2 == 0, p.client))
		}
	},
	"end links": func(s *run, p *player, n int) {
		session := s.confirmed(p)
		if session == nil {
			return
		}
		links, err := models.LostLinksOf(s.ms.T().Context(), session.User)
		s.must(err)
		if len(links) == 0 {
			return
		}
		l := links[n%len(links)]
		if p == s.owner == slices.Contains(ownersMailboxes, l.Email) {
			return // a player ends only the other's links
		}
		ended := s.endLinks(p, session.User, l.ID.String())
		s.require(!ended || p == s.owner || s.start.phone, "the attacker ended the owner's links")
		s.ended = s.ended || ended && p == s.attacker
	},
}

func (s *run) endLinks(p *player, user *models.User, id string) bool {
	ctx := s.ms.T().Context()
	for _, key := range p.keys {
		models.Clock.Move(time.Minute)
		if s.may(user.EndLinksByCode(ctx, id, totp.Code(key, models.Clock.Now()), p.client)) {
			return true
		}
	}
	for _, d := range p.passkeys {
		if s.inUse(d.id) {
			answer := answerOf(d.Get(s.ms.T(), s.ms.options(user.PasskeyOptions(ctx, models.PasskeyLinks+id))))
			if s.may(user.EndLinksByPasskey(ctx, id, answer, p.client)) {
				return true
			}
		}
	}
	return false
}

func (s *run) addPasskey(p *player, user *models.User) {
	a := passkeytest.New(site)
	s.must(user.AddPasskey(s.ms.T().Context(), s.ms.created(a, user), "", "", p.client))
	list, err := models.FactorsOf(s.ms.T().Context(), user)
	s.must(err)
	p.passkeys = append(p.passkeys, ownPasskey{list[len(list)-1].ID, a})
}

// giveUp adds the owner's factors of the kinds to givenUp if they are no longer in use.
func (s *run) giveUp(p *player, kinds ...string) {
	s.read()
	for _, f := range s.own {
		if p == s.owner && slices.Contains(kinds, f.Kind) && !s.inUse(f.ID) {
			s.givenUp = append(s.givenUp, f.ID)
		}
	}
}

func (s *run) setTOTP(p *player, user *models.User) bool {
	key := totp.NewKey()
	codes, err := user.SetTOTP(s.ms.T().Context(), key, totp.Code(key, models.Clock.Now()), p.client)
	if !s.may(err) {
		return false
	}
	p.keys = append(p.keys, key)
	if codes != nil {
		p.codes = codes
	}
	return true
}

// ownerGetsItBack opens the links to undo all moves, and requires that the owner can log in and
// the attacker cannot. If the attacker reads the owner's mails, the attacker opens the links.
func (s *run) ownerGetsItBack(past []move) {
	if s.start.mailbox && !s.start.keptOut() || s.ended {
		return // an attacker with all credentials of the owner cannot be told from the owner
	}
	undoer := s.owner
	if s.start.mailbox {
		undoer = s.attacker
	}
	for s.makeMove(move{name: "reset"}); len(s.live(undoer, s.setUp)) > 0; {
		s.makeMove(move{attacker: s.start.mailbox, name: "undo"})
	}
	s.require(s.start.mailbox || len(s.live(s.attacker, 0)) == 0, "the attacker has links")
	s.require(slices.Contains(ownersMailboxes, s.user.Email) && !s.user.DeletedAt.Valid, "the email is %s, deleted %v", s.user.Email, s.user.DeletedAt)
	for range 2 {
		for _, m := range past {
			if m.attacker {
				s.makeMove(m)
				s.require(s.found(s.attacker) == nil, "the attacker is logged in after the undo")
			}
		}
		s.wait(12 * time.Hour)
		if s.start.mailbox { // the owner reads a mail and logs in
			s.makeMove(move{name: "reset"})
			s.require(s.logIn(s.owner, 0), "the owner cannot log in")
		}
	}
	for _, f := range s.factors {
		s.require(!slices.Contains(s.attacker.added, f.ID), "the attacker's %s remains", f.Kind)
	}
	for _, f := range s.own {
		s.require(s.inUse(f.ID) || slices.Contains(s.givenUp, f.ID), "the owner's %s is gone", f.Kind)
	}
	on := s.start.totp || s.start.secondStep && s.start.passkey
	s.require(s.turned || s.user.SecondStep == on, "the second step is %v", s.user.SecondStep)
	s.makeMove(move{name: "reset"})
	s.require(s.logIn(s.owner, 0), "the owner cannot log in")
}

// rotated returns the list, beginning with item n.
func rotated[T any](list []T, n int) []T {
	if len(list) == 0 {
		return nil
	}
	n %= len(list)
	return slices.Concat(list[n:], list[:n])
}

// often lists moves that occur more often in a scenario.
var often = []string{"log in", "undo", "wait hours", "reset", "change email", "add passkey", "remove passkey", "set TOTP", "remove TOTP", "turn the switch", "decide"}

// randomScenario returns a scenario of random moves.
func randomScenario(random *rand.Rand) (p scenario) {
	flip := func() bool { return random.IntN(2) == 0 }
	p.start = start{passkey: flip(), totp: flip(), secondStep: flip(), recent: random.IntN(4) == 0, password: flip(), session: flip(), phone: random.IntN(4) == 0, mailbox: random.IntN(3) == 0}
	if !p.start.mailbox {
		p.start.session = true
	}
	names := slices.Concat(slices.Sorted(maps.Keys(moves)), often)
	for range 4 + random.IntN(12) {
		p.moves = append(p.moves, move{attacker: random.IntN(3) > 0, name: names[random.IntN(len(names))], n: random.IntN(100)})
	}
	return p
}

// shrink returns a shorter scenario that breaks a rule.
func (ms *ModelSuite) shrink(p scenario) (scenario, string) {
	rule := ms.run(p)
	for i := 0; i < len(p.moves); {
		less := scenario{p.start, slices.Delete(slices.Clone(p.moves), i, i+1)}
		if broken := ms.run(less); broken != "" {
			p, rule, i = less, broken, 0
		} else {
			i++
		}
	}
	return p, rule
}

func (ms *ModelSuite) Test_Undo_RandomScenarios() {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	for n := range 60 {
		p := randomScenario(random)
		if ms.run(p) == "" {
			continue
		}
		p, rule := ms.shrink(p)
		lines := []string{}
		for _, m := range p.moves {
			lines = append(lines, m.String())
		}
		ms.FailNow(rule, "scenario %d of seed %d\n%+v\n%s", n, seed, p.start, strings.Join(lines, "\n"))
	}
}

func nullNow() nulls.Time { return nulls.NewTime(models.Clock.Now()) }
