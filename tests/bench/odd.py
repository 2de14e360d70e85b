"""The odd machines of `machines.py`: what is odd, in shell, and the possible outcomes."""

from typing import Literal, NamedTuple


class Machine(NamedTuple):
    """`script` runs in a mount namespace in $HERE, where h, t and c are HOME, TMPDIR and the cache.

    Unless it calls "$@" itself, that follows. `cold`: the environment is built there. `slower`:
    seconds that the machine itself costs. `user`: run as a user that passwd does not know.
    """

    name: str
    want: Literal["works", "cannot", "either"]
    script: str
    cold: bool = False
    python: tuple[str, ...] = ()
    slower: float = 0.0
    online: bool = False
    user: bool = False


def _limit(name: str, want: Literal["works", "cannot", "either"], words: str) -> Machine:
    return Machine(name, want, f"ulimit {words}", cold=True)


def _refused(want: Literal["works", "cannot", "either"], calls: str) -> Machine:
    return Machine(f"refused {calls}", want, f'exec $REFUSING {calls} "$@"')


LIMITS = (
    _limit("nofile 256, soft", "works", "-Sn 256"),
    _limit("nofile 256", "works", "-n 256"),
    _limit("nofile 64", "either", "-n 64"),
    _limit("nofile 24", "cannot", "-n 24"),
    _limit("nofile 8", "cannot", "-n 8"),
    _limit("cpu 1 s", "cannot", "-t 1"),
    _limit("cpu 1 s, soft", "either", "-St 1"),
    _limit("cpu 20 s", "either", "-t 20"),
    _limit("fsize 0", "cannot", "-f 0"),
    _limit("fsize 1 kB", "cannot", "-f 1"),
    _limit("fsize 200 kB", "cannot", "-f 200"),
    _limit("fsize 4 GB", "works", "-f 4000000"),
    _limit("address space 150 MB", "cannot", "-v 150000"),
    _limit("address space 4 GB", "works", "-v 4000000"),
    _limit("data 30 MB", "cannot", "-d 30000"),
    _limit("stack 256 kB", "either", "-s 256"),
    _limit("stack unlimited", "works", "-s unlimited"),
    _limit("core unlimited", "works", "-c unlimited"),
    _limit("locked memory 0", "works", "-l 0 -i 0 -q 0"),
    _limit("resident 1 kB", "works", "-m 1"),
    Machine("processes 3, user", "cannot", "ulimit -u 3", user=True),
    Machine("processes 12, user", "either", "ulimit -u 12", user=True),
    Machine("processes 200, user", "works", "ulimit -u 200", user=True),
    Machine(
        "OOM killer",
        "cannot",
        "cp /proc/vmstat v; mount --bind v /proc/vmstat; sed 's/^oom_kill .*/oom_kill 999/' v > w\n"
        '"$@" & while kill -0 $!; do pid=$(pgrep -xf "python app.py") && cat w > v'
        " && kill -9 $pid; sleep 0.05; done 2>/dev/null; wait $!",
    ),
)
MOUNTS = (
    Machine("temp noexec", "cannot", "mount -t tmpfs -o noexec none t"),
    Machine("temp noexec, cold", "cannot", "mount -t tmpfs -o noexec none t", cold=True),
    Machine("cache noexec", "cannot", "mount --bind c c; mount -o remount,bind,noexec c"),
    Machine(
        "cache noexec, cold",
        "cannot",
        "mount --bind c c; mount -o remount,bind,noexec c",
        cold=True,
    ),
    Machine("app noexec", "works", "mount --bind good good; mount -o remount,bind,noexec good"),
    Machine("temp read-only", "either", "mount -t tmpfs -o ro none t"),
    Machine(
        "all temp read-only",
        "either",
        "for d in t /tmp /var/tmp /dev/shm; do mount --rbind "
        "$HERE /mnt; mount -t tmpfs none $d; [ $d = /tmp ] && mkdir -p $HERE && mount --rbind "
        "/mnt $HERE; mount -o remount,bind,ro $d; done; cd /",
    ),
    Machine("cache read-only", "cannot", "mount -t tmpfs -o ro none c"),
    Machine("cache read-only, full", "either", "mount --bind c c; mount -o remount,bind,ro c"),
    Machine("cache full", "cannot", "mount -t tmpfs -o size=64k none c", cold=True),
    Machine(
        "cache 5 MB",
        "either",
        "mount -t tmpfs -o size=5m none t2 2>/dev/null; mkdir t2;"
        " cp -a c/. t2; mount -t tmpfs -o size=29m none c; cp -a t2/. c",
        cold=True,
    ),
    Machine("cache few inodes", "cannot", "mount -t tmpfs -o nr_inodes=20 none c", cold=True),
    Machine("temp full", "cannot", "mount -t tmpfs -o size=4k none t"),
    Machine("temp few inodes", "cannot", "mount -t tmpfs -o nr_inodes=6 none t"),
    Machine("temp 300 kB, cold", "either", "mount -t tmpfs -o size=300k none t", cold=True),
    Machine("temp noatime nosuid", "works", "mount -t tmpfs -o noatime,nosuid,nodev none t"),
    Machine("HOME read-only", "works", "mount --bind h h; mount -o remount,bind,ro h"),
    Machine("no /dev/shm", "works", "umount /dev/shm"),
    Machine("no /dev", "either", "mount -t tmpfs none /dev"),
    Machine("no /sys", "works", "mount -t tmpfs none /sys"),
    Machine("no /proc", "cannot", "mount -t tmpfs none /proc"),
    Machine("another /proc", "cannot", 'exec unshare -pf "$@"'),
    Machine("another /proc, user", "cannot", 'exec unshare -pf "$@"', user=True),
    Machine("own /proc", "works", 'exec unshare -pf --mount-proc "$@"'),
    Machine("hidepid 2, user", "either", "mount -o remount,hidepid=2 /proc", user=True),
    Machine("proc subset", "either", "mount -t proc -o subset=pid none /proc"),
    Machine("proc read-only", "works", "mount --bind /proc /proc; mount -o remount,bind,ro /proc"),
)
PLACES = (
    Machine(
        "cache, blank",
        "works",
        "mv c 'a b'; export XDG_CACHE_HOME=\"$PWD/a b\"",
        cold=True,
    ),
    Machine(
        "cache, blank and quote",
        "cannot",
        'mv c \'a b"c\'; export XDG_CACHE_HOME="$PWD/a b\\"c"',
        cold=True,
    ),
    Machine(
        "cache, newline",
        "either",
        "mv c $'a\\nb'; export XDG_CACHE_HOME=$PWD/$'a\\nb'",
        cold=True,
    ),
    Machine(
        "cache, not UTF-8",
        "either",
        "mv c $'a\\xffb'; export XDG_CACHE_HOME=$PWD/$'a\\xffb'",
        cold=True,
    ),
    Machine(
        "cache, hash and colon",
        "either",
        "mv c 'a#b:c'; export XDG_CACHE_HOME=$PWD/a#b:c",
        cold=True,
    ),
    Machine(
        "cache, long path",
        "works",
        "p=$PWD/$(printf 'l%.0s' {1..200}); mv c $p; export XDG_CACHE_HOME=$p",
        cold=True,
    ),
    Machine("cache a file", "cannot", "touch f; export PARITY_CACHE_DIR=$PWD/f"),
    Machine("cache /dev/null", "cannot", "export PARITY_CACHE_DIR=/dev/null/x"),
    Machine("cache relative", "works", "export PARITY_CACHE_DIR=c/parity", cold=True),
    Machine(
        "TMPDIR, blank and quote",
        "cannot",
        'mv t \'a b"c\'; export TMPDIR="$PWD/a b\\"c"',
        cold=True,
    ),
    Machine(
        "TMPDIR, newline",
        "either",
        "mv t $'a\\nb'; export TMPDIR=$PWD/$'a\\nb'",
        cold=True,
    ),
    Machine("TMPDIR missing", "works", "export TMPDIR=/nowhere"),
    Machine("TMPDIR relative", "works", "export TMPDIR=t"),
    Machine("TMPDIR empty", "works", "export TMPDIR="),
    Machine("no HOME", "works", "unset HOME XDG_CACHE_HOME; export PARITY_CACHE_DIR=$PWD/c/parity"),
    Machine("no HOME, no cache", "either", "unset HOME XDG_CACHE_HOME", cold=True, online=True),
    Machine("HOME missing", "cannot", "unset XDG_CACHE_HOME; export HOME=/nowhere", user=True),
    Machine("cwd gone", "works", "mkdir d; cd d; rmdir ../d"),
)
NETWORK = (
    Machine("no loopback", "cannot", 'exec unshare -n "$@"'),
    Machine(
        "loopback alone", "works", 'exec unshare -n bash -c \'ip link set lo up; "$@"\' x "$@"'
    ),
    Machine(
        "loopback, no address",
        "cannot",
        'exec unshare -n bash -c \'ip link set lo up; ip addr flush dev lo; "$@"\' x "$@"',
    ),
    Machine(
        "no IPv6",
        "works",
        "exec unshare -n bash -c 'echo 1 >"
        ' /proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set lo up; "$@"\' x "$@"',
    ),
    Machine(
        "few ports",
        "either",
        "exec unshare -n bash -c 'ip link set lo up; echo 1024 1030 >"
        ' /proc/sys/net/ipv4/ip_local_port_range; "$@"\' x "$@"',
    ),
    Machine(
        "all ports ephemeral",
        "works",
        "exec unshare -n bash -c 'ip link set lo up; echo 1024 65535 >"
        ' /proc/sys/net/ipv4/ip_local_port_range; "$@"\' x "$@"',
    ),
    Machine(
        "no hosts, no DNS",
        "works",
        "mount --bind /dev/null /etc/hosts; mount --bind /dev/null /etc/resolv.conf",
    ),
    Machine("no passwd", "works", "mount --bind /dev/null /etc/passwd"),
)
REFUSED = (
    _refused("works", "newuser"),
    _refused("works", "newuser=ENOSPC"),
    _refused("cannot", "unshare,clone3"),  # no thread starts
    _refused("works", "unshare,clone3=ENOSYS"),
    _refused("works", "mount"),
    _refused("works", "mount_setattr=ENOSYS"),
    _refused("works", "pivot_root"),
    _refused("either", "prctl"),
    _refused("works", "prctl,newuser"),
    _refused("works", "pidfd_open=ENOSYS"),
    _refused("works", "setrlimit"),
    _refused("works", "prlimit64"),
    _refused("works", "setrlimit,prlimit64,newuser"),
    _refused("works", "seccomp,ptrace"),
    _refused("works", "netlink"),
    _refused("works", "netlink,newuser,prctl"),
    _refused("either", "setsid"),
    _refused("works", "getsid"),
    _refused("either", "flock=ENOLCK"),
    _refused("either", "epoll_create1=EMFILE"),
    _refused("either", "socketpair=EMFILE"),
    _refused("works", "copy_file_range,sendfile=EINVAL"),
    _refused("works", "memfd_create=ENOSYS"),
    _refused("either", "symlink,symlinkat"),
    _refused("works", "link=EPERM"),
    _refused("either", "chmod,fchmod,fchmodat"),
    _refused("either", "utimensat"),
    _refused("works", "close_range=ENOSYS"),
    _refused("works", "statx=ENOSYS"),
    _refused("either", "pipe2=EMFILE"),
)
AROUND = (
    Machine("user, pidns none", "works", "unshare -Ur true", user=True),
    Machine("user namespace", "works", 'exec unshare -Ur "$@"'),
    Machine("user namespace, no uid", "either", 'exec unshare -U "$@"'),
    Machine(
        "no namespaces",
        "works",
        'exec unshare -Ur bash -c \'echo 0 > /proc/sys/user/max_user_namespaces; "$@"\' x "$@"',
    ),
    Machine("env -i", "either", 'exec env -i "$@"', cold=True, online=True),
    Machine("TERM unset, LANG C", "works", "unset TERM; export LANG=C LC_ALL=C"),
    Machine("locale unknown", "works", "export LC_ALL=xx_YY.UTF-9 LANG=nowhere"),
    Machine("closed stdin", "works", 'exec "$@" <&-'),
    Machine("closed stdout", "works", 'exec "$@" >&-'),
    Machine("closed stderr", "works", 'exec "$@" 2>&-'),
    Machine("closed 0-2", "works", 'exec "$@" <&- >&- 2>&-'),
    Machine("stdout full", "either", 'exec "$@" >/dev/full'),
    Machine("umask 777", "works", "umask 777"),
    Machine("umask 777, cold", "works", "umask 777", cold=True),
    Machine("umask 777, user", "works", "umask 777", user=True),
    Machine("umask 777, cold, user", "works", "umask 777", cold=True, user=True),
    Machine("umask 000", "works", "umask 000"),
    Machine("PATH empty", "either", "export PATH="),
    Machine("PATH unset", "either", "unset PATH"),
    Machine("PATH relative", "works", "export PATH=.:bin:$PATH"),
    Machine("python -O", "works", "", python=("-O",)),
    Machine("python -OO", "works", "", python=("-OO",)),
    Machine("python -I", "works", "", python=("-I",)),
    Machine(
        "python utf8=0, LANG C",
        "works",
        "export LC_ALL=C PYTHONCOERCECLOCALE=0",
        python=("-X", "utf8=0"),
    ),
    Machine("python -W error", "works", "", python=("-W", "error")),
    Machine("python int limit 640", "works", "export PYTHONINTMAXSTRDIGITS=640"),
    Machine("TZ invalid", "works", "export TZ=Nowhere/None"),
    Machine(
        "clock of 1970",
        "either",
        "mount -t tmpfs none /dev/shm; exec faketime '1970-01-02 00:00:00' \"$@\"",
    ),
    Machine(
        "clock of 2040",
        "either",
        "mount -t tmpfs none /dev/shm; exec faketime '2040-01-02 00:00:00' \"$@\"",
    ),
    Machine(
        "clock runs fast",
        "either",
        "mount -t tmpfs none /dev/shm; exec faketime -f '+0 x20' \"$@\"",
    ),
    Machine(
        "wall clock frozen",
        "either",
        "mount -t tmpfs none /dev/shm; export FAKETIME_DONT_FAKE_MONOTONIC=1;"
        " exec faketime -f '2026-01-01 00:00:00' \"$@\"",
    ),
    Machine(
        "SIGCHLD ignored",
        "works",
        "exec python3 -c 'import os,signal,sys; signal.signal("
        'signal.SIGCHLD, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])\' "$@"',
    ),
    Machine(
        "signals blocked",
        "works",
        "exec python3 -c 'import os,signal,sys;"
        " signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals());"
        ' os.execvp(sys.argv[1], sys.argv[1:])\' "$@"',
    ),
    Machine("nohup, nice", "works", 'exec nohup nice -n 19 "$@"', slower=3),
    Machine("one core", "works", 'exec taskset -c 0 "$@"', slower=3),
    Machine("500 open files", "works", 'for n in {10..500}; do eval "exec $n</dev/null"; done'),
    Machine("big environment", "either", "export BIG=$(printf 'x%.0s' {1..130000})"),
)
MACHINES = (*LIMITS, *MOUNTS, *PLACES, *NETWORK, *REFUSED, *AROUND)
