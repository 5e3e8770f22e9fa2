// The Buffalo CLI looks for this file: see main.go.
package main

import "corral/cmd"

func main() { cmd.Main() }
