package actions

// emailForm requests a mailed link, or a change of email.
type emailForm struct {
	Email string `form:"email"`
}

// newPasswordForm is behind a mailed link.
type newPasswordForm struct {
	Email    string `form:"username"` // of the account, for password managers
	Link     string `form:"link"`     // one of models.FormDigests
	Password string `form:"password"`
}

type languageForm struct {
	Language string `form:"language"`
}
