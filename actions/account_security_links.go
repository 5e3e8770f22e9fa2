package actions

import (
	"errors"
	"net/http"

	"github.com/gobuffalo/buffalo"

	"corral/internal/web"
)

// endLinks holds a handler for each factor, by whether the request is JSON. A factor that was
// dropped has none.
var endLinks = map[bool]buffalo.Handler{
	false: endLinksByCode,
	true:  endLinksByPasskey,
}

// AccountSecurityLinksDestroy is DELETE /account/security/links/{id}: ends the mailed
// links to a former email of the account, if the user uses a factor for that purpose.
func AccountSecurityLinksDestroy(c buffalo.Context) error {
	if end := endLinks[web.SendsJSON(c.Request())]; end != nil {
		return end(c)
	}
	return c.Error(http.StatusUnsupportedMediaType, errors.New("no factor of this app takes this content type"))
}
