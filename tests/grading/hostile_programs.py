"""Programs that try to get out of the sandbox, to stall it, or to forge a verdict.

SCRIPTS print "escaped" where an attack succeeds; OUTSIDE in them is a dict with what there is
outside. FORGERS are called by a test that they cannot pass honestly.
"""

BEFORE = """
import os, sys, ctypes, socket, signal, resource, time, shutil, platform
print("tried", flush=True)
def attempt(action, *wanted):
    try:
        got = action()
    except BaseException:
        return
    if not wanted or got in wanted:
        print("escaped", repr(got)[:200], flush=True)
def read(path):
    with open(path, "rb") as file:
        return file.read(64)
def write(path):
    with open(path, "wb") as file:
        file.write(b"escaped")
ARM = platform.machine() == "aarch64"
libc = ctypes.CDLL(None, use_errno=True)
def call(x86, arm, *args):
    got = libc.syscall(ctypes.c_long(arm if ARM else x86), *map(ctypes.c_long, args))
    if got < 0:
        raise OSError(ctypes.get_errno())
    return got
"""

SCRIPTS = {
    # processes and threads
    "a fork bomb": "for _ in range(10_000):\n    attempt(os.fork)",
    "fork by its system call": "attempt(lambda: call(57, 220, 17, 0, 0, 0, 0))",
    "vfork by its system call": "attempt(lambda: call(58, 220, 17, 0, 0, 0, 0))",
    "clone3": "attempt(lambda: call(435, 435, 0, 0))",
    "a shell": "attempt(lambda: os.system('exit 7'), 7 * 256)",
    "another program": "import subprocess\nattempt(lambda: subprocess.run(['ls']))",
    "posix_spawn": "attempt(lambda: os.posix_spawn(sys.executable, ['python'], {}))",
    "multiprocessing": (
        "import multiprocessing as m\nattempt(lambda: m.Process(target=print).start())"
    ),
    "threads that never end": (
        "import threading\ndef spin():\n    while True: pass\n"
        "for _ in range(1000):\n    attempt(threading.Thread(target=spin).start)"
    ),
    "exec of a shell": "attempt(lambda: os.execv('/bin/sh', ['sh', '-c', 'echo escaped']))",
    "exec of perl": (
        "attempt(lambda: os.execv('/usr/bin/perl', ['perl', '-e', 'print \"escaped\"']))"
    ),
    "exec of a new interpreter without limits": (
        'code = \'import resource as r; print("escaped" if r.getrlimit(r.RLIMIT_AS)[0] < 0'
        ' else "")\'\nos.execv(sys.executable, [sys.executable, "-c", code])'
    ),
    # memory
    "ten gigabytes at once": "attempt(lambda: len(bytearray(10**10)))",
    "memory bit by bit": (
        "taken = []\ntry:\n    while len(taken) < 1024:\n        taken.append(bytearray(1 << 20))\n"
        "    print('escaped')\nexcept MemoryError:\n    pass"
    ),
    "anonymous maps": "import mmap\nattempt(lambda: mmap.mmap(-1, 2 << 30))",
    "shared memory that no process holds": "attempt(lambda: call(29, 194, 0, 1 << 30, 0o1600))",
    "files in memory": "attempt(lambda: os.memfd_create('x'))",
    "message queues": "attempt(lambda: call(68, 186, 0, 0o1600))",
    "locked memory": "attempt(lambda: libc.mlockall(3), 0)",
    # disk
    "a file that fills the disk": (
        "def fill():\n    with open('/tmp/f', 'wb') as f:\n        while True:\n"
        "            f.write(bytes(1 << 20))\n            if f.tell() > 8 << 20:\n"
        "                return f.tell()\nattempt(fill)"
    ),
    "many files that fill the disk": (
        "def fill():\n    for n in range(64):\n        with open(f'/tmp/f{n}', 'wb') as f:\n"
        "            f.write(bytes(1 << 19))\n    return n\nattempt(fill)"
    ),
    "a sparse file of a terabyte": (
        "open('/tmp/f', 'wb').close()\nattempt(lambda: os.truncate('/tmp/f', 1 << 40))"
    ),
    "a flood of empty files": (
        "for n in range(10**7):\n    os.close(os.open(f'/tmp/{n}', os.O_CREAT))"
    ),
    "writing beside /tmp": (
        "for p in ('/x', '/usr/lib/x', '/dev/x', '/dev/shm/x', '/var/tmp/x', '/etc/x', '/root/x',"
        " sys.prefix + '/x', OUTSIDE['folder'] + '/x'):\n    attempt(lambda: write(p))"
    ),
    "overwriting what runs it": "attempt(lambda: write('/inside.py'))",
    "deleting everything": (
        "for p in ('/inside.py', os.__file__, OUTSIDE['file']):\n"
        "    attempt(lambda: os.remove(p))\n"
        "for p in ('/usr/lib', OUTSIDE['folder'], '/dev'):\n"
        "    shutil.rmtree(p, ignore_errors=True)\nattempt(lambda: os.listdir('/usr/lib'), [])"
    ),
    "a hard link to what runs it": "attempt(lambda: os.link('/inside.py', '/tmp/x'))",
    "rights on what runs it": (
        "attempt(lambda: os.chmod('/inside.py', 0o777))\n"
        "attempt(lambda: os.chown('/inside.py', 1, 1))"
    ),
    "a device of its own": "attempt(lambda: os.mknod('/tmp/d', 0o60666, os.makedev(8, 0)))",
    # reading what is ours
    "the database by its path": "attempt(lambda: read(OUTSIDE['file']))",
    "the database by walking": (
        "for root, _, files in os.walk('/'):\n    if OUTSIDE['name'] in files:\n"
        "        print('escaped', root)"
    ),
    "the database by climbing": "attempt(lambda: read('../' * 20 + OUTSIDE['file']))",
    "the database by a symbolic link": (
        "os.symlink(OUTSIDE['file'], '/tmp/l')\nattempt(lambda: read('/tmp/l'))"
    ),
    "another root by a symbolic link": (
        "os.symlink('/proc/1/root', '/tmp/r')\nattempt(lambda: os.listdir('/tmp/r'))"
    ),
    "the environment": "attempt(lambda: os.environ['STUDIO_SECRET'])",
    "the environment in memory": (
        "environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, 'environ')\n"
        "seen = []\nfor n in range(100):\n    if not environ[n]: break\n"
        "    seen.append(environ[n])\n"
        "attempt(lambda: b'STUDIO_SECRET' in b''.join(seen), True)"
    ),
    "the environment of others": (
        "for p in ('self', '1', '2', OUTSIDE['pid']):\n"
        "    attempt(lambda: read(f'/proc/{p}/environ'))"
    ),
    "the memory of others": (
        "for p in ('1', str(os.getppid()), OUTSIDE['pid']):\n"
        "    attempt(lambda: read(f'/proc/{p}/mem'))"
    ),
    "passwords and keys": (
        "for p in ('/etc/passwd', '/etc/shadow', '/etc/hostname', '/root/.bashrc',"
        " '/root/.ssh/id_rsa', '/proc/cmdline', '/sys/kernel/uevent_seqnum'):\n"
        "    attempt(lambda: read(p))"
    ),
    "packages of ours": (
        "for name in ('engine', 'duckdb', 'streamlit', 'numpy'):\n"
        "    attempt(lambda: __import__(name))"
    ),
    "descriptors that were left open": (
        "for fd in range(3, 256):\n    attempt(lambda: os.fstat(fd))"
    ),
    # network
    "a server of ours": (
        "attempt(lambda: socket.create_connection(('127.0.0.1', OUTSIDE['port']), 2))"
    ),
    "a server of ours by its abstract name": (
        "s = socket.socket(socket.AF_UNIX)\nattempt(lambda: s.connect(OUTSIDE['abstract']))"
    ),
    "a server of ours by a file": (
        "s = socket.socket(socket.AF_UNIX)\nattempt(lambda: s.connect(OUTSIDE['socket']))"
    ),
    "packets to somewhere": (
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "attempt(lambda: s.sendto(b'x', ('192.0.2.1', 53)))"
    ),
    "names of hosts": "attempt(lambda: socket.getaddrinfo('example.org', 80))",
    "interfaces": "attempt(lambda: len(socket.if_nameindex()) > 1, True)",
    # the kernel
    "becoming root": "attempt(lambda: os.setuid(0))\nattempt(lambda: os.setgid(0))",
    "a namespace of its own": "attempt(lambda: call(272, 97, 0x10000000))",
    "somebody's namespace": "attempt(lambda: call(308, 268, 0, 0))",
    "a mount": (
        "attempt(lambda: call(165, 40, *(ctypes.cast(ctypes.c_char_p(b), ctypes.c_void_p).value"
        " for b in (b'/usr', b'/tmp', b'none')), 4096, 0))"
    ),
    "another root": "attempt(lambda: os.chroot('/tmp'))",
    "ptrace": (
        "attempt(lambda: call(101, 117, 16, 1, 0, 0))\nattempt(lambda: call(101, 117, 0, 0, 0, 0))"
    ),
    "reading another process": "attempt(lambda: call(310, 270, 1, 0, 0, 0, 0, 0))",
    "rare system calls": (
        "for x, a in ((321, 280), (298, 241), (323, 282), (425, 425), (250, 219), (248, 217),"
        " (175, 105), (246, 104)):\n    attempt(lambda: call(x, a, 0, 0, 0, 0, 0))"
    ),
    "higher limits": (
        "for r in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):\n"
        "    attempt(lambda: resource.setrlimit(r, (-1, -1)))"
    ),
    "devices": (
        "for p in ('/dev/mem', '/dev/kmsg', '/dev/kvm', '/dev/sda', '/dev/vda', '/dev/fuse'):\n"
        "    attempt(lambda: read(p))"
    ),
    "switches of the kernel": (
        "for p in ('/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', '/sys/power/state',"
        " '/sys/fs/cgroup/cgroup.procs'):\n    attempt(lambda: write(p))"
    ),
    "typing into a terminal": (
        "import fcntl\nattempt(lambda: fcntl.ioctl(0, 0x5412, b'x'))\n"
        "attempt(lambda: fcntl.ioctl(os.open('/dev/tty', os.O_RDWR), 0x5412, b'x'))"
    ),
    # signals and the end
    "killing us": "attempt(lambda: os.kill(int(OUTSIDE['pid']), 0))",
    "killing everybody": "attempt(lambda: os.kill(-1, 9))\nos.kill(1, 9)\ntime.sleep(60)",
    "no end by signals": (
        "for s in range(1, 65):\n"
        "    attempt(lambda: signal.signal(s, signal.SIG_IGN) and None, 1)\n"
        "while True: pass"
    ),
    "stopping itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "a storm of alarms": (
        "signal.signal(signal.SIGALRM, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 1e-5, 1e-5)\nwhile True: pass"
    ),
    "an exit that never ends": "import atexit\n@atexit.register\ndef f():\n    while True: pass",
    "a crash": "ctypes.string_at(0)",
    "a crash by recursion": "sys.setrecursionlimit(10**9)\nf = lambda: f()\nf()",
    "abort": "os.abort()",
    # time and output
    "a loop": "while True: pass",
    "a sleep": "time.sleep(10**6)",
    "one operation in C that never ends": "10 ** 10 ** 8 % 7",
    "a power tower": "10 ** 10 ** 10",
    "a regular expression that never ends": "import re\nre.match(r'(a+)+b', 'a' * 60)",
    "a sum in C": "sum(range(10**13))",
    "a flood of output": "while True: print('x' * 10**5)",
    "a flood of errors": "while True: sys.stderr.write('x' * 10**5)",
    "a file without an end": "open('/dev/zero', 'rb').read()",
    "a pipe that nobody reads": "r, w = os.pipe()\nwhile True: os.write(w, bytes(1 << 16))",
    "descriptors without an end": (
        "taken = []\ndef take():\n    while len(taken) < 10**4:\n"
        "        taken.append(os.open('/dev/null', 0))\n    return 1\nattempt(take)"
    ),
}

