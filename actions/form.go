package actions

// emailForm requests a mailed link, or a change of email.
type emailForm struct {
	Email string `form:"email"`
}

// newPasswordForm sets a password, behind a mailed link.
type newPasswordForm struct {
	Email    string `form:"username"` // for password managers, which store it with the password
	Link     string `form:"link"`     // one of models.FormDigests: binds the form to its link
	Password string `form:"password"`
}

type languageForm struct {
	Language string `form:"language"`
}
