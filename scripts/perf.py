"""perf.py HARDEN TURNS TREE TENTH [TREE TENTH ...]: times `harden --check TREE` and `cat` of the same files in turns.

Prints for each pair of trees the median of the ratios of one turn, the peak memory, and how many times as long the tree
takes as its tenth. Turns, because what else the machine does then slows both.
"""

import os
import resource
import statistics
import subprocess
import sys
import time

CAT = 'find "$1" -type f -print0 | xargs -0 cat'


def timed(command):
    """Seconds."""
    start = time.perf_counter()
    code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    assert code in (0, 1, 2), f"{command}: {code}"
    return time.perf_counter() - start


def peak_megabytes(command):
    """Of this command alone: measured in a child of its own, whose only child it is."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        timed(command)
        os.write(writer, str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss).encode())
        os._exit(0)
    os.waitpid(child, 0)
    kilobytes = int(os.read(reader, 32))
    return kilobytes / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main():
    program, turns, trees = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {turns} turns")
    for tree, tenth in zip(trees[::2], trees[1::2]):
        check = lambda folder: timed([program, "--check", "--no-config", folder])
        cat = lambda folder: timed(["sh", "-c", CAT, "sh", folder])
        check(tree), cat(tree), check(tenth)
        rows = [(check(tree), cat(tree), check(tenth)) for _ in range(turns)]
        median = lambda values: statistics.median(list(values))
        print(
            f"{os.path.basename(tree)}: {median(c / k for c, k, _ in rows):.2f} times cat"
            f" (harden {median(c for c, _, _ in rows) * 1000:.0f} ms, cat {median(k for _, k, _ in rows) * 1000:.0f} ms),"
            f" peak {peak_megabytes([program, '--check', tree]):.0f} MB,"
            f" {median(c / t for c, _, t in rows):.1f} times its tenth"
        )


main()
