package grifts

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"corral/internal/useragent"
	"corral/models"
)

func sayFactors(f *models.Findings) {
	if f.User.SecondStep {
		say("Its second step is on: after the password, a login needs one of these, but for a recovery code used before.")
	} else {
		say("Its second step is off: the password alone logs in.")
	}
	if f.User.MustEnrol() {
		say("SECOND_FACTOR=required: it reaches nothing else before its owner adds a passkey or TOTP, by a mailed link.")
	}
	for _, factor := range f.Factors {
		used := "never used"
		if factor.LastUsedAt.Valid {
			used = "last used " + moment(factor.LastUsedAt.Time)
		}
		switch factor.Kind {
		case models.FactorPasskey:
			say("  passkey “%s”, added %s, %s", factor.Name, moment(factor.CreatedAt), used)
		case models.FactorTOTP:
			say("  TOTP, added %s, %s", moment(factor.CreatedAt), used)
		case models.FactorCodes:
			say("  recovery codes, made %s, %s, %d left", moment(factor.CreatedAt), used, f.CodesLeft)
		}
	}
	for _, i := range f.Identities {
		used := "never used"
		if i.LastUsedAt.Valid {
			used = "last used " + moment(i.LastUsedAt.Time)
		}
		say("  identity “%s” of %s, as %s then, linked %s, %s", i.Subject, i.Issuer, cmp.Or(i.Email, "no email"), moment(i.CreatedAt), used)
	}
	if f.User.SecondStep && len(f.Factors) > 0 {
		say("If its owner has none of them any more, `task user:reset-factors %s` removes them.", f.Email)
	}
	if f.LimitedCodes != nil {
		say("TOTP codes are rate limited until %s; passkeys and recovery codes are not.", moment(models.Clock.Now().Add(f.LimitedCodes.RetryAfter)))
	}
	for _, skip := range f.Skips {
		say("  The second step is skipped by %s, from %s, until %s.", useragent.Describe(skip.UserAgent), skip.IP, moment(skip.SkipsUntil.Time))
	}
	for _, w := range f.Waiting {
		say("  At %s: %s. An undo or a task asked for it; a login by a factor that was there before stops it.", moment(w.DueAt), strings.TrimSpace(text("activity."+w.Kind)+" "+w.Name))
	}
}

// sayUndoLinks says one line for each email, and reports whether there is one.
func sayUndoLinks(f *models.Findings) (found bool) {
	counts, last := map[string]int{}, map[string]time.Time{}
	for _, token := range f.Tokens {
		if token.Purpose == models.PurposeUndo && f.User != nil { // without an account they reserve the email
			counts[token.Email]++
			if token.ExpiresAt.After(last[token.Email]) {
				last[token.Email] = token.ExpiresAt
			}
		}
	}
	for _, email := range slices.Sorted(maps.Keys(counts)) {
		say("Links to undo changes, mailed to %s: %d. The last one works until %s.", email, counts[email], moment(last[email]))
	}
	return len(counts) > 0
}
