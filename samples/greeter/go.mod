module quintet.dev/samples/greeter

go 1.24
