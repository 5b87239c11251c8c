module kymo/bench/gen-trace

go 1.23
