package models

import (
	"time"

	"github.com/gobuffalo/pop/v6"
	"github.com/gofrs/uuid"

	"corral/internal/outbox"
	"corral/internal/secret"
)

// The names of the app's mails.
const (
	MailSignup          = "signup"                 // link to choose a password
	MailSignupTaken     = "signup_taken"           // the email has an account
	MailReset           = "reset"                  // link to set a new password
	MailPasswordChanged = "password_changed"       // notice
	MailPasswordRemoved = "password_removed"       // notice
	MailPasskeyAdded    = "passkey_added"          // notice
	MailPasskeyRemoved  = "passkey_removed"        // notice
	MailPasskeyRestored = "passkey_restored"       // notice
	MailNewBrowser      = "new_browser"            // notice
	MailEmailConfirm    = "email_confirm"          // to the new email: link to confirm
	MailEmailTaken      = "email_taken"            // to the new email: it has an account
	MailEmailRequested  = "email_requested"        // notice to the old email
	MailEmailChanged    = "email_changed"          // notice to the old email, with undo link
	MailUndone          = "undone"                 // notice to both emails
	MailUndoFinished    = "undo_finished"          // notice: factors were changed back
	MailTOTPAdded       = "totp_added"             // notice
	MailTOTPRemoved     = "totp_removed"           // notice
	MailCodesAdded      = "codes_added"            // notice: new recovery codes
	MailSecondStepOn    = "second_step_on"         // notice
	MailSecondStepOff   = "second_step_off"        // notice
	MailFactorFirstUsed = "factor_first_used"      // notice
	MailCodeUsed        = "code_used"              // notice: a recovery code
	MailCodesLow        = "codes_low"              // notice: few recovery codes are left
	MailNotPassed       = "second_step_not_passed" // notice: after the right password
	MailEnrol           = "enrol"                  // link to set up a second step
	MailIdentity        = "identity"               // link to create an account with a provider
	MailIdentityLink    = "identity_link"          // link to add the identity to the email's account
	MailIdentityAdded   = "identity_added"         // notice
	MailIdentityRemoved = "identity_removed"       // notice
	MailEmailReserved   = "email_reserved"         // notice to a reserved email: a client wants to use it
	MailFactorsReset    = "factors_reset"          // notice: an operator removes the factors a day later
	MailFactorsRemoved  = "factors_removed"        // notice: an operator removed the factors
	MailAccountDeleted  = "account_deleted"        // notice, with undo link
)

// MailData holds the details in a mail's texts.
type MailData struct {
	When      time.Time `json:"when"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
	NewEmail  string    `json:"new_email,omitempty"`
	Until     time.Time `json:"until,omitzero"` // the end of the reservation, in MailEmailReserved
}

// queueMail queues a mail in the transaction of what the mail announces. rawToken is for
// the mail's link; "" means no link.
func queueMail(tx *pop.Connection, m outbox.Mail, client Client, rawToken string, newEmail ...string) error {
	if m.Language == "" {
		m.Language = client.Language
	}
	// Attackers can request any number of these.
	m.LowPriority = m.Template == MailSignup || m.Template == MailIdentity || m.Template == MailEmailConfirm
	data := MailData{When: Clock.Now(), IP: client.ip(), UserAgent: client.userAgent()}
	if len(newEmail) > 0 {
		data.NewEmail = newEmail[0]
	}
	if err := m.SetData(data); err != nil {
		return err
	}
	return Outbox.Add(tx, m, rawToken)
}

func (u *User) mail(tx *pop.Connection, template, recipient string, client Client) error {
	return queueMail(tx, outbox.Mail{Recipient: recipient, Template: template, Language: u.Language}, client, "")
}

// mailLink issues a token and queues a mail with its link.
func mailLink(tx *pop.Connection, t Token, template, language string, client Client, newEmail ...string) error {
	_, err := mailToken(tx, t, template, language, client, newEmail...)
	return err
}

func mailToken(tx *pop.Connection, t Token, template, language string, client Client, newEmail ...string) (rawToken string, err error) {
	if !secret.InPath(client.Next) { // the table holds only digests of tokens
		t.Next = client.Next
	}
	if rawToken, err = tokens.Issue(tx, t); err != nil {
		return "", err
	}
	return rawToken, queueMail(tx, outbox.Mail{Recipient: t.Email, Template: template, Language: language}, client, rawToken, newEmail...)
}

// mailNotMe mails a link that undoes the change with the number, and all later ones. The
// recipient is the email that the account had before the change.
func (u *User) mailNotMe(tx *pop.Connection, number int, template, recipient string, client Client, newEmail ...string) error {
	return mailLink(tx, u.undoToken(number, template, newID(), recipient), template, u.Language, client, newEmail...)
}

// undoToken returns the token of a mail's "this wasn't me" link. Each link has its own subject:
// redeeming it must not end links of older changes. The template tells what the mail was about.
func (u *User) undoToken(number int, template string, id uuid.UUID, recipient string) Token {
	return Token{Purpose: PurposeUndo, Subject: undoSubject(template, id), Number: number, Email: recipient, UserID: u.nullID()}
}

func undoSubject(template string, id uuid.UUID) string { return template + ":" + id.String() }

// mailNotice is mailNotMe for an event that is no change. The link undoes later changes.
func (u *User) mailNotice(tx *pop.Connection, template string, client Client, newEmail ...string) error {
	return u.mailNotMe(tx, u.Changes+1, template, u.Email, client, newEmail...)
}
