// Package environ keeps the environment as the process was started with it.
//
// Buffalo's envy package loads .env over the real variables as soon as it is
// imported. Go initialises a package once all that it imports is ready, and of
// those that are ready the first by import path. This one imports os and
// nothing else; envy also waits for os/exec, so this one comes first under any
// module path that sorts before "unicode". TestRealVariablesWin, in package
// config, proves it for the path at hand.
package environ

import "os"

// AtStart is the environment ("KEY=value") before anybody changed it.
var AtStart = os.Environ()
