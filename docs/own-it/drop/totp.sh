# Drops TOTP and recovery codes.
. "$(dirname "$0")/common.sh"

remove internal/totp internal/recovery internal/factor/totp*
remove_named totp recovery code

# Routes.
remove_lines 'AccountSecurity(TOTP|RecoveryCodes)|LoginSecondCreate' actions/app.go

# The security page, and where new recovery codes were shown.
remove_lines 'CodesLeft\(|Set\("(totp|codes)"|ByCode' actions/account_security.go actions/account_security_links.go
replace 'goToRecoveryCodes\(c, codes\)' 'redirect(c, "accountSecurityPath()")' actions/account_security_*.go
replace 'codes(?=, err := .*TurnSecondStep)' '_' actions/account_security_*.go

# Confirmation by a code.
remove_lines '\bCode\b' actions/sudo.go models/authenticate.go
remove_lines 'pendingTOTPKey' actions/current.go
replace 'return s\.confirmWithCode\(.*' 'return "", ErrBadCredentials' models/session_confirm.go

# The second step, the task user:why, mails.
replace 'u\.wrongCodes\(\)\.Clear\(tx\), ' '' models/factor.go
remove_lines 'Filter\(opens\)|wrongCodes|replaceCodes|RecoveryCodesLeft|Factors\.KeyLost' models/factor.go models/second_step_switch.go models/why.go
remove_lines 'Mail(TOTP|Code)' models/mail.go

# Templates and texts.
remove_lines 'partial\(".*(totp|code)' templates/account_security/*.html templates/login_second/*.html templates/sudo/*.html
replace ' form="second-step"' '' templates/login_second/new.plush.html
replace '<%= if \(!new_codes\) \{ %>|<% } %>(?=\s*</footer>)' '' templates/application.plush.html
remove_lines 'id: (totp|recovery_codes|login_second\.(code|hint|skip|button)|account_security\.(totp|recovery|next_codes|links_end,)|mail\.(totp|code))' locales/*.yaml
finish 'authenticator app|one-time code|recovery code|login_second_code'
