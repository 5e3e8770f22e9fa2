package models_test

import (
	"github.com/gofrs/uuid"

	"corral/internal/undo"
	"corral/models"
)

// A node of an older release may store a change without raising users.changes.
func (ms *ModelSuite) Test_Change_IsNumberedAfterTheNewest() {
	ada := ms.signUp("ada@example.com")
	ms.NoError(ms.DB.Create(&undo.Change{ID: uuid.Must(uuid.NewV7()), UserID: ada.ID, Number: 3, Kind: models.ActivityEmail}))
	ms.addFactor("passkey")
	ms.Equal(4, ms.user("ada@example.com").Changes)
}
