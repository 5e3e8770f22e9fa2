package models

import "net/netip"

// Origin is the browser that a request came from, and what it shows of itself.
type Origin struct {
	Client     netip.Addr
	UserAgent  string
	Language   string // of the page; for the mails of an account that has chosen none
	RawDevice  string // the token of its device cookie, or ""
	RawSession string // the token of the session that it holds, or ""
}

// address is the client's, as text: "" when nobody asked, as in a task.
func (o Origin) address() string {
	if !o.Client.IsValid() {
		return ""
	}
	return o.Client.String()
}

// network is what is kept of the address in the long run: enough to tell home
// from abroad, too little to tell who it was.
func (o Origin) network() string {
	bits := 48
	if o.Client.Is4() {
		bits = 24
	}
	network, err := o.Client.Prefix(bits)
	if err != nil {
		return "" // nobody asked
	}
	return network.String()
}
