#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tiles.py KYMO TRACE: starts `kymo view`, and asks for what a browser would ask for.

Prints when the index and the first tiles were answered, counted from the start of the process; the latency of
single tiles at every zoom, for lanes of every kind; and the most memory that the server had.
"""
import http.client
import json
import random
import re
import signal
import statistics
import subprocess
import sys
import time

TILE_COLUMNS = 512


def connect(address):
    return http.client.HTTPConnection(*address, timeout=120)


def get(conn, path):
    conn.request("GET", path)
    answer = conn.getresponse()
    return answer.status, answer.read()


def peak_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: tiles.py KYMO TRACE")
    begin = time.monotonic()
    server = subprocess.Popen([sys.argv[1], "view", "--no-open", "--http", "127.0.0.1:0", sys.argv[2]],
                              stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()
        found = re.search(r"http://([0-9.]+):(\d+)/", line)
        if not found:
            sys.exit("tiles: the server did not say where it is: %r" % line)
        conn = connect((found.group(1), int(found.group(2))))
        status, _ = get(conn, "/")
        print("page answered after %7.1f ms (status %d)" % ((time.monotonic() - begin) * 1e3, status))
        while True:
            status, body = get(conn, "/api/trace")
            if status == 200:
                break
            if status != 503:
                sys.exit("tiles: /api/trace answers %d: %s" % (status, body[:200]))
            time.sleep(0.005)
        trace = json.loads(body)
        print("trace loaded after  %7.1f ms" % ((time.monotonic() - begin) * 1e3))
        duration = trace["duration_ns"]
        top = max(0, (duration // TILE_COLUMNS).bit_length())

        lanes = ["all", "gc", "stw", "heap", "grp:0", "grp:1"]
        lanes += ["p:%d" % row for row in range(1, 3)]
        lanes += ["m:%d" % row for row in range(1, 3)]
        lanes += ["g:%d" % row for row in random.Random(1).sample(range(1, trace["goroutines"] + 1), 4)]
        first = "".join("%s %d 0\n" % (lane, top) for lane in lanes)
        conn.request("POST", "/api/tiles", first)
        answer = conn.getresponse()
        body = answer.read()
        print("first tiles after   %7.1f ms (%d lanes, status %d, %d bytes)" %
              ((time.monotonic() - begin) * 1e3, len(lanes), answer.status, len(body)))

        dice = random.Random(7)
        by_level = {}
        for level in range(0, top + 1):
            blocks = duration // (TILE_COLUMNS << level) + 1
            for lane in lanes:
                for _ in range(8):
                    path = "/api/tile/%s/%s/%d/%d" % (trace["trace"], lane, level, dice.randrange(blocks))
                    start = time.perf_counter()
                    status, _ = get(conn, path)
                    if status == 200:
                        by_level.setdefault(level, []).append((time.perf_counter() - start) * 1e3)
        everything = sorted(x for times in by_level.values() for x in times)
        if not everything:
            sys.exit("tiles: no tile was answered")
        worst_median = max((statistics.median(times), level) for level, times in by_level.items())
        print("a tile: median %.3f ms, 99%% %.3f ms, most %.3f ms (%d tiles, levels 0..%d); slowest level %d: median %.3f ms" %
              (statistics.median(everything), everything[len(everything) * 99 // 100], everything[-1], len(everything), top,
               worst_median[1], worst_median[0]))
        print("peak memory of the server: %d MiB" % (peak_kib(server.pid) // 1024))
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


main()
