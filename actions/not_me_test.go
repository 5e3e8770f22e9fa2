package actions
