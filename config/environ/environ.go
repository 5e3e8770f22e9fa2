// Package environ keeps the environment as the process was started with it.
//
// Buffalo's envy package loads .env over the real variables as soon as it is
// imported. Go initialises a package once all that it imports is ready, in the
// order of the import paths; this one imports os and nothing else, so it is
// ready before envy is. TestRealVariablesWin, in package config, proves it.
package environ

import "os"

// AtStart is the environment ("KEY=value") before anybody changed it.
var AtStart = os.Environ()
