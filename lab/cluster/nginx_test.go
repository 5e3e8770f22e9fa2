package cluster

import (
	"net/http"

	"corral/lab/binary"
	"corral/lab/services"
)

const domain = services.Domain

func (c *cluster) startNginx() {
	c.t.Helper()
	c.nginx, c.nginxLog = services.StartNginx(c.t, binary.Root(), c.certificate, [2]string{c.nodes[0].address, c.nodes[1].address})
	eventually(c.t, func() bool {
		answer, err := c.browser().try("GET", "/welcome", nil)
		return err == nil && answer.status == http.StatusOK
	}, "nginx does not answer")
}
