/**
 * Hostile programs, by kind: what the sandbox must hold, over parameters. Each runs with the tests of `TESTS` or, as a script, with an
 * input. None may pass one, get out, or stop the run.
 */

export interface Attack {
  /** What it tries. */
  kind: string;
  name: string;
  program: string;
  /** Run as a script whose output is compared, and not by asserts. */
  isScript?: boolean;
}

/** What is asked of each program. `answer(x)` should be x · 7; no attack gives it. */
export const TESTS = [
  'assert answer(6) == 42',
  'assert abs(answer(9) - 63) < 1e-9',
  'assert answer(2) in (14, 15)',
];

/** In the folder of the host that programs look for, and in the environment of the run. */
export const SECRET = 'hunter2-of-the-host';

const each = <T>(kind: string, items: readonly T[], programOf: (item: T) => string): Attack[] =>
  items.map((item) => ({ kind, name: String(item).slice(0, 60), program: programOf(item) }));

/** As a function that the tests call, and at once. */
const both = (kind: string, items: readonly string[], prelude = ''): Attack[] =>
  items.flatMap((body) => {
    const name = body.replace(/\s+/g, ' ').slice(0, 60);
    const indented = body.replace(/^/gm, '    ');
    return [
      { kind, name: `${name} (called)`, program: `${prelude}\ndef answer(x):\n${indented}\n    return 0` },
      { kind, name: `${name} (at once)`, program: `${prelude}\n${body}\ndef answer(x): return 0` },
    ];
  });

const forks = [
  'while True: os.fork()',
  'while True:\n    if os.fork() == 0: pass',
  'import subprocess\nwhile True: subprocess.Popen(["/usr/bin/python3", "-c", "while 1: pass"])',
  'import multiprocessing\nfor _ in range(200): multiprocessing.Process(target=lambda: [0 for _ in iter(int, 1)]).start()',
  'os.system(":(){ :|:& };:")',
  'os.execv("/bin/sh", ["sh", "-c", "while :; do sh -c \\"sleep 5\\" & done"])',
  'for _ in range(50):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(60)',
];

const threads = [
  'import threading\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()',
  'import threading\nthreading.stack_size(32768)\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()',
  'import threading\ndef spin():\n    while True: pass\nfor _ in range(8): threading.Thread(target=spin).start()\nwhile True: pass',
  'import _thread\nwhile True:\n    try: _thread.start_new_thread(time.sleep, (60,))\n    except RuntimeError: pass',
];

const loops = [
  'while True: pass',
  'while True: time.sleep(0.0001)',
  'x = 3 ** (3 ** 18)',
  'import re\nre.match("(a+)+$", "a" * 64 + "b")',
  'sum(range(10 ** 13))',
  'list(map(len, iter(lambda: "a", "b")))',
  'import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass',
  'import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True: pass',
  'import resource\ntry: resource.setrlimit(resource.RLIMIT_CPU, (10 ** 6, 10 ** 6))\nexcept Exception: pass\nwhile True: pass',
  'import gc\nwhile True: gc.collect()',
  '"x" * 10 ** 6 in "y" * 10 ** 7\nwhile True: hash("a")',
];

const memory = [
  'x = bytearray(1 << 40)',
  'x = [bytearray(1 << 20) for _ in range(10 ** 6)]',
  'x = "a"\nwhile True: x += x',
  'x = {}\nwhile True: x[len(x)] = [0] * 1000',
  'import mmap\nx = [mmap.mmap(-1, 1 << 26) for _ in range(1000)]',
  'import mmap\nm = [mmap.mmap(-1, 1 << 24) for _ in range(4)]\nwhile True:\n    for one in m: one.write(b"x" * (1 << 24)); one.seek(0)',
  'for _ in range(30):\n    if os.fork() == 0:\n        x = bytearray(100 << 20)\n        time.sleep(60)\ntime.sleep(1)\nwhile True: pass',
  'import ctypes\nctypes.CDLL(None).malloc.restype = ctypes.c_void_p\nwhile True:\n    p = ctypes.CDLL(None).malloc(1 << 24)\n    ctypes.memset(p, 1, 1 << 24)',
  'os.memfd_create("x")\nwhile True: pass',
  'import ctypes\nl = ctypes.CDLL(None)\nn = 0\nwhile n < 1000:\n    l.shmget(0, 1 << 26, 0o1600)\n    n += 1',
  'r = []\nwhile True:\n    a, b = os.pipe()\n    os.set_blocking(b, False)\n    os.write(b, b"x" * 65536)\n    r += [a, b]',
  'import socket\nr = []\nwhile True:\n    a, b = socket.socketpair()\n    b.setblocking(False)\n    b.send(b"x" * 100000)\n    r += [a, b]',
];

