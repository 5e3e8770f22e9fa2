package actions

import (
	"net/http"

	"corral/internal/web"

	"github.com/gobuffalo/buffalo"
)

// AccountLanguageUpdate is PUT /account/language: sets the language of the
// account's pages and mails; "" follows the browser.
func AccountLanguageUpdate(c buffalo.Context) error {
	var form languageForm
	form.Language = "missing"
	if err := web.Bind(c, &form); err != nil {
		return err
	}
	if form.Language != "" && !T.Ships(form.Language) {
		return c.Error(http.StatusUnprocessableEntity, errNoSuchLanguage)
	}
	if err := currentUser(c).ChooseLanguage(c, form.Language); err != nil {
		return changedMeanwhile(c, err)
	}
	languageCookie().Set(c, form.Language) // for error pages, and after logout
	c.Flash().Add("success", "account.language_saved")
	return redirect(c, "accountPath()")
}
