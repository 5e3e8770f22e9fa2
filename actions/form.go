package actions

// emailForm requests a mailed link, or a change of email.
type emailForm struct {
	Email string `form:"email"`
}

// newPasswordForm sets a password.
type newPasswordForm struct {
	Email    string `form:"username"` // for password managers, which store it with the password
	Link     string `form:"link"`     // one of models.FormDigests, or "": binds the form to its mailed link
	Password string `form:"password"`
}

type languageForm struct {
	Language string `form:"language"`
}
