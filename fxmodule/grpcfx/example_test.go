package grpcfx_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
	"github.com/goflow-go/goflow/fxmodule/grpcfx"
	"github.com/goflow-go/goflow/fxmodule/limitfx"
	"github.com/goflow-go/goflow/limit"
)

type greeter struct {
	pb.UnimplementedTestServiceServer
}

func (g *greeter) Register(r grpc.ServiceRegistrar) { pb.RegisterTestServiceServer(r, g) }

func (*greeter) EmptyCall(context.Context, *pb.Empty) (*pb.Empty, error) { return &pb.Empty{}, nil }

func ExampleServe() {
	newGreeter := func() *greeter { return &greeter{} }
	var server *flowgrpc.Server
	app := fx.New(fx.NopLogger,
		limitfx.Keyed("clients", limit.KeyedConfig{Rate: limit.PerHour(1), Burst: 1}),
		grpcfx.AsService("api", newGreeter),
		grpcfx.Serve("api", grpcfx.Config{
			Server: flowgrpc.ServerConfig{Addr: "127.0.0.1:0"},
			Limit:  "clients",
		}),
		fx.Populate(fx.Annotate(&server, fx.ParamTags(`name:"api"`))),
	)

	ctx := context.Background() // app.Run does all of the following
	if err := app.Start(ctx); err != nil {
		panic(err)
	}
	conn, err := grpc.NewClient(server.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	for range 2 {
		_, err := pb.NewTestServiceClient(conn).EmptyCall(ctx, &pb.Empty{})
		fmt.Println(status.Code(err))
	}
	_ = conn.Close()
	if err := app.Stop(ctx); err != nil {
		panic(err)
	}
	// Output:
	// OK
	// ResourceExhausted
}
