package grifts

import "corral/mailers"

func previewMail(args []string) error {
	c, err := loadConfig()
	if err != nil {
		return err
	}
	message, err := mailers.Preview(c, args[0])
	if err != nil {
		return err
	}
	say("Subject: %s\n\n%s\n\n%s", message.Subject, message.Bodies[0].Content, message.Bodies[1].Content)
	return nil
}
