// What holds a Pod's namespaces open: it waits to be ended.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	reap := make(chan os.Signal, 16) // it is PID 1 where a Pod shares its process namespace
	signal.Notify(reap, syscall.SIGCHLD)
	for {
		select {
		case <-ended:
			return
		case <-reap:
			for {
				if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
					break
				}
			}
		}
	}
}
