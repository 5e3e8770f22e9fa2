# Drops the page that lists a user's sessions.
. "$(dirname "$0")/common.sh"

remove actions/account_sessions* templates/account_sessions

# The routes, the links to the page and its texts.
remove_lines 'AccountSessions|accountSessions|home\.devices' actions/app.go templates/_nav.plush.html templates/home/*
remove_lines 'id: (account_sessions\.|home\.devices)' locales/*.yaml
finish 'Devices page'
