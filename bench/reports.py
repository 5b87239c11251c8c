#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""reports.py KYMO TRACE: starts `kymo view`, and asks for every report and profile.

Prints the slowest of three answers of each, of the whole trace once those that the server runs beforehand are there; of
the middle half of the trace, of nearly all and of a hundredth of it (never asked before: computed while one waits), of
the last one once more from memory; and of pages of all goroutines in orders that were not asked for before.
"""
import http.client
import json
import re
import signal
import subprocess
import sys
import time

PROFILES = ["net", "sync", "syscall", "sched", "block", "create", "stw"]


def ask(address, path):
    conn = http.client.HTTPConnection(*address, timeout=300)
    begin = time.monotonic()
    conn.request("GET", path)
    answer = conn.getresponse()
    body = answer.read()
    conn.close()
    return answer.status, body, (time.monotonic() - begin) * 1e3


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def settle(pid):
    """Until the server has used no processor for a second."""
    last = cpu_seconds(pid)
    while True:
        time.sleep(1)
        now = cpu_seconds(pid)
        if now - last < 0.05:
            return
        last = now


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: reports.py KYMO TRACE")
    server = subprocess.Popen([sys.argv[1], "view", "--no-open", "--http", "127.0.0.1:0", sys.argv[2]],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        address = re.search(r"http://([^:/]+):(\d+)/", server.stdout.readline())
        address = (address[1], int(address[2]))
        while ask(address, "/api/trace")[0] == 503:
            time.sleep(0.05)
        settle(server.pid)
        duration = json.loads(ask(address, "/api/trace")[1])["duration_ns"]
        windows = ["&from=%d&to=%d" % (duration * a // 1000, duration * b // 1000)
                   for a, b in ((250, 750), (50, 970), (500, 510))]
        names = [r["name"] for r in json.loads(ask(address, "/api/reports")[1])]
        paths = ["/api/report/%s?format=page&top=100" % n for n in names] + ["/api/profile/%s?format=json" % p for p in PROFILES]
        row = "%-34s" + " %12.1f" * 5
        print("%-34s %12s %12s %12s %12s %12s" % ("report, ms", "whole trace", "half of it", "92 % of it", "1 % of it", "again"))
        worst = [0.0] * 5
        # First all of what is there: the server keeps so many reports, and those asked for last.
        whole = [max(ask(address, path)[2] for _ in range(3)) for path in paths]
        listed = "/api/report/goroutines?list=1&format=page&top=100"
        total = json.loads(ask(address, listed)[1])["tables"][0]["total"]
        page = max(ask(address, listed + "&offset=%d" % (total // 2))[2] for _ in range(3))
        orders = [ask(address, listed + "&sort=" + key)[2] for key in ("execution_ns", "sched_wait_ns", "goroutine")]
        for path, first in zip(paths, whole):
            took = [first] + [ask(address, path + window)[2] for window in windows]
            took += [max(ask(address, path + windows[-1])[2] for _ in range(3))]
            worst = [max(a, b) for a, b in zip(worst, took)]
            print(row % (path.split("?")[0][5:], *took))
        print(row % ("the slowest", *worst))
        print("\na page of %d goroutines: %.1f ms; sorted anew: by execution %.1f, by scheduler wait %.1f, by id %.1f ms"
              % (total, page, *orders))
        with open("/proc/%d/status" % server.pid, encoding="ascii") as f:
            print("peak memory of the server: %d MiB" % (int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) // 1024))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


main()
