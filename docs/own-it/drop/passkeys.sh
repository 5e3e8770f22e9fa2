# Drops passkeys. A password can no longer be removed, since only users with a passkey may do it.
. "$(dirname "$0")/common.sh"

remove internal/passkey internal/factor/passkey*
remove_named passkey

# Routes, handlers and mails.
remove_lines '(?i)passkey|PasswordDestroy|LinksOptions' actions/app.go actions/render.go actions/account_security.go actions/account_security_links.go models/models.go
remove_lines 'Filter\(works\)' models/factor.go
remove_lines 'Mail(Passkey|PasswordRemoved)' models/mail.go

# The task doctor: passkeys need a domain.
replace 'of\(checkHost\)' 'good("HOST is good")' grifts/doctor.go

# Templates: what they show unless passkeys are off. Texts.
replace '<%= if \(passkeysOff(?s:.*?)<% } %>' '' templates/*/*.html
remove_lines 'account_security/passkeys' templates/account_security/show.plush.html
remove_lines 'id: (passkey|account_security\.passkeys|mail\.(passkey|password_removed))' locales/*.yaml
finish 'passkey'
