package grifts

import (
	"fmt"

	"corral/config"
)

func init() {
	add("secret", "", "Prints a fresh secret for SESSION_SECRET", func([]string) error {
		fmt.Fprintln(out, config.NewSecret())
		return nil
	})
}
