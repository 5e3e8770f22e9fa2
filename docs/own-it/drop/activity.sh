# Drops the page that lists a user's activity.
. "$(dirname "$0")/common.sh"

remove actions/account_activity* templates/account_activity

# The route, the links to the page and its texts.
remove_lines 'AccountActivity|accountActivity|home\.activity' actions/app.go templates/_nav.plush.html templates/home/*
remove_lines 'id: (account_activity\.|home\.activity)' locales/*.yaml
finish 'activity page'
