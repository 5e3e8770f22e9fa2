# Drops providers: log-in and sign-up with an identity of an OpenID Connect provider.
. "$(dirname "$0")/common.sh"

remove internal/oidc actions/auth.go actions/auth_* templates/auth_*
remove_named provider identity

# Routes, and the configuration that pages and handlers read.
remove_lines '\{provider\}|SignupIdentity|AuthLink' actions/app.go
remove_lines '(?i)provider' actions/render.go config/config.go

# Sign-up and log-in: the identity that waits for its link.
replace '^\tif pending, _ := pendingIdentity(?s:.*?)^\t}\n' '' actions/signup.go actions/check_mail.go
remove_lines 'pendingKey|keepPending|restorePending' actions/signup.go actions/current.go
replace ', PurposeIdentity' '' models/signup.go
remove_lines 'PurposeIdentity' models/token.go

# The security page and the confirmation.
remove_lines '(?i)provider' actions/account_security.go
replace ', setProviders\(c, currentUser\(c\)\)' '' actions/sudo.go
replace 'u\.hasIdentity\(tx\)' 'false, nil' models/factor.go
remove_lines 'Identities' models/undo.go

# Mails.
remove_lines 'MailIdentity' models/mail_resolve.go
replace ' \|\| m\.Template == MailIdentity' '' models/mail.go
remove_lines 'MailIdentity' models/mail.go mailers/mailers.go

# The tasks doctor and user:why.
replace '^\tfor _, p := range c\.Providers(?s:.*?)^\t}\n|^// checkProvider(?s:.*?)^}\n' '' grifts/doctor.go
remove_lines '/oidc"' grifts/doctor.go
remove_lines 'Identit' models/why.go
replace ', models\.PurposeIdentity' '' grifts/user_why.go
replace '^.*range \.Identities(?s:.*?)end.*\n' '' grifts/user_why.txt
remove_lines 'dentities' grifts/user_why.txt

# Templates and texts.
remove_lines 'partial\(".*providers' templates/account_security/show.plush.html templates/login/*.html templates/signup/*.html templates/sudo/*.html
replace ' && !linked' '' templates/account_security/*.html actions/account_security.go
replace ' \|\| requested == "identity"' '' templates/check_mail/*.html
remove_lines 'id: (provider|auth_link|signup\.identity|account_security\.(providers|protection_provider)|mail\.identity)' locales/*.yaml
finish 'provider'
