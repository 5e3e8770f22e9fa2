package mailers_test

import "corral/models"

func init() { withoutNotMe = append(withoutNotMe, models.MailIdentity, models.MailIdentityLink) }
