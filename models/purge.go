package models

import (
	"context"
	"log/slog"
	"time"

	"corral/internal/purge"
)

// deadTokenLifetime is how long the page of a dead link can say why it is dead,
// and the delivery of a late mail can start the lifetime of its link.
const deadTokenLifetime = 7 * 24 * time.Hour

// DeletedUserLifetime is how long a deleted account is kept, or longer: until the last link
// that undoes the deletion has expired. The link's mail may be late.
const DeletedUserLifetime = 8 * 24 * time.Hour

// RemovedFactorLifetime is how long a removed factor or identity is kept. A factor is kept
// longer, until the last link that restores it has expired, and the undo that the link started
// has ended. The link's mail may be late.
const RemovedFactorLifetime = 9 * 24 * time.Hour

// Lifetimes of mails that were sent or given up. `task user:why` lists them.
const (
	deliveredMailLifetime = 30 * 24 * time.Hour
	givenUpMailLifetime   = 90 * 24 * time.Hour
)

// StartJanitor purges in the background until it is stopped.
func StartJanitor(logger *slog.Logger) *purge.Janitor {
	return purge.Start(DB, Clocks, logger, expired, FinishUndos)
}

// Purge purges once.
func Purge(ctx context.Context) error { return purge.Run(ctx, DB, Clocks, expired, FinishUndos) }

// expired returns the rules for expired rows.
func expired(now time.Time) []purge.Rule {
	remove := purge.DeleteRule
	const deleted = "deleted_at <= ? AND NOT EXISTS (SELECT 1 FROM tokens WHERE user_id = users.id AND purpose = ? AND expires_at > ?)"
	args := []any{now.Add(-DeletedUserLifetime), PurposeUndo, now}
	toDeletedUsers, ofDeletedUsers := "recipient IN (SELECT email FROM users WHERE "+deleted+")", "user_id IN (SELECT id FROM users WHERE "+deleted+")"
	if DB.Dialect.Name() == "postgres" { // PostgreSQL would scan the whole table for IN
		toDeletedUsers = "recipient = ANY(ARRAY(SELECT email FROM users WHERE " + deleted + "))"
		ofDeletedUsers = "user_id = ANY(ARRAY(SELECT id FROM users WHERE " + deleted + "))"
	}
	return []purge.Rule{
		remove("activities", "user_id IS NULL", "user_id, id"),
		remove("sessions", "remembered = ? AND last_seen_at <= ?", "last_seen_at", false, now.Add(-settings.SessionIdle)),
		remove("sessions", "remembered = ? AND created_at <= ?", "created_at", false, now.Add(-settings.SessionLifetime)),
		remove("sessions", "remembered = ? AND created_at <= ?", "created_at", true, now.Add(-settings.RememberLifetime)),
		remove("rate_limits", "purge_ms <= ?", "purge_ms", now.UnixMilli()),
		remove("tokens", "expires_at <= ?", "expires_at", now.Add(-deadTokenLifetime)),
		remove("mails", toDeletedUsers, "recipient", args...),
		// In batches: the cascade of 500 users would keep SQLite's other writers waiting.
		remove("activities", ofDeletedUsers, "user_id, id", args...),
		remove("tokens", ofDeletedUsers, "user_id", args...),
		remove("users", deleted, "deleted_at", args...),
		remove("factors", `removed_at <= ?
			AND NOT EXISTS (SELECT 1 FROM tokens WHERE user_id = factors.user_id AND purpose = ? AND number <= removed_number AND expires_at > ?)
			AND NOT EXISTS (SELECT 1 FROM undo_parts WHERE user_id = factors.user_id AND factor_id = factors.id)`,
			"removed_at", now.Add(-RemovedFactorLifetime), PurposeUndo, now),
		remove("identities", "removed_at <= ?", "removed_at", now.Add(-RemovedFactorLifetime)),
		remove("used_challenges", "expires_at <= ?", "expires_at", now),
		remove("device_cookies", "expires_at <= ?", "expires_at", now),
		purge.UpdateRule("device_cookies", "skips_until = NULL, ip = '', user_agent = ''", "skips_until <= ?", "skips_until", now),
		remove("activities", "created_at <= ?", "created_at", now.Add(-activityLifetime)),
		purge.UpdateRule("activities", "ip = network, shorten_at = NULL", "shorten_at <= ?", "shorten_at", now),
		remove("mails", "delivered_at <= ?", "delivered_at", now.Add(-deliveredMailLifetime)),
		remove("mails", "given_up_at <= ?", "given_up_at", now.Add(-givenUpMailLifetime)),
	}
}