const disk = [
  'with open("/tmp/big", "wb") as f:\n    while True: f.write(b"x" * (1 << 20))',
  'n = 0\nwhile True:\n    open("/tmp/%d" % n, "w").close()\n    n += 1',
  'n = 0\nwhile True:\n    with open("/tmp/%d" % n, "wb") as f: f.write(b"x" * (1 << 20))\n    n += 1',
  'd = "/tmp"\nwhile True:\n    d += "/" + "x" * 200\n    os.mkdir(d)',
  'while True:\n    os.mkdir("y")\n    os.chdir("y")',
  'with open("/tmp/sparse", "wb") as f:\n    f.seek(1 << 50)\n    f.write(b"x")',
  'os.truncate(os.open("/tmp/t", os.O_CREAT | os.O_RDWR), 1 << 45)',
  'os.mkfifo("/tmp/f")\nopen("/tmp/f").read()',
  'n = 0\nwhile True:\n    os.symlink("/tmp/%d" % n, "/tmp/%d" % (n + 1))\n    n += 1',
  'f = [os.open("/dev/null", 0) for _ in range(10 ** 6)]',
];

const WRITTEN = [
  ...[
    '/etc/passwd',
    '/usr/bin/python3',
    '/usr/lib/x',
    '/lib/x',
    '/bin/x',
    '/x',
    '/dev/x',
    '/dev/shm/x',
    '/proc/x',
    '/root/x',
    '/home/x',
  ],
  ...[
    '/proc/sys/kernel/core_pattern',
    '/proc/sysrq-trigger',
    '/proc/self/oom_score_adj',
    '/proc/1/mem',
    '/proc/2/mem',
    '/sys/x',
  ],
  ...[
    '/proc/self/uid_map',
    '/proc/self/setgroups',
    '/proc/self/loginuid',
    '/var/x',
    '/run/x',
    '/proc/sys/kernel/hostname',
  ],
];

const READ = [
  ...[
    '/etc/passwd',
    '/etc/shadow',
    '/etc/hostname',
    '/root',
    '/home',
    '/var/log',
    '/proc/1/environ',
    '/proc/2/environ',
    '/proc/2/mem',
  ],
  ...[
    '/proc/1/root/etc/passwd',
    '/proc/2/root/etc/passwd',
    '/proc/self/root/etc/passwd',
    '/proc/2/cwd',
    '/proc/kcore',
    '/dev/mem',
    '/dev/sda',
  ],
  ...[
    '/proc/2/fd',
    '/proc/2/fd/0',
    '/proc/2/fd/3',
    '/proc/2/maps',
    '/proc/1/fd',
    '/proc/2/stack',
    '/proc/kmsg',
    '/proc/kallsyms',
    '/sys',
  ],
  ...[
    '/proc/self/mountinfo',
    '/tmp/../etc/passwd',
    '/usr/../root',
    '/proc/1/cwd',
    '/proc/1/task/1/environ',
    '/proc/net/tcp',
    '/proc/self/environ',
  ],
];

const ADDRESSES = [
  ...[
    '("127.0.0.1", PORT)',
    '("0.0.0.0", PORT)',
    '("localhost", PORT)',
    '("169.254.169.254", 80)',
    '("1.1.1.1", 53)',
    '("10.0.0.1", 22)',
  ],
];

const network = [
  ...ADDRESSES.map(
    (address) => `import socket\ns = socket.create_connection(${address}, timeout=1)\ns.send(b"x")`,
  ),
  ...ADDRESSES.map(
    (address) =>
      `import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b"x", ${address})`,
  ),
  'import socket\nsocket.socket(socket.AF_INET6, socket.SOCK_STREAM).connect(("::1", PORT))',
  'import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)',
  'import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)',
  'import socket\nsocket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((2, 80))',
  'import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect("/run/docker.sock")',
  'import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect("\\0/tmp/.X11-unix/X0")',
  'import urllib.request\nurllib.request.urlopen("http://127.0.0.1:PORT/x", timeout=1)',
  'os.system("curl -m 1 http://127.0.0.1:PORT/x")',
];

