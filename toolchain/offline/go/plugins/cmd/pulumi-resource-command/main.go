package main

import (
	"context"
	"fmt"
	"os"

	"mia/offline/plugins/commandp"
)

func main() {
	p, err := commandp.Provider()
	if err == nil {
		err = p.Run(context.Background(), "command", commandp.Version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
