package grifts

import (
	"context"
	"fmt"
	"strings"

	"corral/models"
)

// noAccount returns the error of a task on an email without an account.
func noAccount(ctx context.Context, email string) error {
	r, err := models.FindReservation(ctx, email)
	if err != nil {
		return fmt.Errorf("%s has no account", email)
	}
	return fmt.Errorf("%s has no account: it is %s", email, reserved(r))
}

// taken returns the error of a task that creates an account.
func taken(ctx context.Context, email string) error {
	r, err := models.FindReservation(ctx, email)
	if err != nil {
		return fmt.Errorf("%s has an account already", email)
	}
	return fmt.Errorf("%s is %s", email, reserved(r))
}

// reserved says until when an email is reserved, and why.
func reserved(r *models.Reservation) string {
	var reasons []string
	if !r.ChangedAt.IsZero() {
		reasons = append(reasons, fmt.Sprintf("changed to %s at %s", r.User.Email, moment(r.ChangedAt)))
	}
	if r.User.DeletedAt.Valid {
		reasons = append(reasons, "its account deleted at "+moment(r.User.DeletedAt.Time))
	}
	return fmt.Sprintf("reserved until %s: %s", moment(r.Until), strings.Join(reasons, ", "))
}