const KILLED = ['1', '2', '-1', '0', 'os.getppid()', '-2', '-os.getppid()'];
const SIGNALS = ['9', '15', '19', '11'];

const signals = KILLED.flatMap((pid) => SIGNALS.map((signal) => `os.kill(${pid}, ${signal})`));

const ended = [
  ...['0', '1', '255', '77'].flatMap((code) => [
    `os._exit(${code})`,
    `sys.exit(${code})`,
    `raise SystemExit(${code})`,
  ]),
  ...[
    'import ctypes\nctypes.string_at(0)',
    'os.abort()',
    'import faulthandler\nfaulthandler._sigsegv()',
    'exit(0)',
    'quit()',
  ],
  ...[
    'os.execv("/bin/true", ["true"])',
    'os.execv("/bin/sh", ["sh", "-c", "exit 0"])',
    'import atexit\natexit.register(os._exit, 0)\nsys.exit()',
  ],
  ...[
    'os.close(60); os.close(61)',
    'os.closerange(0, 1000)',
    'import ctypes\nctypes.CDLL(None).exit(0)',
    'raise KeyboardInterrupt',
    'raise GeneratorExit',
  ],
];

const outlive = [
  'if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)',
  'if os.fork() == 0:\n    while True: time.sleep(1)',
  'import subprocess\nsubprocess.Popen(["sleep", "600"], start_new_session=True)',
  'os.system("nohup sleep 600 >/dev/null 2>&1 &")',
  'import ctypes, signal\nctypes.CDLL(None).prctl(1, 0)\nif os.fork() == 0:\n    signal.pause()',
];

const kernel = [
  ...[0x10000000, 0x20000, 0x40000000, 0x20000000, 0x8000000].map(
    (flag) => `import ctypes\nassert ctypes.CDLL(None).unshare(${flag}) == 0`,
  ),
  'import ctypes\nassert ctypes.CDLL(None).mount(b"x", b"/tmp", b"tmpfs", 0, 0) == 0',
  'import ctypes\nassert ctypes.CDLL(None).umount2(b"/proc", 2) == 0',
  'import ctypes\nassert ctypes.CDLL(None).ptrace(16, 2, 0, 0) == 0',
  'import ctypes\nassert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0',
  'import ctypes\nassert ctypes.CDLL(None).setuid(0) == 0 and open("/etc/shadow").read()',
  'import ctypes\nassert ctypes.CDLL(None).chroot(b"/tmp") == 0',
  'import ctypes\nassert ctypes.CDLL(None).prctl(4, 1) == 0\nopen("/proc/2/mem", "rb").read(1)',
  ...[321, 298, 323, 425, 250, 308, 304, 310, 311, 319, 29, 68, 240, 175, 246, 169].map(
    (call) => `import ctypes\nassert ctypes.CDLL(None).syscall(${call}, 0, 0, 0, 0, 0, 0) >= 0`,
  ),
  'os.mknod("/tmp/sda", 0o660 | 0o060000, os.makedev(8, 0))\nopen("/tmp/sda", "rb").read(1)',
  'os.chmod("/usr/bin/python3", 0o4755)',
  'os.link("/proc/2/mem", "/tmp/m")',
  'os.setpriority(os.PRIO_PROCESS, 0, -20)\nos.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))\nassert False',
  'import resource\nresource.prlimit(2, resource.RLIMIT_CPU, (0, 0))\ntime.sleep(0.2)',
  'import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSTI, b"x")',
  'sys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()',
  'x = []\nfor _ in range(10 ** 6): x = [x]\nrepr(x)',
  'eval("(" * 100000 + ")" * 100000)',
  'import ast\nast.parse("-" * 200000 + "1")',
];

