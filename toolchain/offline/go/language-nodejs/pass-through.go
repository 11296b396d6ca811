// Compiled into the Node host, whose proxy of the engine's resource monitor knows only the calls of its own time:
// whatever is newer, such as resource hooks, goes through it as it is.
package main

import (
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

func passThrough(monitor *grpc.ClientConn) grpc.ServerOption {
	return grpc.UnknownServiceHandler(func(_ any, call grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(call)
		// A message without fields keeps all that it is sent as unknown ones.
		var request, answer emptypb.Empty
		if err := call.RecvMsg(&request); err != nil {
			return err
		}
		if err := monitor.Invoke(call.Context(), method, &request, &answer); err != nil {
			return err
		}
		return call.SendMsg(&answer)
	})
}
