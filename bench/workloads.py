"""What the load generators are made to do: each workload is a URL of our nginx and a number of connections."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Workload:
    text: str               # for people
    server: str = "plain"   # plain, tls (HTTP/1.1 over TLS), h2 (HTTP/2 over TLS)
    path: str = "/"         # 100 bytes; /4k and /1m
    connections: int = 64
    streams: int = 1        # requests in flight on one connection

    @property
    def in_flight(self):
        return self.connections * self.streams


WORKLOADS = {
    "plain": Workload("HTTP/1.1, 64 connections, 100 bytes"),
    "tls": Workload("HTTP/1.1 over TLS, 64 connections, 100 bytes", server="tls"),
    "h2": Workload("HTTP/2 over TLS, 8 connections with 8 streams each, 100 bytes", server="h2", connections=8,
                   streams=8),
    "4k": Workload("HTTP/1.1, 64 connections, 4 KB", path="/4k"),
    "1m": Workload("HTTP/1.1, 64 connections, 1 MB", path="/1m"),
    "c1": Workload("HTTP/1.1, 1 connection, 100 bytes", connections=1),
    "c512": Workload("HTTP/1.1, 512 connections, 100 bytes", connections=512),
    "c10000": Workload("HTTP/1.1, 10,000 connections, 100 bytes", connections=10000),
}