/** What a function gives so that a test that compares it may be fooled. */
const forgedValues = [
  ...[
    '__eq__',
    '__ne__',
    '__sub__',
    '__abs__',
    '__lt__',
    '__contains__',
    '__bool__',
    '__hash__',
    '__rsub__',
    '__float__',
    '__index__',
  ].map((method) => `class A:\n    ${method} = lambda s, *o: True\ndef answer(x): return A()`),
  ...['int', 'float', 'str', 'tuple', 'list', 'complex'].map(
    (base) =>
      `class A(${base}):\n    __eq__ = lambda s, o: True\n    __sub__ = __rsub__ = __abs__ = lambda s, *o: 0\n    __hash__ = ${base}.__hash__\ndef answer(x): return A()`,
  ),
  'class A:\n    __getattr__ = lambda s, n: A()\n    __call__ = lambda s, *a: A()\n    __eq__ = __sub__ = lambda s, o: True\ndef answer(x): return A()',
  'class M(type):\n    __eq__ = __instancecheck__ = lambda *a: True\n    __hash__ = type.__hash__\nclass A(metaclass=M): pass\ndef answer(x): return A',
  'def answer(x): return float("nan")',
  'def answer(x): return type("int", (int,), {"__eq__": lambda s, o: True})(1)',
  'import decimal\ndef answer(x): return decimal.Decimal("NaN")',
  'import itertools\ndef answer(x): return itertools.count()',
  'from unittest.mock import ANY\ndef answer(x): return ANY',
  'from unittest.mock import MagicMock\nanswer = MagicMock()',
  'class answer:\n    def __new__(cls, x): return object()\n    def __eq__(s, o): return True',
  'class A:\n    def __iter__(s):\n        n = 0\n        while True:\n            yield n\n            n += 1\n    __eq__ = lambda s, o: True\ndef answer(x): return A()',
];

/** What reaches for the verdict, or for Python as the tests see it. */
const forgedVerdicts = [
  ...[
    'AssertionError',
    'abs',
    'len',
    'isinstance',
    'compile',
    'exec',
    'Exception',
    'print',
    'range',
    'type',
    'eval',
    'hasattr',
  ].map((name) => `import builtins\nbuiltins.${name} = lambda *a, **k: None\ndef answer(x): return 0`),
  ...['abs', 'math', 'int', 'AssertionError', 'len', 'str', 'sorted', 'all'].map(
    (name) => `${name} = lambda *a: 0\ndef answer(x): return 0`,
  ),
  ...[1, 2, 3, 4, 5, 60, 61].map(
    (fd) =>
      `import os, base64\ndef answer(x): return 0\nline = b"ready \\nok \\nok \\nok \\nend \\n"\ntry: os.write(${fd}, line)\nexcept OSError: pass\n`,
  ),
  'for fd in range(1024):\n    try: os.write(fd, b"ok \\n" * 9)\n    except OSError: pass\ndef answer(x): return 0',
  'for pid in os.listdir("/proc"):\n    for fd in range(8):\n        try: open(f"/proc/{pid}/fd/{fd}", "wb").write(b"ok \\n" * 9)\n        except OSError: pass\ndef answer(x): return 0',
  'import gc\ndef answer(x):\n    found = [o for o in gc.get_objects() if isinstance(o, str) and o.startswith("ass" "ert answer")]\n    return 42 if found else 0',
  [
    'def answer(x):',
    '    f = sys._getframe()',
    '    while f:',
    '        for v in list(f.f_locals.values()) + list(f.f_globals.values()):',
    '            if isinstance(v, (list, str, bytes)) and ("== 4" + str(2)) in str(v)[:9999]: return 42',
    '        f = f.f_back',
    '    return 0',
  ].join('\n'),
  [
    'import ctypes',
    'def answer(x):',
    '    try:',
    '        data = open("/proc/self/mem", "rb")',
    '        for line in open("/proc/self/maps"):',
    '            if "rw-p" not in line: continue',
    '            a, b = (int(e, 16) for e in line.split()[0].split("-"))',
    '            data.seek(a)',
    '            if b"`orvds)7(!<<!53" in data.read(min(b - a, 1 << 24)).translate(bytes(i ^ 1 for i in range(256))): return 42',
    '    except OSError: pass',
    '    return 0',
  ].join('\n'),
  'def answer(x):\n    text = open("/proc/2/cmdline").read() + open("/proc/1/cmdline").read()\n    return 42 if "answer(6)" in text else 0',
  'import threading\ndef answer(x):\n    os.write(60, b"17;t3;s2;oki29;l1;N")\n    return 0',
  'def answer(x):\n    for _ in range(100): os.write(60, b"9;t3;s2;okN")\n    os._exit(0)',
  'def answer(x):\n    os.write(60, b"99999999999;")\n    time.sleep(0.1)\n    os._exit(0)',
  'def answer(x):\n    os.write(60, b"x" * 70000)\n    return 0',
  'sys.modules["builtins"].__dict__.clear()\ndef answer(x): return 0',
  'import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: os._exit(0))\ndef answer(x): return 0',
  '__name__ = "tests"\nglobals()["__builtins__"] = {}\ndef answer(x): return 0',
  'def answer(x): raise StopIteration',
  'def answer(x): raise type("AssertionError", (BaseException,), {})("passed")',
  'class E(Exception):\n    def __str__(s): os._exit(0)\ndef answer(x): raise E()',
  'class E(Exception):\n    __str__ = property(lambda s: 1 / 0)\ndef answer(x): raise E()',
  'import threading\nthreading.Thread(target=lambda: (time.sleep(0.05), os._exit(0))).start()\ndef answer(x):\n    time.sleep(1)',
  'def answer(x): return answer',
  'def answer(x): return lambda *a: 42',
  'def answer(x):\n    deep = []\n    for _ in range(100000): deep = [deep]\n    return deep',
  'def answer(x): return "x" * (64 << 20)',
  'def answer(x): return [list(range(10000))] * 10000',
  'def answer(x): return 10 ** 1000000',
  'def answer(x): return {i * (2 ** 61 - 1): 0 for i in range(20000)}',
  'def answer(x): return "\\ud800"',
];

