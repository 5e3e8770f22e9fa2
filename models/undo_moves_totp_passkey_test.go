package models_test

// An attacker at an open session makes two of these moves, in every order, or four. The owner's
// oldest link must undo all of them. The attacker's links must undo nothing.
func (ms *ModelSuite) Test_Undo_MovesOfAnAttacker() {
	attackerMoves := []string{"change email", "add passkey", "remove TOTP", "delete", "reset", "end other sessions"}
	secondStep := start{passkey: true, totp: true, session: true}
	for _, first := range attackerMoves {
		for _, second := range attackerMoves {
			if first != second {
				ms.requireUndone(start{session: true}, first, second)
				ms.requireUndone(secondStep, first, second)
			}
		}
	}
	ms.requireUndone(secondStep, "change email", "add passkey", "reset", "delete")
	ms.requireUndone(secondStep, "add passkey", "change email", "remove TOTP", "reset")
	ms.requireUndone(secondStep, "remove TOTP", "add passkey", "end other sessions", "change email")
	ms.requireUndone(start{session: true}, "end other sessions", "change email", "reset", "add passkey")
	ms.requireUndone(start{session: true, passkey: true}, "add passkey", "change email", "reset", "delete")
}

// requireUndone makes moves of an attacker. At the end, the owner must have everything back.
func (ms *ModelSuite) requireUndone(st start, names ...string) {
	var moves []move
	for _, name := range names {
		moves = append(moves, move{attacker: true, name: name})
	}
	if rule := ms.run(scenario{st, moves}); rule != "" {
		ms.FailNow(rule, "%+v: %v", st, names)
	}
}
