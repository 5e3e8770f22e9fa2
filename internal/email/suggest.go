package email

import "strings"

var commonDomains = []string{
	"gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "live.com", "yahoo.com", "icloud.com",
	"aol.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de",
	"orange.fr", "free.fr", "yahoo.co.jp", "uol.com.br", "fastmail.com",
}

// Suggest replaces the domain of typed by a common one that is one or two letters away. It
// returns "" if there is none, or if the domain is common. It reveals nothing about accounts.
func Suggest(typed string) string {
	local, domain, ok := strings.Cut(strings.ToLower(typed), "@")
	if !ok || len(typed) > maxBytes {
		return ""
	}
	best, nearest := "", 3
	for _, common := range commonDomains {
		switch d := distance(domain, common); {
		case d == 0:
			return ""
		case d < nearest && len(common) > 4*d: // many domains are two letters from aol.com
			best, nearest = local+"@"+common, d
		}
	}
	return best
}

// distance returns the optimal string alignment distance in bytes.
func distance(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// OneLetterAway returns texts that differ from email by a letter that is inserted, deleted,
// replaced or transposed: about eighty for each letter, some of them twice or no emails.
func OneLetterAway(email string) (variants []string) {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789.-_+@"
	for i := range len(email) + 1 {
		before, after := email[:i], email[i:]
		for _, r := range alphabet {
			variants = append(variants, before+string(r)+after)
			if after != "" {
				variants = append(variants, before+string(r)+after[1:])
			}
		}
		if after != "" {
			variants = append(variants, before+after[1:])
		}
		if len(after) > 1 {
			variants = append(variants, before+after[1:2]+after[:1]+after[2:])
		}
	}
	return variants
}
