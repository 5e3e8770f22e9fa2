package models

import (
	"context"
	"fmt"
)

// ChooseLanguage stores the language of the account's pages and mails, a BCP 47
// tag; "" follows the browser.
func (u *User) ChooseLanguage(ctx context.Context, tag string) error {
	u.Language = tag
	if err := DB.WithContext(ctx).UpdateColumns(u, "language", "updated_at"); err != nil {
		return fmt.Errorf("storing a language: %w", err)
	}
	return nil
}