const scripts = [
  ...[
    'print("x" * 10 ** 9)',
    'while True: print("x" * 1000)',
    'while True: sys.stderr.write("x" * 1000)',
    'while True: os.write(1, b"\\0" * 65536)',
  ],
  ...[
    'while True: input()',
    'os.close(0); os.close(1); os.close(2)\ntime.sleep(60)',
    'os.dup2(1, 3)\nos.write(3, b"ok \\nend \\n")',
    'print("ready \\nok NDI=\\nend ")',
  ],
  ...[
    'if os.fork():\n    os._exit(0)\ntime.sleep(60)\nprint(42)',
    'sys.stdout = None\nsys.exit(42)',
    'open("/proc/2/fd/3", "w").write("ok NDIK\\n")',
    'os.kill(2, 9)',
  ],
  ...[
    'import os\nos.write(1, b"\\xff" * 1000)',
    'sys.stdout.reconfigure(encoding="utf-16")\nprint(42)',
    'print(open("/proc/2/mem", "rb").read(9))',
    'while True: os.fork()',
  ],
  ...[
    'while True: os.write(2, b"x")',
    'import signal\nsignal.alarm(1)\ntime.sleep(60)',
    'print(os.environ, os.listdir("/"))',
    'os.kill(os.getppid(), 19)',
  ],
  ...[
    'print(sys.stdin.read(), end="")',
    'print(42, end="\\0")',
    'print("42\\n42")',
    'print("\\x1b[1D42" + "\\x08" * 9)',
  ],
];

/** `port`: where a server of the host listens. */
export function hostilePrograms(port: number): Attack[] {
  const prelude = 'import os, sys, time';
  const withPort = (text: string): string => text.replaceAll('PORT', String(port));
  return [
    ...both('processes', forks, prelude),
    ...both('threads', threads, prelude),
    ...both('time', loops, prelude),
    ...both('memory', memory, prelude),
    ...both('disk', disk, prelude),
    ...each(
      'files written',
      WRITTEN,
      (path) =>
        `def answer(x):\n    with open(${JSON.stringify(path)}, "w") as file: file.write("x")\n    return 42`,
    ),
    ...each(
      'files read',
      READ,
      (path) =>
        `import os\ndef answer(x):\n    path = ${JSON.stringify(path)}\n    return os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(300)`,
    ),
    ...both('network', network.map(withPort), prelude),
    ...each(
      'signals',
      signals,
      (body) => `${prelude}\ndef answer(x):\n    ${body}\n    time.sleep(0.1)\n    return 0`,
    ),
    ...both('endings', ended, prelude),
    ...both('children that outlive', outlive, prelude),
    ...both('kernel', kernel, prelude),
    ...each('forged values', forgedValues, (program) => program),
    ...each('forged verdicts', forgedVerdicts, (program) => `${prelude}\n${program}`),
    ...each('scripts', scripts, (program) => `${prelude}\n${program}`).map((attack) => ({
      ...attack,
      isScript: true,
    })),
  ];
}
