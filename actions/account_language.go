package actions

import (
	"net/http"

	"github.com/gobuffalo/buffalo"
)

// AccountLanguageUpdate is PUT /account/language: the language of the pages
// and the mails of this account, in every browser; "" follows the browser.
func AccountLanguageUpdate(c buffalo.Context) error {
	chosen := field(c, "language")
	if _, sent := c.Request().PostForm["language"]; !sent || chosen != "" && !texts.Ships(chosen) {
		return c.Error(http.StatusUnprocessableEntity, errNoSuchLanguage)
	}
	if err := currentUser(c).ChooseLanguage(c, chosen); err != nil {
		return err
	}
	keepLanguage(c, chosen) // also for the pages that know no account: errors, and after logout
	c.Flash().Add("success", "account.language_saved")
	return redirect(c, "/account")
}
