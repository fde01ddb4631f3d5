"""Sends GET requests over held connections as fast as they are answered; a process of its own.

    python -m benchmarks.load HOST PORT CONNECTIONS SECONDS < paths-and-headers.json

Reads {"paths": [...], "headers": {...}} and prints {"requests": n, "seconds": s, "latencies_ms": [p50, p99]}.
Only loopback addresses are taken; the run is bounded by SECONDS, at most 60.
"""

import asyncio
import json
import statistics
import sys
import time
from itertools import count

import uvloop

LONGEST_SECONDS = 60.0


async def _connection(host: str, port: int, requests: list[bytes], turn: "count[int]", until: float) -> list[float]:
    reader, writer = await asyncio.open_connection(host, port)
    taken: list[float] = []
    while (began := time.perf_counter()) < until:
        writer.write(requests[next(turn) % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"not answered: {head[:200]!r}")
        at = head.lower().index(b"content-length:") + 15
        await reader.readexactly(int(head[at : head.index(b"\r", at)]))
        taken.append(time.perf_counter() - began)
    writer.close()
    return taken


async def _main() -> None:
    host, port, connections, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    if host not in {"127.0.0.1", "::1"} or seconds > LONGEST_SECONDS:
        raise SystemExit("loopback and at most 60 seconds only")
    given = json.load(sys.stdin)
    headers = "".join(f"{name}: {value}\r\n" for name, value in given["headers"].items())
    requests = [f"GET {path} HTTP/1.1\r\nhost: {host}\r\n{headers}\r\n".encode() for path in given["paths"]]
    began = time.perf_counter()
    turn = count()
    runs = [_connection(host, port, requests, turn, began + seconds) for _ in range(connections)]
    taken = sorted(value for run in await asyncio.gather(*runs) for value in run)
    cuts = statistics.quantiles(taken, n=100)
    result = {
        "requests": len(taken),
        "seconds": time.perf_counter() - began,
        "latencies_ms": [cuts[49] * 1e3, cuts[98] * 1e3],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    uvloop.run(_main())
