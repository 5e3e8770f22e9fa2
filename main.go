// Corral is a session login to start an app from.
//
//	go run .            serves it on http://localhost:3000
//	go run . task NAME  runs a task; `task list` lists them
package main

import "corral/cmd"

func main() { cmd.Main() }
