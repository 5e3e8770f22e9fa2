package grifts

import "corral/internal/secret"

func printSecret([]string) error {
	say("%s", secret.New())
	return nil
}
