// The Buffalo CLI requires this file: see /main.go.
package main

import "corral/cmd"

func main() { cmd.Main() }
