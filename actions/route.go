package actions

import (
	"github.com/gobuffalo/pop/v6"

	"corral/internal/database"
	"corral/internal/route"
	"corral/models"
)

// Short names for the table of routes.
var (
	get, post, put, del = route.Get, route.Post, route.Put, route.Delete

	// maxBody limits the request body, in bytes. The routes of a path share the largest limit.
	maxBody = route.MaxBody
	// maxTime limits the duration of a request, 15 seconds by default; 0 is unlimited,
	// for streams.
	maxTime = route.MaxTime
	// mark marks a route for Authorize: see enrol and enrolByLink.
	mark = route.Mark
)

// Transaction is middleware for generated resources:
//
//	app.Resource("/widgets", WidgetsResource{}).Use(Transaction)
//
// The app's handlers do not use it: a rollback would undo the count of attempts.
var Transaction = database.Transaction(func() *pop.Connection { return models.DB })
