package mailers

import (
	"context"
	"time"

	"corral/config"
)

// reachTimeout is how long a mail server may take to let us in.
const reachTimeout = 5 * time.Second

// Reach goes as far with the mail server as a delivery does, TLS and login
// included, and sends nothing.
func Reach(ctx context.Context, c config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	client, err := newSMTP(c).connect(ctx)
	if err != nil {
		return err
	}
	client.Close() // it let us in: how it says goodbye does not matter
	return nil
}
