package actions

// emailForm requests a mailed link.
type emailForm struct {
	Email string `form:"email"`
}

// newPasswordForm is behind a mailed link.
type newPasswordForm struct {
	Email    string `form:"username"` // the account that the form names
	Link     string `form:"link"`     // of models.FormDigests
	Password string `form:"password"`
}

type languageForm struct {
	Language string `form:"language"`
}
