package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

// endLinks holds how the factors end the links in a mailbox that the account has left,
// by whether the client sends JSON.
var endLinks = map[bool]buffalo.Handler{
	false: endLinksByCode,
	true:  endLinksByPasskey,
}

// AccountSecurityLinksDestroy is DELETE /account/security/links/{id}: ends the
// links in a mailbox that the account has left, by a factor given for that purpose.
func AccountSecurityLinksDestroy(c buffalo.Context) error {
	if end := endLinks[web.SendsJSON(c.Request())]; end != nil {
		return end(c)
	}
	return c.Error(http.StatusUnsupportedMediaType, errors.New("no factor ends links by this"))
}