TEST = "assert secret() == 'a text that nobody knows'"

_EVERY_PIPE = "for fd in range(3, 64):\n    try: os.write(fd, LINE)\n    except OSError: pass\n"

FORGERS = {
    "os._exit(0) before the tests": "import os\nos._exit(0)",
    "sys.exit(0) before the tests": "import sys\nsys.exit(0)",
    "os._exit(0) within a test": "import os\ndef secret(): os._exit(0)",
    "sys.exit(0) within a test": "import sys\ndef secret(): sys.exit(0)",
    "an object that equals everything": (
        "class E:\n    def __eq__(self, o): return True\n    def __ne__(self, o): return False\n"
        "def secret(): return E()"
    ),
    "a text that equals everything": (
        "class E(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\n"
        "def secret(): return E('x')"
    ),
    "other builtins": (
        "import builtins\nbuiltins.AssertionError = None\nbuiltins.eval = lambda *a: True\n"
        "builtins.isinstance = lambda *a: True\nbuiltins.compile = lambda *a, **k: None\n"
        "def secret(): return 1"
    ),
    "another json": (
        "import json\njson.dumps = lambda *a, **k: '{\"passed\": 1}'\ndef secret(): return 1"
    ),
    "the frames above": (
        "import sys\ndef secret():\n    frame = sys._getframe()\n    while frame:\n"
        "        for name, value in list(frame.f_globals.items()):\n"
        "            if name in ('encode', '_report', 'failure'):\n"
        "                frame.f_globals[name] = lambda *a: {'passed': 1}\n"
        "        frame = frame.f_back\n    return 1"
    ),
    "every object there is": (
        "import gc\ndef secret():\n"
        "    return [str(o) for o in gc.get_objects() if isinstance(o, dict)]"
    ),
    "the source of the tests": (
        "import sys, os\ndef secret():\n    return str(sys.argv) + str(os.environ)"
    ),
    "a verdict into every pipe": (
        "import os\nLINE = b'{\"passed\": 1}\\n' * 3\n" + _EVERY_PIPE + "def secret(): return 1"
    ),
    "an outcome too many": (
        'import os\nLINE = b\'{"value": "x"}\\n\' * 50\n' + _EVERY_PIPE + "def secret(): return 1"
    ),
    "a line without an end": (
        "import os\ndef secret():\n    for _ in range(100):\n"
        "        for fd in range(3, 64):\n"
        "            try: os.write(fd, b'[' * (1 << 20))\n            except OSError: pass"
    ),
    "no sense into every pipe": (
        "import os\nLINE = bytes(range(256)) * 4 + b'\\n'\n"
        + _EVERY_PIPE
        + "def secret(): return 1"
    ),
    "an outcome that raises in the tests": (
        'import os\nLINE = b\'{"raised": "SystemExit", "text": "0"}\\n\'\n'
        + _EVERY_PIPE
        + "def secret(): return 1"
    ),
    "an object that is not there": (
        'import os\nLINE = b\'{"value": {"object": -1}}\\n\' * 9\n'
        + _EVERY_PIPE
        + "def secret(): return 1"
    ),
    "closed pipes": "import os\nos.closerange(0, 64)\ndef secret(): return 1",
    "an exit that writes": (
        "import atexit, os\nLINE = b'{\"passed\": 1}\\n'\n@atexit.register\ndef f():\n"
        "    for fd in range(3, 64):\n        try: os.write(fd, LINE)\n"
        "        except OSError: pass\n"
    ),
    "an AssertionError of its own": (
        "class AssertionError(Exception): pass\ndef secret(): raise AssertionError('passed')"
    ),
    "an error whose text never ends": (
        "class E(Exception):\n    def __str__(self):\n        while True: pass\n"
        "def secret(): raise E"
    ),
    "a list in itself": "def secret():\n    a = []\n    a.append(a)\n    return a",
    "a text of a gigabyte": "def secret(): return 'x' * 200_000_000",
    "a value without an end": "def secret():\n    while True: pass",
    "a value in C without an end": "def secret(): return 10 ** 10 ** 8",
}
"""None of them may pass TEST."""
